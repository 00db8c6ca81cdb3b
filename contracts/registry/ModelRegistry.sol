// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IModelRegistry, OutputCommitment} from "../interfaces/IModelRegistry.sol";
import {IVerifierRegistry, Route, VerifierStatus} from "../interfaces/IVerifierRegistry.sol";

/// @title ModelRegistry
/// @notice See {IModelRegistry}.
contract ModelRegistry is IModelRegistry {
    struct Model {
        address owner;
        address pendingOwner;
    }

    /// One slot: parameters 160 | verifierId 32 | outputCommitment 8. The parameters are contract code (SSTORE2).
    struct Version {
        address parameters;
        uint32 verifierId;
        OutputCommitment outputCommitment;
    }

    /// One slot: latest 32 | current 32. `current` is `latest`, or 0 while the route is disabled.
    struct Counter {
        uint32 latest;
        uint32 current;
    }

    /// @notice The verifiers that routes may name.
    IVerifierRegistry public immutable verifiers;
    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 modelId => mapping(Route => Counter)) private _counters;
    mapping(bytes32 modelId => mapping(Route => mapping(uint32 version => Version))) private _versions;

    constructor(IVerifierRegistry verifiers_) {
        verifiers = verifiers_;
    }

    modifier onlyModelOwner(bytes32 modelId) {
        address owner = _models[modelId].owner;
        require(owner != address(0), ModelRegistry_UnknownModel(modelId));
        require(msg.sender == owner, ModelRegistry_Unauthorized(modelId, msg.sender));
        _;
    }

    /// @inheritdoc IModelRegistry
    function register(bytes32 contentHash, string calldata metadataURI) external returns (bytes32 modelId) {
        modelId = keccak256(abi.encode(msg.sender, contentHash));
        require(_models[modelId].owner == address(0), ModelRegistry_AlreadyRegistered(modelId));
        _models[modelId].owner = msg.sender;
        emit ModelRegistered(modelId, msg.sender, contentHash, metadataURI);
    }

    /// @inheritdoc IModelRegistry
    function transferModel(bytes32 modelId, address pendingOwner) external onlyModelOwner(modelId) {
        _models[modelId].pendingOwner = pendingOwner;
        emit ModelTransferStarted(modelId, msg.sender, pendingOwner);
    }

    /// @inheritdoc IModelRegistry
    function acceptModel(bytes32 modelId) external {
        Model memory model = _models[modelId];
        require(model.owner != address(0), ModelRegistry_UnknownModel(modelId));
        require(msg.sender == model.pendingOwner, ModelRegistry_Unauthorized(modelId, msg.sender));
        _models[modelId] = Model(msg.sender, address(0));
        emit ModelTransferred(modelId, model.owner, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function setRoute(
        bytes32 modelId,
        Route route,
        uint32 verifierId,
        OutputCommitment outputCommitment,
        bytes calldata parameters
    ) external onlyModelOwner(modelId) returns (uint32 version) {
        (, Route verifierRoute, VerifierStatus status) = verifiers.verifierOf(verifierId);
        require(
            verifierRoute == route && (status == VerifierStatus.ACTIVE || status == VerifierStatus.PENDING),
            ModelRegistry_UnusableVerifier(verifierId, route)
        );
        version = _counters[modelId][route].latest + 1;
        _counters[modelId][route] = Counter(version, version);
        _versions[modelId][route][version] = Version(SSTORE2.write(parameters), verifierId, outputCommitment);
        emit RouteSet(modelId, route, version, verifierId, outputCommitment, parameters);
    }

    /// @inheritdoc IModelRegistry
    function disableRoute(bytes32 modelId, Route route) external onlyModelOwner(modelId) {
        Counter storage counter = _counters[modelId][route];
        require(counter.current != 0, ModelRegistry_UnknownRoute(modelId, route, 0));
        counter.current = 0;
        emit RouteDisabled(modelId, route);
    }

    /// @inheritdoc IModelRegistry
    function ownerOf(bytes32 modelId) external view returns (address owner, address pendingOwner) {
        Model memory model = _models[modelId];
        return (model.owner, model.pendingOwner);
    }

    /// @inheritdoc IModelRegistry
    function currentRoute(
        bytes32 modelId,
        Route route
    ) external view returns (uint32 version, uint32 verifierId, OutputCommitment outputCommitment) {
        version = _counters[modelId][route].current;
        Version memory record = _versions[modelId][route][version];
        return (version, record.verifierId, record.outputCommitment);
    }

    /// @inheritdoc IModelRegistry
    function routeAt(
        bytes32 modelId,
        Route route,
        uint32 version
    ) external view returns (uint32 verifierId, OutputCommitment outputCommitment, bytes memory parameters) {
        Version memory record = _versions[modelId][route][version];
        require(record.parameters != address(0), ModelRegistry_UnknownRoute(modelId, route, version));
        return (record.verifierId, record.outputCommitment, SSTORE2.read(record.parameters));
    }
}
