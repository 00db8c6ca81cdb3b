// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ChannelConfig, IX402BatchSettlement, VoucherClaim} from "../interfaces/IX402BatchSettlement.sol";

/// @notice Pulls a deposit, by whatever the payer signed for it.
interface IDepositCollector {
    /// @notice Moves `amount` of the payer's `token` to x402's channel contract, which is the caller.
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata data) external;
}

/// @title X402StandIn
/// @notice Stands in for x402's channel contract in tests: the same interface, rules and EIP-712 domain, of our own making.
/// Put at x402's address, unmodified x402 clients pay it.
contract X402StandIn is IX402BatchSettlement, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev A withdrawal that was announced.
    struct Withdrawal {
        uint128 amount;
        uint40 initiatedAt;
    }

    /// @dev What is claimed for a receiver, and what of it was sent.
    struct Receiver {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    /// @dev A channel's money; claims do not lower `balance`.
    struct Money {
        uint128 balance;
        uint128 totalClaimed;
    }

    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 private constant REFUND_TYPEHASH = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 private constant ENTRY_TYPEHASH = keccak256(
        "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 private constant CLAIM_BATCH_TYPEHASH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );

    /// @notice The EIP-712 type of a channel's configuration.
    bytes32 public constant CHANNEL_CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
        "address token,uint40 withdrawDelay,bytes32 salt)"
    );

    /// @inheritdoc IX402BatchSettlement
    mapping(bytes32 channelId => Money) public channels;
    /// @notice How many refunds a channel has seen.
    mapping(bytes32 channelId => uint256) public refundNonce;
    /// @inheritdoc IX402BatchSettlement
    mapping(bytes32 channelId => Withdrawal) public pendingWithdrawals;
    /// @notice What receivers are owed.
    mapping(address receiver => mapping(address token => Receiver)) public receivers;

    /// @notice A deposit was made.
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);
    /// @notice A claim was made.
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed);
    /// @notice A receiver was sent what was claimed for it.
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    /// @notice A payer was refunded.
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);

    error InvalidChannel();
    error DepositCollectionFailed();
    error EmptyBatch();
    error NotAuthorizedToClaim();
    error NotAuthorizedToRefund();
    error ClaimExceedsCeiling();
    error ClaimExceedsBalance();
    error InvalidSignature();
    error InvalidRefundNonce();
    error WithdrawalNotReady();

    constructor() EIP712("x402 Batch Settlement", "1") {}

    /// @inheritdoc IX402BatchSettlement
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external nonReentrant {
        bool complete = config.payer != address(0) && config.receiver != address(0) && config.token != address(0);
        bool timely = config.withdrawDelay >= 15 minutes && config.withdrawDelay <= 30 days;
        require(complete && timely && config.receiverAuthorizer != address(0) && amount != 0, InvalidChannel());
        bytes32 channelId = getChannelId(config);
        uint128 balance = channels[channelId].balance += amount;

        uint256 held = IERC20(config.token).balanceOf(address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, channelId, collectorData);
        require(IERC20(config.token).balanceOf(address(this)) == held + amount, DepositCollectionFailed());
        emit Deposited(channelId, msg.sender, amount, balance);
    }

    /// @inheritdoc IX402BatchSettlement
    function claim(VoucherClaim[] calldata voucherClaims) external nonReentrant {
        require(voucherClaims.length != 0, EmptyBatch());
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            require(_isReceiverSide(voucherClaims[i].voucher.channel), NotAuthorizedToClaim());
            _claim(voucherClaims[i]);
        }
    }

    /// @notice {claim} by anyone, with a signature of the rows' receiverAuthorizer.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata signature) external nonReentrant {
        require(voucherClaims.length != 0, EmptyBatch());
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        _requireSigned(authorizer, getClaimBatchDigest(voucherClaims), signature);
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            require(voucherClaims[i].voucher.channel.receiverAuthorizer == authorizer, NotAuthorizedToClaim());
            _claim(voucherClaims[i]);
        }
    }

    /// @inheritdoc IX402BatchSettlement
    function settle(address receiver, address token) external nonReentrant {
        Receiver storage r = receivers[receiver][token];
        uint128 amount = r.totalClaimed - r.totalSettled;
        if (amount == 0) return;
        r.totalSettled = r.totalClaimed;
        IERC20(token).safeTransfer(receiver, amount);
        emit Settled(receiver, token, msg.sender, amount);
    }

    /// @inheritdoc IX402BatchSettlement
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        require(_isReceiverSide(config), NotAuthorizedToRefund());
        _refund(config, amount);
    }

    /// @notice {refund} by anyone, with a signature of the receiverAuthorizer.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata signature
    ) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        require(nonce == refundNonce[channelId], InvalidRefundNonce());
        _requireSigned(config.receiverAuthorizer, getRefundDigest(channelId, nonce, amount), signature);
        _refund(config, amount);
    }

    /// @notice Announces a withdrawal. The payer's side.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        bytes32 channelId = _requirePayerSide(config);
        Money memory money = channels[channelId];
        require(pendingWithdrawals[channelId].initiatedAt == 0, WithdrawalNotReady());
        require(amount != 0 && amount <= money.balance - money.totalClaimed, WithdrawalNotReady());
        pendingWithdrawals[channelId] = Withdrawal(amount, uint40(block.timestamp));
    }

    /// @notice Makes an announced withdrawal. The payer's side.
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        bytes32 channelId = _requirePayerSide(config);
        Withdrawal memory w = pendingWithdrawals[channelId];
        bool due = w.initiatedAt != 0 && block.timestamp >= w.initiatedAt + config.withdrawDelay;
        require(due, WithdrawalNotReady());
        delete pendingWithdrawals[channelId];
        Money storage money = channels[channelId];
        uint128 amount = uint128(Math.min(w.amount, money.balance - money.totalClaimed));
        money.balance -= amount;
        IERC20(config.token).safeTransfer(config.payer, amount);
    }

    /// @inheritdoc IX402BatchSettlement
    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CHANNEL_CONFIG_TYPEHASH, config)));
    }

    /// @notice What the payer's side signs.
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, maxClaimableAmount)));
    }

    /// @notice What the receiverAuthorizer signs for a refund.
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REFUND_TYPEHASH, channelId, nonce, amount)));
    }

    /// @notice What the receiverAuthorizer signs for a claim.
    function getClaimBatchDigest(VoucherClaim[] calldata claims) public view returns (bytes32) {
        bytes32[] memory entries = new bytes32[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            bytes32 channelId = getChannelId(claims[i].voucher.channel);
            uint128 ceiling = claims[i].voucher.maxClaimableAmount;
            entries[i] = keccak256(abi.encode(ENTRY_TYPEHASH, channelId, ceiling, claims[i].totalClaimed));
        }
        bytes32 root = keccak256(abi.encodePacked(entries));
        return _hashTypedDataV4(keccak256(abi.encode(CLAIM_BATCH_TYPEHASH, root)));
    }

    function _claim(VoucherClaim calldata row) private {
        ChannelConfig calldata config = row.voucher.channel;
        bytes32 channelId = getChannelId(config);
        Money storage money = channels[channelId];
        uint128 before = money.totalClaimed;
        if (row.totalClaimed <= before) return;
        require(row.totalClaimed <= row.voucher.maxClaimableAmount, ClaimExceedsCeiling());
        require(row.totalClaimed <= money.balance, ClaimExceedsBalance());

        bytes32 digest = getVoucherDigest(channelId, row.voucher.maxClaimableAmount);
        if (config.payerAuthorizer == address(0)) {
            _requireSigned(config.payer, digest, row.signature);
        } else {
            require(ECDSA.recoverCalldata(digest, row.signature) == config.payerAuthorizer, InvalidSignature());
        }

        money.totalClaimed = row.totalClaimed;
        receivers[config.receiver][config.token].totalClaimed += row.totalClaimed - before;
        emit Claimed(channelId, msg.sender, row.totalClaimed - before, row.totalClaimed);
    }

    function _refund(ChannelConfig calldata config, uint128 amount) private {
        bytes32 channelId = getChannelId(config);
        ++refundNonce[channelId];
        Money storage money = channels[channelId];
        uint128 refunded = uint128(Math.min(amount, money.balance - money.totalClaimed));
        if (refunded == 0) return;
        money.balance -= refunded;
        Withdrawal storage w = pendingWithdrawals[channelId];
        if (refunded >= w.amount) delete pendingWithdrawals[channelId];
        else w.amount -= refunded;
        emit Refunded(channelId, msg.sender, refunded);
        IERC20(config.token).safeTransfer(config.payer, refunded);
    }

    function _isReceiverSide(ChannelConfig calldata config) private view returns (bool) {
        return msg.sender == config.receiverAuthorizer || msg.sender == config.receiver;
    }

    function _requirePayerSide(ChannelConfig calldata config) private view returns (bytes32) {
        require(msg.sender == config.payer || msg.sender == config.payerAuthorizer, InvalidChannel());
        return getChannelId(config);
    }

    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) private view {
        require(SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature), InvalidSignature());
    }
}
