// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBatchLedger} from "./IBatchLedger.sol";
import {ChannelConfig} from "./IX402BatchSettlement.sol";

/// @notice Why a row was not paid in full.
/// - AMOUNT_TOO_LARGE: the channel cannot count the amount. Nothing is recorded.
/// - LOW_CEILING: the voucher allows less than what is proven; the rest stays payable by a later voucher.
/// - LOW_BALANCE: the channel holds less than what is proven; the rest stays payable after a deposit.
/// - REFUSED: x402 refused the claim, as a rule for the voucher's signature; payable by a later voucher.
enum X402RowFault {
    NONE,
    AMOUNT_TOO_LARGE,
    LOW_CEILING,
    LOW_BALANCE,
    REFUSED
}

/// @title IX402Gate
/// @notice Lets an unmodified x402 client pay for proven inferences: `receiver` and `receiverAuthorizer` of its channels,
/// hence the only one that can claim from them, and it claims only what settled batches have proven:
/// `totalClaimed ≤ min(ceiling, proven, balance)`.
/// @dev One gate per node, model and version of the model's TEE route, made by {IX402Gates}: an x402 voucher names no model,
/// so the account that it pays must, or an operator could "prove" amounts by an image of its own.
///
/// Holds no money between transactions, but what x402 could not send it, and donations, which it never moves: it hands over
/// exactly what it has claimed. Whoever opens a channel to a gate with a receiverAuthorizer that is not the gate lets that
/// authorizer claim unproven; the node does not get such money either.
///
/// Reverts while x402 is in the middle of a call (a deposit, whose collector anybody chooses), in which no claim can succeed:
/// who settles from there could leave every row unpaid.
///
/// Rows are packed. 152 bytes if the payer signs vouchers by its own key:
///
/// | bytes | what |
/// | --- | --- |
/// | 1 | who signs: 0 the payer's key, 1 another key, 2 the payer, a contract (ERC-1271) |
/// | 20 | payer |
/// | 3 | withdrawDelay, seconds |
/// | 32 | salt |
/// | 16 | ceiling: the voucher's maxClaimableAmount |
/// | 16 | amount proven within the batch |
/// | 20 | if 1: the other key's address |
/// | 64 | if 0 or 1: signature r ‖ vs (EIP-2098) |
/// | 2 + n | if 2: length of the signature, and the signature |
///
/// Safety trusts x402's contract with the money in its own channels, and with nothing else. Liveness trusts it, too.
interface IX402Gate is IBatchLedger {
    /// @notice A row was not paid in full.
    /// @param channelId The x402 channel.
    /// @param index The row's place, from 0.
    /// @param missing What is proven and not claimed; for AMOUNT_TOO_LARGE the row's amount.
    event X402RowNotPaid(bytes32 indexed channelId, uint256 index, X402RowFault fault, uint128 missing);

    /// @notice Only the batch settlement calls this, for the gate's own node.
    error X402Gate_NotTheBatchSettlement(address caller, bytes32 nodeId);
    /// @notice The row that starts at byte `offset` is cut short, or names no kind of signer that there is.
    error X402Gate_MalformedRows(uint256 offset);
    /// @notice The transaction has too little gas left to try a row fairly: send at least `required` more.
    error X402Gate_GasTooLow(uint256 left, uint256 required);
    /// @notice Only the node's owner or signer may refund.
    error X402Gate_NotTheNode(bytes32 nodeId, address caller);
    /// @notice All that is left in the channel is proven, or there is nothing left.
    error X402Gate_NothingToRefund(bytes32 channelId);

    /// @notice Returns what is neither claimed nor proven of a channel to its payer, at once. The node's owner or signer.
    /// @dev Calls that no batch has proven yet are forgone.
    /// @param config The channel.
    /// @param amount In base units; more than there is means all of it.
    /// @return refunded What the payer got.
    function refund(ChannelConfig calldata config, uint128 amount) external returns (uint128 refunded);

    /// @notice What settled batches have proven of an x402 channel and was not claimed yet, for want of a balance or of a
    /// voucher with a higher ceiling; in base units of its token. What is proven in all is this and x402's `totalClaimed`.
    function unpaidOf(bytes32 channelId) external view returns (uint128);

    /// @notice What has been claimed and x402 could not send, in base units of the token; the next claim hands it over.
    function unsettledOf(address token) external view returns (uint256);

    /// @notice The gate's node, model and version of the model's TEE route.
    function stream() external view returns (bytes32 nodeId, bytes32 modelId, uint32 routeVersion);
}
