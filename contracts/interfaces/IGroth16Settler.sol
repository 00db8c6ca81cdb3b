// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Terms} from "./ISettlement.sol";

/// @title IGroth16Settler
/// @notice Settles many delivered requests of models with one Groth16 key in one transaction: their proofs are verified
/// together ({IGroth16Verifier-verifyBatch}), then each request is settled as {ISettlement-settle} does.
/// @dev Anyone may call; it has no privileges and holds nothing. What it gets wrong, the settlement refuses.
interface IGroth16Settler {
    /// @notice A delivered request and the proof of what was delivered.
    /// @param terms The request's terms.
    /// @param outputHash The delivered output hash.
    /// @param units The delivered units.
    /// @param proof A Groth16 proof, encoded as {IGroth16Verifier} says.
    struct Row {
        Terms terms;
        bytes32 outputHash;
        uint64 units;
        bytes proof;
    }

    /// @notice The settlement refused a row; the others are not touched by it.
    /// @param index The row's place in the call.
    /// @param requestId The EIP-712 digest of its terms.
    /// @param reason What the settlement reverted with, its first 100 bytes: a selector and three words hold every error of
    /// its own. A bad proof is `Settlement_InvalidProof`, and so is one under another key or for another verifier.
    event RowSkipped(uint256 indexed index, bytes32 indexed requestId, bytes reason);

    /// @notice The gas ended within a row, or is too little for its consumer's callback: nothing is settled, because
    /// nothing can be said of the row.
    error Groth16Settler_InsufficientGas(uint256 index);

    /// @notice Settles the rows that can be settled and skips the others, with an event for each.
    /// @dev Emits {RowSkipped}. Reverts with {Groth16Settler_InsufficientGas} or `Groth16_InsufficientGas` if gas is short,
    /// and on rows that are not ABI-encoded.
    /// @param keyId The verifying key of all rows. A row of a model with another key is skipped.
    /// @param rows The rows.
    /// @return settled For each row whether it was settled.
    function settleMany(bytes32 keyId, Row[] calldata rows) external returns (bool[] memory settled);
}
