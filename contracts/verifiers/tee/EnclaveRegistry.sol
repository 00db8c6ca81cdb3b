// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Enclave, IEnclaveRegistry, KeyFault} from "../../interfaces/IEnclaveRegistry.sol";
import {Attestation, INitroVerifier} from "../../interfaces/INitroVerifier.sol";
import {INodeRegistry, Node} from "../../interfaces/INodeRegistry.sol";

/// @title EnclaveRegistry
/// @notice Signing keys of attested enclaves, per node and with their history.
abstract contract EnclaveRegistry is IEnclaveRegistry, AccessManaged {
    uint256 private constant PCR_LENGTH = 48;
    uint256 private constant MILLISECONDS = 1000;
    /// @dev The prime of secp256k1's field: 2^256 − 2^32 − 977 (SEC 2, section 2.4.1).
    uint256 private constant SECP256K1_P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;

    /// @inheritdoc IEnclaveRegistry
    INodeRegistry public immutable nodes;
    /// @inheritdoc IEnclaveRegistry
    INitroVerifier public immutable verifier;
    /// @inheritdoc IEnclaveRegistry
    uint48 public immutable freshness;
    /// @inheritdoc IEnclaveRegistry
    uint48 public immutable futureSkew;
    /// @inheritdoc IEnclaveRegistry
    uint48 public immutable lifetime;

    /// An enclave takes two slots:
    /// | 0 | validUntil (48) | validFrom (48) | key (160) |
    /// | 1 | measurement (256)                           |
    mapping(bytes32 nodeId => mapping(uint256 index => Enclave)) internal _enclaves;
    /// @inheritdoc IEnclaveRegistry
    mapping(bytes32 nodeId => uint256) public attestationCount;
    /// @inheritdoc IEnclaveRegistry
    mapping(bytes32 measurement => bool) public isBanned;
    /// @inheritdoc IEnclaveRegistry
    mapping(bytes32 nodeId => mapping(address key => KeyFault)) public faultOf;
    /// From the earliest time that an emergency took from one of the node's keys to the latest; one slot.
    mapping(bytes32 nodeId => Span) internal _voided;

    struct Span {
        uint48 from;
        uint48 until;
    }

    /// @param manager The AccessManager that says who may revoke in an emergency and ban measurements.
    constructor(
        address manager,
        INodeRegistry nodes_,
        INitroVerifier verifier_,
        uint48 freshness_,
        uint48 futureSkew_,
        uint48 lifetime_
    ) AccessManaged(manager) {
        if (address(nodes_) == address(0) || address(verifier_) == address(0) || freshness_ == 0 || lifetime_ == 0) {
            revert EnclaveRegistry_ZeroParameter();
        }
        nodes = nodes_;
        verifier = verifier_;
        freshness = freshness_;
        futureSkew = futureSkew_;
        lifetime = lifetime_;
    }

    modifier onlyOperator(bytes32 nodeId) {
        _requireOperator(nodeId);
        _;
    }

    /// @inheritdoc IEnclaveRegistry
    function attest(
        bytes32 nodeId,
        bytes calldata document,
        bytes[] calldata hints
    ) external onlyOperator(nodeId) returns (uint256 index) {
        Attestation memory attestation = verifier.verify(document, hints);
        _requireFresh(attestation.timestamp);
        _requireBinding(nodeId, attestation);
        bytes32 measurement = _measurement(attestation);
        address key = _keyAddress(attestation.publicKey);
        _requireFaultless(nodeId, key);

        uint48 validFrom = SafeCast.toUint48(block.timestamp);
        uint48 validUntil = validFrom + lifetime;
        index = attestationCount[nodeId]++;
        _enclaves[nodeId][index] = Enclave(key, validFrom, validUntil, measurement);
        emit EnclaveAttested(
            nodeId,
            index,
            key,
            measurement,
            validFrom,
            validUntil,
            attestation.timestamp,
            attestation.moduleId
        );
    }

    /// @inheritdoc IEnclaveRegistry
    function revoke(bytes32 nodeId, uint256 index) external {
        if (faultOf[nodeId][_enclaves[nodeId][index].key] == KeyFault.NONE) _requireOperator(nodeId);
        _end(nodeId, index, SafeCast.toUint48(block.timestamp), false);
    }

    /// @inheritdoc IEnclaveRegistry
    function emergencyRevoke(bytes32 nodeId, uint256 index, uint48 since) external restricted {
        // Not later than now: an end in the future would be an announcement, not a revocation.
        uint48 now_ = SafeCast.toUint48(block.timestamp);
        if (since > now_) since = now_;
        Enclave memory former = _end(nodeId, index, since, true);
        _setFault(nodeId, former.key, KeyFault.COMPROMISED);

        // What was delivered in the time that the key lost is void; what comes later knows better than to use it.
        uint48 from = since > former.validFrom ? since : former.validFrom;
        uint48 until = now_ < former.validUntil ? now_ : former.validUntil;
        Span storage span = _voided[nodeId];
        if (span.until == 0 || from < span.from) span.from = from;
        if (until > span.until) span.until = until;
    }

    /// @inheritdoc IEnclaveRegistry
    function banMeasurement(bytes32 measurement) external restricted {
        isBanned[measurement] = true;
        emit MeasurementBanned(measurement);
    }

    /// @inheritdoc IEnclaveRegistry
    function enclaveAt(bytes32 nodeId, uint256 index) external view returns (Enclave memory) {
        return _enclaves[nodeId][index];
    }

    /// @inheritdoc IEnclaveRegistry
    function isKeyValidAt(bytes32 nodeId, address key, uint256 time) external view returns (bool) {
        for (uint256 i = attestationCount[nodeId]; i != 0; --i) {
            Enclave storage enclave = _enclaves[nodeId][i - 1];
            if (enclave.key == key && enclave.validFrom <= time && time < enclave.validUntil) return true;
        }
        return false;
    }

    /// @inheritdoc IEnclaveRegistry
    function expectedBinding(bytes32 nodeId) public view returns (bytes memory userData, bytes32 nonce) {
        userData = abi.encode(block.chainid, address(this), nodeId);
        nonce = keccak256(abi.encode(block.chainid, address(this), nodeId, attestationCount[nodeId]));
    }

    function _setFault(bytes32 nodeId, address key, KeyFault fault) internal {
        faultOf[nodeId][key] = fault;
        emit KeyFaulted(nodeId, key, fault);
    }

    function _end(
        bytes32 nodeId,
        uint256 index,
        uint48 validUntil,
        bool emergency
    ) internal returns (Enclave memory former) {
        if (index >= attestationCount[nodeId]) revert EnclaveRegistry_UnknownEnclave(nodeId, index);
        former = _enclaves[nodeId][index];
        if (former.validUntil <= validUntil) {
            revert EnclaveRegistry_AlreadyEnded(nodeId, index, former.validUntil);
        }
        _enclaves[nodeId][index].validUntil = validUntil;
        emit EnclaveRevoked(nodeId, index, validUntil, emergency);
    }

    function _requireOperator(bytes32 nodeId) private view {
        Node memory node = nodes.nodeOf(nodeId);
        if (msg.sender != node.owner && msg.sender != node.signer) {
            revert EnclaveRegistry_Unauthorized(nodeId, msg.sender);
        }
    }

    function _requireFaultless(bytes32 nodeId, address key) internal view {
        KeyFault fault = faultOf[nodeId][key];
        if (fault != KeyFault.NONE) revert EnclaveRegistry_FaultyKey(nodeId, key, fault);
    }

    /// @dev The document's time is in milliseconds; everything else here is in seconds.
    function _requireFresh(uint64 timestamp) private view {
        uint256 documentTime = timestamp / MILLISECONDS;
        if (documentTime > block.timestamp + futureSkew) {
            revert EnclaveRegistry_FromTheFuture(documentTime, block.timestamp, futureSkew);
        }
        if (documentTime + freshness < block.timestamp) {
            revert EnclaveRegistry_Stale(documentTime, block.timestamp, freshness);
        }
    }

    function _requireBinding(bytes32 nodeId, Attestation memory attestation) private view {
        (bytes memory userData, bytes32 nonce) = expectedBinding(nodeId);
        if (keccak256(attestation.userData) != keccak256(userData)) {
            revert EnclaveRegistry_WrongUserData(nodeId, attestation.userData);
        }
        if (attestation.nonce.length != 32 || bytes32(attestation.nonce) != nonce) {
            revert EnclaveRegistry_WrongNonce(nodeId, attestation.nonce);
        }
    }

    /// @dev keccak256(PCR0 ‖ PCR1 ‖ PCR2), each of which is present and not zero.
    function _measurement(Attestation memory attestation) private view returns (bytes32 measurement) {
        if (attestation.debug) revert EnclaveRegistry_DebugMode();
        bytes memory pcrs = attestation.pcrs;
        for (uint256 i; i < 3; ++i) {
            if ((attestation.pcrBitmap >> i) & 1 == 0) revert EnclaveRegistry_MissingMeasurement(i);
            uint256 bits;
            assembly ("memory-safe") {
                // Registers 0 to i are present, so they come first: at 48 i from the first byte.
                let pcr := add(add(pcrs, 0x20), mul(PCR_LENGTH, i))
                bits := or(mload(pcr), mload(add(pcr, 0x10)))
            }
            if (bits == 0) revert EnclaveRegistry_MissingMeasurement(i);
        }
        assembly ("memory-safe") {
            measurement := keccak256(add(pcrs, 0x20), mul(PCR_LENGTH, 3))
        }
        if (isBanned[measurement]) revert EnclaveRegistry_BannedMeasurement(measurement);
    }

    /// @dev The address of an uncompressed secp256k1 point (SEC 1, section 2.3.3): 4 ‖ x ‖ y, on y² = x³ + 7.
    function _keyAddress(bytes memory publicKey) private pure returns (address) {
        if (publicKey.length != 65 || publicKey[0] != 0x04) revert EnclaveRegistry_BadKey(publicKey);
        uint256 x;
        uint256 y;
        bytes32 digest;
        assembly ("memory-safe") {
            x := mload(add(publicKey, 0x21))
            y := mload(add(publicKey, 0x41))
            digest := keccak256(add(publicKey, 0x21), 0x40)
        }
        uint256 p = SECP256K1_P;
        if (x >= p || y >= p || mulmod(y, y, p) != addmod(mulmod(mulmod(x, x, p), x, p), 7, p)) {
            revert EnclaveRegistry_BadKey(publicKey);
        }
        return address(uint160(uint256(digest)));
    }
}
