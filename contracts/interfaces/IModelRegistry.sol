// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Route} from "./IVerifierRegistry.sol";

/// @notice How a model's `outputHash` commits to its output, per route.
/// - OPAQUE: only whoever has the output and its salt can tell; an on-chain delivery is not possible.
/// - VALUE: `outputHash` is the output itself, as one word.
/// - KECCAK256: `outputHash` is the keccak256 hash of the output bytes.
enum OutputCommitment {
    OPAQUE,
    VALUE,
    KECCAK256
}

/// @title IModelRegistry
/// @notice Models, and the routes by which their inferences may be proven.
/// @dev `modelId = keccak256(abi.encode(owner, contentHash))` for the first owner, fixed for life. A route's
/// parameters are versioned; a version never changes, and a request names the version that it is proven under.
interface IModelRegistry {
    /// @notice A model was registered.
    event ModelRegistered(bytes32 indexed modelId, address indexed owner, bytes32 contentHash, string metadataURI);
    /// @notice The owner offered the model to `pendingOwner`.
    event ModelTransferStarted(bytes32 indexed modelId, address indexed owner, address indexed pendingOwner);
    /// @notice The model has a new owner. `modelId` stays.
    event ModelTransferred(bytes32 indexed modelId, address indexed previousOwner, address indexed owner);
    /// @notice A new version of a route is in force for requests from now on.
    event RouteSet(
        bytes32 indexed modelId,
        Route indexed route,
        uint32 indexed version,
        uint32 verifierId,
        OutputCommitment outputCommitment,
        bytes parameters
    );
    /// @notice No new request can use this route, until another version is set. Pending requests are not touched.
    event RouteDisabled(bytes32 indexed modelId, Route indexed route);

    /// @notice The owner has registered this content before.
    error ModelRegistry_AlreadyRegistered(bytes32 modelId);
    /// @notice There is no such model.
    error ModelRegistry_UnknownModel(bytes32 modelId);
    /// @notice The caller is neither the owner nor, where it is asked for, the pending owner.
    error ModelRegistry_Unauthorized(bytes32 modelId, address caller);
    /// @notice The verifier does not exist, is frozen or revoked, or serves another route.
    error ModelRegistry_UnusableVerifier(uint32 verifierId, Route route);
    /// @notice The route has no version, or none with this number.
    error ModelRegistry_UnknownRoute(bytes32 modelId, Route route, uint32 version);

    /// @notice Registers a model under the caller. Emits {ModelRegistered}.
    /// @param contentHash What identifies the model's content (weights and architecture) to its users.
    /// @param metadataURI Where to read about it; not interpreted.
    function register(bytes32 contentHash, string calldata metadataURI) external returns (bytes32 modelId);

    /// @notice Offers the model to `pendingOwner`, who has to accept. Owner only. Emits {ModelTransferStarted}.
    function transferModel(bytes32 modelId, address pendingOwner) external;

    /// @notice Takes over a model that was offered to the caller. Emits {ModelTransferred}.
    function acceptModel(bytes32 modelId) external;

    /// @notice Sets the next version of a route. Binds later requests only. Owner only. Emits {RouteSet}.
    /// @param verifierId The verifier, pending or active, of the same route.
    /// @param outputCommitment How `outputHash` commits to the output.
    /// @param parameters What the verifier needs to know of the model; its format is the verifier's.
    /// @return version The version's number, from 1.
    function setRoute(
        bytes32 modelId,
        Route route,
        uint32 verifierId,
        OutputCommitment outputCommitment,
        bytes calldata parameters
    ) external returns (uint32 version);

    /// @notice Takes a route out of use for new requests. Owner only. Emits {RouteDisabled}.
    function disableRoute(bytes32 modelId, Route route) external;

    /// @notice A model's owner and the owner-elect; zero if there is none.
    function ownerOf(bytes32 modelId) external view returns (address owner, address pendingOwner);

    /// @notice What a new request by this route has to name.
    /// @return version The version in force; 0 if the route cannot be used now.
    /// @return verifierId The verifier that it names.
    /// @return outputCommitment How `outputHash` commits to the output.
    function currentRoute(
        bytes32 modelId,
        Route route
    ) external view returns (uint32 version, uint32 verifierId, OutputCommitment outputCommitment);

    /// @notice A version of a route, in force or not.
    /// @dev Reverts with {ModelRegistry_UnknownRoute} if there is none.
    function routeAt(
        bytes32 modelId,
        Route route,
        uint32 version
    ) external view returns (uint32 verifierId, OutputCommitment outputCommitment, bytes memory parameters);
}
