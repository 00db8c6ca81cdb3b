// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The statement that a settlement proves: this node ran this model on this input and got this output.
/// @dev Hashed by EIP-712 as
/// `InferenceClaim(bytes32 requestId,bytes32 modelId,bytes32 nodeId,bytes32 inputHash,bytes32 outputHash,uint64 units)`.
/// @param requestId The EIP-712 hash of the request's terms: chain, contract, requester and prices are inside.
/// @param modelId The model that ran.
/// @param nodeId The node that ran it.
/// @param inputHash The commitment to the input, as the route defines it.
/// @param outputHash The commitment to the output, as the route defines it.
/// @param units What is metered (tokens, for a language model); fixed per model on ZK routes.
struct InferenceClaim {
    bytes32 requestId;
    bytes32 modelId;
    bytes32 nodeId;
    bytes32 inputHash;
    bytes32 outputHash;
    uint64 units;
}

/// @title IProofVerifier
/// @notice The one seam between money and cryptography: a route's verifier knows nothing of money, and the settlement
/// knows nothing of cryptography.
interface IProofVerifier {
    /// @notice Whether `proof` proves exactly `claim` under a model's `parameters`.
    /// @dev MUST NOT revert on a bad proof, a bad claim or malformed parameters: it returns false. MUST bind
    /// `claimHash`: a proof system that cannot carry it gets no route.
    /// @param claim The claim, for the parts of it that the proof commits to one by one.
    /// @param claimHash The EIP-712 digest of `claim` in the settlement's domain.
    /// @param claimedAt The block time, in seconds, at which the claim first came on chain. The validity of a key is
    /// judged at this time, never at one that the key itself signs.
    /// @param parameters The model's parameters for this route and version, as the model registry stores them.
    /// @param proof The proof, in the route's own encoding.
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool);

    /// @notice Whether an emergency revocation inside the proof system (of a key; not of this verifier as a whole) hit
    /// what a node's claims of that time depend on. A request that was delivered then and not settled is void: nobody
    /// is paid, and nobody is slashed.
    /// @dev MUST NOT revert, and MUST NOT be true by anything that an operator, a model's owner or a requester can do.
    /// @param nodeId The node that the claim names.
    /// @param claimedAt The block time, in seconds, at which the claim first came on chain.
    function isVoid(bytes32 nodeId, uint64 claimedAt) external view returns (bool);
}
