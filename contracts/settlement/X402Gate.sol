// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBatchLedger} from "../interfaces/IBatchLedger.sol";
import {INodeRegistry, Node} from "../interfaces/INodeRegistry.sol";
import {ChannelConfig, IX402BatchSettlement, VoucherClaim} from "../interfaces/IX402BatchSettlement.sol";
import {IX402Gate, X402RowFault} from "../interfaces/IX402Gate.sol";

/// @title X402Gate
/// @notice See {IX402Gate}. A clone, whose immutable arguments are node, model and route version.
contract X402Gate is IX402Gate {
    using SafeERC20 for IERC20;

    /// @dev keccak256("ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,
    /// address token,uint40 withdrawDelay,bytes32 salt)"), without the line break.
    bytes32 private constant CHANNEL_CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
        "address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    /// @dev The kinds of signers of {IX402Gate}'s rows.
    uint256 private constant PAYER_KEY = 0;
    uint256 private constant OTHER_KEY = 1;
    uint256 private constant PAYER_CONTRACT = 2;
    /// @dev Kind, payer, withdrawDelay, salt, ceiling, amount.
    uint256 private constant ROW_HEAD = 1 + 20 + 3 + 32 + 16 + 16;

    /// @dev What one row's claim may use: some 20,000 in x402, and the rest for an ERC-1271 payer's own check.
    uint256 private constant ROW_GAS = 300_000;
    /// @dev What is left of the gas has to be so much, that a row cannot fail because its call got less than ROW_GAS:
    /// 1/64 stays here.
    uint256 private constant ROW_GAS_NEEDED = (ROW_GAS * 64) / 63 + 5_000;

    /// @notice x402's channels.
    IX402BatchSettlement public immutable x402;
    /// @notice The nodes.
    INodeRegistry public immutable nodes;
    /// @notice Whose batches prove, and who gets the money, to credit it to the node.
    address public immutable batchSettlement;

    /// @inheritdoc IX402Gate
    mapping(bytes32 channelId => uint128) public provenOf;
    /// @inheritdoc IX402Gate
    mapping(address token => uint256) public unsettledOf;

    /// @param x402_ x402's channels.
    /// @param nodes_ The nodes.
    /// @param batchSettlement_ Whose batches prove.
    constructor(IX402BatchSettlement x402_, INodeRegistry nodes_, address batchSettlement_) {
        x402 = x402_;
        nodes = nodes_;
        batchSettlement = batchSettlement_;
    }

    /// @inheritdoc IBatchLedger
    function claimProven(bytes32 nodeId, address token, bytes calldata rows) external {
        _claim(nodeId, token, rows, true);
    }

    /// @inheritdoc IBatchLedger
    function claimUnpaid(bytes32 nodeId, address token, bytes calldata rows) external {
        _claim(nodeId, token, rows, false);
    }

    /// @inheritdoc IX402Gate
    function refund(ChannelConfig calldata config, uint128 amount) external returns (uint128 refunded) {
        (bytes32 nodeId, , ) = stream();
        Node memory node = nodes.nodeOf(nodeId);
        require(msg.sender == node.owner || msg.sender == node.signer, X402Gate_NotTheNode(nodeId, msg.sender));

        bytes32 channelId = x402.getChannelId(config);
        (uint128 balance, uint128 claimed) = x402.channels(channelId);
        uint256 rest = Math.saturatingSub(balance, Math.max(claimed, provenOf[channelId]));
        refunded = uint128(Math.min(amount, rest));
        require(refunded != 0, X402Gate_NothingToRefund(channelId));
        x402.refund(config, refunded);
    }

    /// @inheritdoc IX402Gate
    function stream() public view returns (bytes32 nodeId, bytes32 modelId, uint32 routeVersion) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (bytes32, bytes32, uint32));
    }

    /// @dev Every row stands for itself: its claim is a call of its own, which x402 may refuse.
    function _claim(bytes32 nodeId, address token, bytes calldata rows, bool proving) private {
        (bytes32 ownNodeId, , ) = stream();
        require(
            msg.sender == batchSettlement && nodeId == ownNodeId,
            X402Gate_NotTheBatchSettlement(msg.sender, nodeId)
        );

        VoucherClaim[] memory claims = new VoucherClaim[](1);
        ChannelConfig memory channel = claims[0].voucher.channel;
        channel.receiver = address(this);
        channel.receiverAuthorizer = address(this);
        channel.token = token;
        bytes32 domain = _x402Domain();

        uint256 drawn;
        uint256 index;
        for (uint256 offset = 0; offset != rows.length; ++index) {
            uint128 amount;
            (offset, amount) = _readRow(rows, offset, claims[0]);
            // Σ drawn ≤ Σ balances of one token in x402, each below 2^128.
            unchecked {
                drawn += _claimRow(claims, _channelId(domain, channel), index, proving ? amount : 0);
            }
        }
        _handOver(token, drawn);
    }

    /// @dev Claims what is payable of one channel.
    /// @return drawn What was claimed.
    function _claimRow(
        VoucherClaim[] memory claims,
        bytes32 channelId,
        uint256 index,
        uint128 amount
    ) private returns (uint128 drawn) {
        uint128 proven = provenOf[channelId];
        if (amount > type(uint128).max - proven) {
            emit X402RowNotPaid(channelId, index, X402RowFault.AMOUNT_TOO_LARGE, amount);
            return 0;
        }
        if (amount != 0) {
            // Checked above.
            unchecked {
                proven += amount;
            }
            provenOf[channelId] = proven;
        }

        VoucherClaim memory row = claims[0];
        uint128 ceiling = row.voucher.maxClaimableAmount;
        (uint128 balance, uint128 claimed) = x402.channels(channelId);
        uint128 payable_ = uint128(Math.min(proven, Math.min(ceiling, balance)));
        X402RowFault fault = balance < ceiling ? X402RowFault.LOW_BALANCE : X402RowFault.LOW_CEILING;
        if (payable_ > claimed) {
            row.totalClaimed = payable_;
            if (_tryClaim(claims)) {
                drawn = payable_ - claimed;
                claimed = payable_;
            } else {
                fault = X402RowFault.REFUSED;
            }
        }
        if (proven > claimed) emit X402RowNotPaid(channelId, index, fault, proven - claimed);
    }

    function _tryClaim(VoucherClaim[] memory claims) private returns (bool) {
        uint256 left = gasleft();
        require(left > ROW_GAS_NEEDED, X402Gate_GasTooLow(left, ROW_GAS_NEEDED));
        try x402.claim{gas: ROW_GAS}(claims) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Sends to the batch settlement exactly what was claimed. What x402 cannot send now blocks no batch.
    function _handOver(address token, uint256 drawn) private {
        uint256 unsettled = unsettledOf[token];
        uint256 amount = drawn + unsettled;
        if (amount == 0) return;
        try x402.settle(address(this), token) {
            if (unsettled != 0) unsettledOf[token] = 0;
            IERC20(token).safeTransfer(batchSettlement, amount);
        } catch {
            unsettledOf[token] = amount;
        }
    }

    /// @dev Reads the row at `offset` into `claim`.
    /// @return next Where the next row starts.
    /// @return amount What the row proves.
    function _readRow(
        bytes calldata rows,
        uint256 offset,
        VoucherClaim memory claim
    ) private pure returns (uint256 next, uint128 amount) {
        // No addition below can overflow: a calldata length is below 2^64, and what is added is small.
        unchecked {
            next = offset + ROW_HEAD;
            require(next <= rows.length, X402Gate_MalformedRows(offset));
            uint256 kind = uint8(rows[offset]);
            ChannelConfig memory channel = claim.voucher.channel;
            channel.payer = address(bytes20(_word(rows, offset + 1)));
            channel.withdrawDelay = uint24(bytes3(_word(rows, offset + 21)));
            channel.salt = _word(rows, offset + 24);
            claim.voucher.maxClaimableAmount = uint128(bytes16(_word(rows, offset + 56)));
            amount = uint128(bytes16(_word(rows, offset + 72)));

            if (kind == PAYER_CONTRACT) {
                channel.payerAuthorizer = address(0);
                uint256 signature = next + 2;
                next = signature + uint16(bytes2(_word(rows, next)));
                require(next <= rows.length, X402Gate_MalformedRows(offset));
                claim.signature = rows[signature:next];
                return (next, amount);
            }
            require(kind <= OTHER_KEY, X402Gate_MalformedRows(offset));
            if (kind == PAYER_KEY) {
                channel.payerAuthorizer = channel.payer;
            } else {
                channel.payerAuthorizer = address(bytes20(_word(rows, next)));
                next += 20;
            }
            bytes32 r = _word(rows, next);
            uint256 vs = uint256(_word(rows, next + 32));
            next += 64;
            require(next <= rows.length, X402Gate_MalformedRows(offset));
            claim.signature = abi.encodePacked(r, (vs << 1) >> 1, uint8(27 + (vs >> 255)));
        }
    }

    /// @dev The 32 bytes at `offset`; whatever follows the rows, or zeros, where they end: the caller checks the end.
    function _word(bytes calldata rows, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(rows.offset, offset))
        }
    }

    /// @dev The channel's id, as {IX402BatchSettlement-getChannelId} says it.
    function _channelId(bytes32 domain, ChannelConfig memory config) private pure returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(CHANNEL_CONFIG_TYPEHASH, config));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @dev x402's EIP-712 domain.
    function _x402Domain() private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    DOMAIN_TYPEHASH,
                    keccak256("x402 Batch Settlement"),
                    keccak256("1"),
                    block.chainid,
                    address(x402)
                )
            );
    }
}
