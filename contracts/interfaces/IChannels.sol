// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Permit} from "./ISettlement.sol";

/// @notice A payer's prepaid balance towards one node, for one model and version of its TEE route, in one token, drawn by
/// vouchers of one signer key.
/// @param payer Whose money it is; zero if there is no such channel.
/// @param withdrawalDelay Seconds from announcing a withdrawal to making it.
/// @param withdrawableAt When the announced withdrawal can be made, in seconds; zero if none is announced.
/// @param claimed What the node has drawn since the channel was opened, in base units.
/// @param balance What is left of the deposits.
/// @param unpaid What is proven and not yet drawn, for want of a balance or of a voucher with a higher ceiling.
struct Channel {
    address payer;
    uint32 withdrawalDelay;
    uint64 withdrawableAt;
    uint96 claimed;
    uint80 balance;
    uint80 unpaid;
}

/// @notice Why a row of a batch or claim was not paid in full.
/// - UNKNOWN_CHANNEL: the voucher's signature recovers to no channel's signer. Nothing is recorded.
/// - AMOUNT_TOO_LARGE: the channel cannot count the amount. Nothing is recorded.
/// - LOW_CEILING: the voucher allows less than what is proven; the rest stays payable by a later voucher.
/// - LOW_BALANCE: the channel holds less than what is proven; the rest stays payable after a deposit.
enum RowFault {
    NONE,
    UNKNOWN_CHANNEL,
    AMOUNT_TOO_LARGE,
    LOW_CEILING,
    LOW_BALANCE
}

/// @title IChannels
/// @notice Prepaid channels from payers to nodes. What leaves a channel for the node is at most what the payer signed for
/// and at most what settled batches have proven: `claimed ≤ min(ceiling, proven, deposited)`.
/// @dev A channel is found by its signer key, so that a row needs no other name for it:
/// `channelId = keccak256(abi.encode(nodeId, modelId, routeVersion, token, signer))`. A signer has one channel per node,
/// model, version of its TEE route and token, for one payer, for life: what one model has proven can never be drawn by a
/// voucher for another. The key is a plain secp256k1 key, always ecrecovered, whatever code its address has (EIP-7702); a smart
/// account names a session key.
///
/// A voucher is `Voucher(bytes32 nodeId,bytes32 modelId,uint32 routeVersion,address token,uint128 ceiling)`, EIP-712 in
/// the domain of this contract. It is cumulative: `ceiling` bounds all that the node draws in the channel's life, so a
/// replayed voucher draws nothing. It names the model and the version of its TEE route, hence the measurements that the
/// payer trusts: what an enclave of another kind proves cannot draw on it.
///
/// Rows are packed, 96 bytes each: the voucher's signature r ‖ vs (EIP-2098), ceiling (uint128), and the amount proven
/// within the batch (uint128).
///
/// An answer that was paid by a channel carries no compensation: the protection is that nothing unproven is paid.
interface IChannels {
    /// @notice A channel was opened.
    event ChannelOpened(
        bytes32 indexed channelId,
        bytes32 indexed nodeId,
        address indexed payer,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint32 withdrawalDelay
    );
    /// @notice A channel's balance grew by `amount`.
    event ChannelDeposited(bytes32 indexed channelId, address indexed from, uint128 amount);
    /// @notice The payer announced a withdrawal of what is left at `withdrawableAt` (seconds); zero takes it back.
    event ChannelWithdrawalAnnounced(bytes32 indexed channelId, uint64 withdrawableAt);
    /// @notice The payer withdrew all that was left.
    event ChannelWithdrawn(bytes32 indexed channelId, address indexed to, uint128 amount);
    /// @notice The node drew on channels.
    /// @param claims Packed, 32 bytes per row that is in this node's channels, in the rows' order: the signer (20 bytes)
    /// and what was drawn (uint96), which may be zero.
    event ChannelsClaimed(
        bytes32 indexed nodeId,
        bytes32 indexed modelId,
        address indexed token,
        uint32 routeVersion,
        bytes claims
    );
    /// @notice A row was not paid in full.
    /// @param channelId The channel that the row names, whether there is one or not.
    /// @param index The row's place, from 0.
    /// @param signer What the voucher's signature recovers to.
    /// @param missing What is proven and was not drawn: for UNKNOWN_CHANNEL and AMOUNT_TOO_LARGE the row's amount.
    event RowNotPaid(
        bytes32 indexed nodeId,
        bytes32 indexed channelId,
        address indexed signer,
        uint256 index,
        RowFault fault,
        uint128 missing
    );

