// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What names a channel of x402's `batch-settlement` scheme. Hashed by EIP-712 into the channel's id.
/// @param payer Whose money it is.
/// @param payerAuthorizer The key that signs vouchers, always ecrecovered; zero: the payer signs, ERC-1271 if it has code.
/// @param receiver Who is paid.
/// @param receiverAuthorizer Who may claim and refund besides the receiver.
/// @param token The ERC-20 token.
/// @param withdrawDelay Seconds from announcing a withdrawal to making it.
/// @param salt Tells apart channels that are otherwise equal.
struct ChannelConfig {
    address payer;
    address payerAuthorizer;
    address receiver;
    address receiverAuthorizer;
    address token;
    uint40 withdrawDelay;
    bytes32 salt;
}

/// @notice What the payer's side signs, cumulatively: EIP-712 `Voucher(bytes32 channelId,uint128 maxClaimableAmount)`.
struct Voucher {
    ChannelConfig channel;
    uint128 maxClaimableAmount;
}

/// @notice One row of a claim.
/// @param voucher What was signed.
/// @param signature The signature, 65 bytes from a key.
/// @param totalClaimed What the channel's claims add up to afterwards.
struct VoucherClaim {
    Voucher voucher;
    bytes signature;
    uint128 totalClaimed;
}

/// @title IX402BatchSettlement
/// @notice What we use of the channel contract of x402's `batch-settlement` scheme, as npm `@x402/evm` 2.27 describes it.
/// @dev EIP-712 domain: name "x402 Batch Settlement", version "1", chain, contract.
interface IX402BatchSettlement {
    /// @notice Deposits into a channel what `collector` pulls from the payer, by what the payer signed for it. Anyone may.
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external;

    /// @notice Claims for the caller, who must be the receiver or the receiverAuthorizer of every row. One bad row (a bad
    /// signature, more than the ceiling or the balance) reverts them all; a row that claims nothing new is skipped.
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice Sends what has been claimed for `receiver` and not yet sent, if there is any. Anyone may. Like every function
    /// that changes anything, it reverts within another one.
    function settle(address receiver, address token) external;

    /// @notice Returns unclaimed money to the payer, at most all of it. Receiver's side only.
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice A channel's money.
    /// @return balance Everything deposited less everything refunded and withdrawn: claims do not lower it.
    /// @return totalClaimed Everything claimed.
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);

    /// @notice The withdrawal that the payer's side announced.
    /// @return amount What it asked for.
    /// @return initiatedAt When, in seconds; zero if none is announced.
    function pendingWithdrawals(bytes32 channelId) external view returns (uint128 amount, uint40 initiatedAt);

    /// @notice The id of a channel: the EIP-712 digest of its configuration.
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);
}
