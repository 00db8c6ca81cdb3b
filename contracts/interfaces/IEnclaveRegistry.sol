// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {INitroVerifier} from "./INitroVerifier.sol";
import {INodeRegistry} from "./INodeRegistry.sol";

/// @notice Why a key proves no batch for its node any more, and cannot be attested for it again.
/// - NONE: it does.
/// - COMPROMISED: an attestation of it was ended in an emergency. What it signed says nothing about the node.
/// - EQUIVOCATED: it signed two batches for one inference.
enum KeyFault {
    NONE,
    COMPROMISED,
    EQUIVOCATED
}

/// @notice One attestation of an enclave's signing key. Never overwritten; only its end may move to earlier.
/// @param key The address of the enclave's secp256k1 key.
/// @param validFrom The first second at which the key is valid: the block time of the attestation.
/// @param validUntil The first second at which it is no longer valid.
/// @param measurement keccak256(PCR0 ‖ PCR1 ‖ PCR2), 48 bytes each: the image that the enclave runs.
struct Enclave {
    address key;
    uint48 validFrom;
    uint48 validUntil;
    bytes32 measurement;
}

/// @title IEnclaveRegistry
/// @notice Signing keys of attested enclaves, per node and with their history: whether a key was valid at a past block
/// time stays answerable for ever.
/// @dev An attestation document counts for one node, once: its `user_data` is `abi.encode(chainId, registry, nodeId)`
/// and its `nonce` is `keccak256(abi.encode(chainId, registry, nodeId, attestationCount(nodeId)))`. Its `public_key` is
/// the key's uncompressed point, 65 bytes. Keys of different nodes are independent of each other, so no operator can
/// take another's key or place. Renewing is attesting again.
///
/// It trusts the verifier's root to certify only enclaves, and the image that a measurement names to keep its key to
/// itself; which measurements deserve that is for models to say (see {ITeeVerifier}).
interface IEnclaveRegistry {
    /// @notice An enclave's key was attested for a node, as its attestation number `index`.
    /// @param timestamp When the document was made, in Unix time and milliseconds.
    event EnclaveAttested(
        bytes32 indexed nodeId,
        uint256 indexed index,
        address indexed key,
        bytes32 measurement,
        uint48 validFrom,
        uint48 validUntil,
        uint64 timestamp,
        string moduleId
    );
    /// @notice An attestation now ends at `validUntil`. In an emergency that may lie in the past.
    event EnclaveRevoked(bytes32 indexed nodeId, uint256 indexed index, uint48 validUntil, bool emergency);
    /// @notice A key is faulty for a node from now on.
    event KeyFaulted(bytes32 indexed nodeId, address indexed key, KeyFault fault);
    /// @notice No enclave with this measurement can be attested any more.
    event MeasurementBanned(bytes32 indexed measurement);

    /// @notice A constructor argument is zero.
    error EnclaveRegistry_ZeroParameter();
    /// @notice The caller is neither the node's owner nor its signer.
    error EnclaveRegistry_Unauthorized(bytes32 nodeId, address caller);
    /// @notice The document's user data does not bind this chain, registry and node.
    error EnclaveRegistry_WrongUserData(bytes32 nodeId, bytes userData);
    /// @notice The document's nonce is not the one for the node's next attestation.
    error EnclaveRegistry_WrongNonce(bytes32 nodeId, bytes nonce);
    /// @notice The document was made at `documentTime`, longer ago than `freshness`. All in seconds.
    error EnclaveRegistry_Stale(uint256 documentTime, uint256 time, uint256 freshness);
    /// @notice The document was made at `documentTime`, more than `futureSkew` ahead. All in seconds.
    error EnclaveRegistry_FromTheFuture(uint256 documentTime, uint256 time, uint256 futureSkew);
    /// @notice The enclave ran in debug mode.
    error EnclaveRegistry_DebugMode();
    /// @notice Register `index`, which is part of the measurement, is absent or zero.
    error EnclaveRegistry_MissingMeasurement(uint256 index);
    /// @notice The measurement is banned.
    error EnclaveRegistry_BannedMeasurement(bytes32 measurement);
    /// @notice The document's public key is not an uncompressed point on secp256k1.
    error EnclaveRegistry_BadKey(bytes publicKey);
    /// @notice The node has no attestation with this number.
    error EnclaveRegistry_UnknownEnclave(bytes32 nodeId, uint256 index);
    /// @notice The key is faulty for this node.
    error EnclaveRegistry_FaultyKey(bytes32 nodeId, address key, KeyFault fault);
    /// @notice The caller is not an active module of the node registry.
    error EnclaveRegistry_NotAModule(address caller);
    /// @notice The attestation ends at `validUntil` already; revoking cannot make it last longer.
    error EnclaveRegistry_AlreadyEnded(bytes32 nodeId, uint256 index, uint48 validUntil);

    /// @notice Verifies an attestation document and registers its key for the node, valid from this block's time for
    /// `lifetime` seconds. Owner or signer of the node.
    /// @dev Reverts with this interface's errors, or with the verifier's.
    /// @param nodeId The node.
    /// @param document The attestation document.
    /// @param hints Hints for its signatures (see {ICertificateCache}).
    /// @return index The attestation's number, from 0, in the node's history.
    function attest(bytes32 nodeId, bytes calldata document, bytes[] calldata hints) external returns (uint256 index);

    /// @notice Ends an attestation at this block's time. Owner or signer of the node; anyone, if the key is faulty. What
    /// the key was valid for before stays valid.
    function revoke(bytes32 nodeId, uint256 index) external;

    /// @notice Ends an attestation at `since`, which may lie in the past, down to never having been valid: for a key
    /// that is known to be compromised, and faulty from then on. Restricted. What the node delivered in the time that the key lost is void
    /// ({IProofVerifier-isVoid}), whichever key it was for.
    /// @param since Unix time in seconds; not after this block's time.
    function emergencyRevoke(bytes32 nodeId, uint256 index, uint48 since) external;

    /// @notice Refuses further attestations of an image that is known to be broken, for ever. Restricted. Those that
    /// stand are ended by {emergencyRevoke}.
    function banMeasurement(bytes32 measurement) external;

    /// @notice What the node's next attestation document has to carry.
    function expectedBinding(bytes32 nodeId) external view returns (bytes memory userData, bytes32 nonce);

    /// @notice How many attestations the node has had.
    function attestationCount(bytes32 nodeId) external view returns (uint256);

    /// @notice An attestation of the node; all zero when there is none with this number.
    function enclaveAt(bytes32 nodeId, uint256 index) external view returns (Enclave memory);

    /// @notice Whether `key` was valid for the node at `time`, Unix time in seconds, as is known now.
    function isKeyValidAt(bytes32 nodeId, address key, uint256 time) external view returns (bool);

    /// @notice What is wrong with a key of the node.
    function faultOf(bytes32 nodeId, address key) external view returns (KeyFault);

    /// @notice Whether the measurement is banned.
    function isBanned(bytes32 measurement) external view returns (bool);

    /// @notice The verifier of documents, and with it the root that is trusted.
    function verifier() external view returns (INitroVerifier);

    /// @notice The registry of the nodes that keys are registered for.
    function nodes() external view returns (INodeRegistry);

    /// @notice How old a document may be, in seconds.
    function freshness() external view returns (uint48);

    /// @notice How far ahead of the block's time a document may be, in seconds.
    function futureSkew() external view returns (uint48);

    /// @notice How long an attestation lasts, in seconds.
    function lifetime() external view returns (uint48);
}