    /// @notice There is no such channel, or the caller is not its payer.
    error Channels_NotThePayer(bytes32 channelId, address caller);
    /// @notice The signer has this channel already.
    error Channels_Exists(bytes32 channelId);
    /// @notice There is no such channel.
    error Channels_Unknown(bytes32 channelId);
    /// @notice The signer key has not agreed to serve this payer's channel.
    error Channels_BadConsent(address signer, address payer);
    /// @notice The withdrawal delay is out of its bounds. All in seconds.
    error Channels_DelayOutOfBounds(uint32 delay, uint32 shortest, uint32 longest);
    /// @notice The channel cannot count so much.
    error Channels_AmountTooLarge(uint256 amount);
    /// @notice The amount is zero.
    error Channels_ZeroAmount();
    /// @notice No withdrawal is announced, or it cannot be made before `withdrawableAt` (seconds; zero: none).
    error Channels_NotWithdrawable(bytes32 channelId, uint64 withdrawableAt);
    /// @notice Rows are 96 bytes each.
    error Channels_MalformedRows(uint256 length);

    // --- payers ---------------------------------------------------------------------------------------------------

    /// @notice Opens a channel for the caller and deposits into it. Emits {ChannelOpened} and {ChannelDeposited}.
    /// @dev Refused while new requests are paused, for a token that is not listed, and for a node that does not exist.
    /// @param signer The key that signs vouchers.
    /// @param withdrawalDelay Between {minWithdrawalDelay} and {maxWithdrawalDelay}. Nodes refuse channels whose delay is
    /// shorter than the interval of their batches.
    /// @param amount At least 1, in base units; allowance needed.
    /// @param consent The signer's EIP-712 signature (65 bytes) of
    /// `ChannelKey(bytes32 nodeId,bytes32 modelId,uint32 routeVersion,address token,address payer)`, so that nobody can occupy another's key; empty if the
    /// signer is the caller.
    function open(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint32 withdrawalDelay,
        uint128 amount,
        bytes calldata consent
    ) external returns (bytes32 channelId);

    /// @notice {open} with an ERC-2612 permit by the caller. A permit that was used already is no obstacle.
    function openWithPermit(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint32 withdrawalDelay,
        uint128 amount,
        bytes calldata consent,
        Permit calldata permit
    ) external returns (bytes32 channelId);

    /// @notice Adds the caller's money to a channel, whose payer owns it from then on. Anyone may.
    function deposit(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint128 amount
    ) external;

    /// @notice {deposit} with an ERC-2612 permit by the caller.
    function depositWithPermit(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint128 amount,
        Permit calldata permit
    ) external;

    /// @notice Announces the withdrawal of all that will be left after the channel's delay. Payer only.
    function announceWithdrawal(bytes32 channelId) external;

    /// @notice Takes an announced withdrawal back, so that the node serves the channel again. Payer only.
    function cancelWithdrawal(bytes32 channelId) external;

    /// @notice Sends all that is left to `to`, once the announced delay has passed. Payer only. Nothing can stop it.
    /// @dev The channel stays, and can be deposited into again: vouchers go on from where they were.
    function withdrawChannel(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        address to
    ) external returns (uint128 amount);

    // --- nodes ----------------------------------------------------------------------------------------------------

    /// @notice Draws what earlier batches have proven and could not draw, by vouchers with higher ceilings or after
    /// deposits. Anyone may; the money is the node's credit. The rows' amounts are ignored.
    function claim(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        bytes calldata rows
    ) external returns (uint256 paid);

    // --- reading --------------------------------------------------------------------------------------------------

    /// @notice A channel; all zero if there is none.
    function channelOf(bytes32 channelId) external view returns (Channel memory);

    /// @notice The name of a signer's channel.
    function channelIdOf(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer
    ) external pure returns (bytes32);

    /// @notice The EIP-712 digest that the channel's signer signs.
    function hashVoucher(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        uint128 ceiling
    ) external view returns (bytes32);

    /// @notice The EIP-712 digest by which a key agrees to sign for a payer's channel.
    function hashChannelKey(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address payer
    ) external view returns (bytes32);

    /// @notice The shortest withdrawal delay, in seconds.
    function minWithdrawalDelay() external view returns (uint32);

    /// @notice The longest withdrawal delay, in seconds.
    function maxWithdrawalDelay() external view returns (uint32);
}
