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
}
