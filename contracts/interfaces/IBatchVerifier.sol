// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBatchVerifier
/// @notice The seam for proof systems that sign for many inferences at once. It stands beside {IProofVerifier} instead of
/// reusing it: a proof of one inference must never pass for a proof of a batch.
interface IBatchVerifier {
    /// @notice Whether `key` signed `digest` and is attested for the node, with a measurement that the model trusts, at
    /// `claimedAt`.
    /// @dev MUST NOT revert on a bad proof or malformed parameters: it returns false.
    /// @param nodeId The node that the key is attested for.
    /// @param key The enclave's signing key.
    /// @param digest The EIP-712 digest of the batch.
    /// @param claimedAt The block time, in seconds, at which the batch came on chain.
    /// @param parameters The model's parameters for its route and version, as the model registry stores them.
    /// @param proof The proof, in the route's own encoding (see {ITeeVerifier}).
    function verifyBatch(
        bytes32 nodeId,
        address key,
        bytes32 digest,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool);

    /// @notice Whether `key` signed `digest` and is attested for the node, at whatever time: what an equivocation is shown by.
    /// @dev MUST NOT revert on a bad proof: it returns false.
    /// @return signed Whether it did.
    /// @return validUntil The first second at which the attestation that the proof names is no longer valid.
    function isSignedBy(
        bytes32 nodeId,
        address key,
        bytes32 digest,
        bytes calldata proof
    ) external view returns (bool signed, uint64 validUntil);

    /// @notice Declares a key of a node that signed two batches for one inference faulty, for ever, and ends the attestation
    /// that the proof names. Modules of the node registry only.
    /// @dev Reverts with {IEnclaveRegistry-EnclaveRegistry_FaultyKey} if the key is faulty already: nothing is punished twice,
    /// and nobody is punished for what a thief of the key signed.
    /// @param proof A proof for which {isSignedBy} is true.
    function revokeEquivocator(bytes32 nodeId, bytes calldata proof) external;
}
