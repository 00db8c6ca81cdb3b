// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBatchLedger
/// @notice Where the payers of a batch keep their money, if not in the batch settlement's own channels: a node's gate to
/// another protocol's channels. It claims what the batch proves, and hands the money over.
/// @dev Both functions are for the batch settlement only, which credits the node with what it received, by balance
/// difference. A bad row is skipped and reported; it never blocks the rest.
interface IBatchLedger {
    /// @notice Records what the rows prove, claims what is payable now, and transfers it to the batch settlement.
    /// @param nodeId The node that the batch is of.
    /// @param token The token of the batch.
    /// @param rows The rows, in the ledger's own encoding; the enclave signed their hash.
    function claimProven(bytes32 nodeId, address token, bytes calldata rows) external;

    /// @notice Claims what earlier batches have proven and could not claim, by vouchers with higher ceilings or after
    /// deposits, and transfers it to the batch settlement. Records nothing: the rows' amounts are ignored.
    /// @param nodeId The node.
    /// @param token The token.
    /// @param rows The rows, in the ledger's own encoding; nobody has signed them as a whole.
    function claimUnpaid(bytes32 nodeId, address token, bytes calldata rows) external;
}
