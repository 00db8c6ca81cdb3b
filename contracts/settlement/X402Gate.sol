// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBatchLedger} from "../interfaces/IBatchLedger.sol";
import {INodeRegistry, Node} from "../interfaces/INodeRegistry.sol";
import {ChannelConfig, IX402BatchSettlement} from "../interfaces/IX402BatchSettlement.sol";
import {IX402Gate, X402RowFault} from "../interfaces/IX402Gate.sol";

/// @title X402Gate
/// @notice See {IX402Gate}. A clone, whose immutable arguments are node, model and route version.
contract X402Gate is IX402Gate {
    using SafeERC20 for IERC20;

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

    /// @dev Where the words of a row are, in bytes from its start; see {_newRow}.
    uint256 private constant PAYER = 0x60;
    uint256 private constant PAYER_AUTHORIZER = 0x80;
    uint256 private constant RECEIVER = 0xa0;
    uint256 private constant RECEIVER_AUTHORIZER = 0xc0;
    uint256 private constant TOKEN = 0xe0;
    uint256 private constant WITHDRAW_DELAY = 0x100;
    uint256 private constant SALT = 0x120;
    uint256 private constant CEILING = 0x140;
    uint256 private constant SIGNATURE_OFFSET = 0x160;
    uint256 private constant TOTAL_CLAIMED = 0x180;
    /// @dev The signature's length, and the signature.
    uint256 private constant SIGNATURE = 0x1a0;

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
    mapping(bytes32 channelId => uint128) public unpaidOf;
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
        uint256 rest = Math.saturatingSub(balance, uint256(claimed) + unpaidOf[channelId]);
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

        // Does nothing, unless x402 is in the middle of a call, in which it would refuse every claim: then it reverts. Anyone
        // can settle a batch out of a deposit, where x402 calls a collector of the depositor's choice.
        x402.settle(address(this), address(0));

        bytes32 domain = _x402Domain();
        uint256 row = _newRow(token, rows.length);
        uint256 drawn;
        uint256 index;
        for (uint256 offset = 0; offset != rows.length; ++index) {
            uint256 amount;
            (offset, amount) = _readRow(rows, offset, row);
            // Σ drawn ≤ Σ balances of one token in x402, each below 2^128.
            unchecked {
                drawn += _claimRow(row, _channelIdOf(domain, row), index, proving ? amount : 0);
            }
        }
        _handOver(token, drawn);
    }

    /// @dev Claims what is payable of one channel: of what is proven now or was left unpaid, as much as the voucher allows
    /// and the channel holds. `totalClaimed` counts this gate's claims only, since nobody else can make one.
    /// @return drawn What was claimed.
    function _claimRow(uint256 row, bytes32 channelId, uint256 index, uint256 amount) private returns (uint256 drawn) {
        (uint256 balance, uint256 claimed) = x402.channels(channelId);
        uint256 before = unpaidOf[channelId];
        // Each is below 2^128.
        uint256 proven;
        unchecked {
            proven = claimed + before + amount;
        }
        if (proven > type(uint128).max) {
            emit X402RowNotPaid(channelId, index, X402RowFault.AMOUNT_TOO_LARGE, uint128(amount));
            return 0;
        }

        uint256 ceiling = _get(row, CEILING);
        uint256 total = Math.min(proven, Math.min(ceiling, balance));
        X402RowFault fault = balance < ceiling ? X402RowFault.LOW_BALANCE : X402RowFault.LOW_CEILING;
        unchecked {
            // claimed < total ≤ proven where anything is drawn.
            if (total > claimed) {
                _set(row, TOTAL_CLAIMED, total);
                if (_tryClaim(row)) drawn = total - claimed;
                else fault = X402RowFault.REFUSED;
            }
            proven -= claimed + drawn;
        }
        // No reentrance in between: x402 calls nobody but an ERC-1271 payer, which cannot change anything.
        if (proven != before) unpaidOf[channelId] = uint128(proven);
        if (proven != 0) emit X402RowNotPaid(channelId, index, fault, uint128(proven));
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

    // --- one row, as the call of x402's `claim` that it becomes --------------------------------------------------

    /// @dev Makes room for a row and writes what all rows have in common. A row is the call's ABI encoding, behind the
    /// selector: the offset of the list and its one element's; the element's words as named below; its signature.
    /// @param longest No signature is longer, since it is in the rows.
    function _newRow(address token, uint256 longest) private view returns (uint256 row) {
        bytes4 selector = IX402BatchSettlement.claim.selector;
        assembly ("memory-safe") {
            row := add(mload(0x40), 0x20)
            mstore(0x40, and(add(add(row, add(SIGNATURE, longest)), 0x7f), not(0x1f)))
            mstore(sub(row, 0x20), shr(224, selector))
        }
        _set(row, 0x00, 0x20);
        _set(row, 0x20, 1);
        _set(row, 0x40, 0x20);
        _set(row, RECEIVER, uint160(address(this)));
        _set(row, RECEIVER_AUTHORIZER, uint160(address(this)));
        _set(row, TOKEN, uint160(token));
        _set(row, SIGNATURE_OFFSET, SIGNATURE - PAYER);
    }

    /// @dev Reads the row at `offset`.
    /// @return next Where the next row starts.
    /// @return amount What the row proves.
    function _readRow(
        bytes calldata rows,
        uint256 offset,
        uint256 row
    ) private pure returns (uint256 next, uint256 amount) {
        // No addition below can overflow: a calldata length is below 2^64, and what is added is small.
        unchecked {
            next = offset + ROW_HEAD;
            uint256 kind = _read(rows, offset, 1);
            uint256 authorizer = _read(rows, offset + 1, 20);
            _set(row, PAYER, authorizer);
            _set(row, WITHDRAW_DELAY, _read(rows, offset + 21, 3));
            _set(row, SALT, _read(rows, offset + 24, 32));
            _set(row, CEILING, _read(rows, offset + 56, 16));
            amount = _read(rows, offset + 72, 16);

            if (kind == PAYER_CONTRACT) {
                authorizer = 0;
                uint256 length = _read(rows, next, 2);
                next += 2;
                _set(row, SIGNATURE, length);
                // Within what {_newRow} made room for: the length is checked before anything is copied.
                require(next + length <= rows.length, X402Gate_MalformedRows(offset));
                assembly ("memory-safe") {
                    let signature := add(row, add(SIGNATURE, 0x20))
                    mstore(add(signature, length), 0)
                    calldatacopy(signature, add(rows.offset, next), length)
                }
                next += length;
            } else {
                if (kind == OTHER_KEY) {
                    authorizer = _read(rows, next, 20);
                    next += 20;
                }
                uint256 vs = _read(rows, next + 32, 32);
                _set(row, SIGNATURE, 65);
                _set(row, SIGNATURE + 0x20, _read(rows, next, 32));
                _set(row, SIGNATURE + 0x40, (vs << 1) >> 1);
                _set(row, SIGNATURE + 0x60, (27 + (vs >> 255)) << 248);
                next += 64;
            }
            _set(row, PAYER_AUTHORIZER, authorizer);
            require(kind <= PAYER_CONTRACT && next <= rows.length, X402Gate_MalformedRows(offset));
        }
    }

    /// @dev The channel's id, as {IX402BatchSettlement-getChannelId} says it.
    function _channelIdOf(bytes32 domain, uint256 row) private pure returns (bytes32) {
        bytes32 typeHash = CHANNEL_CONFIG_TYPEHASH;
        bytes32 structHash;
        assembly ("memory-safe") {
            // The word before the configuration is the element's offset, 0x20.
            let start := add(row, sub(PAYER, 0x20))
            mstore(start, typeHash)
            structHash := keccak256(start, 0x100)
            mstore(start, 0x20)
        }
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    function _tryClaim(uint256 row) private returns (bool success) {
        uint256 left = gasleft();
        require(left > ROW_GAS_NEEDED, X402Gate_GasTooLow(left, ROW_GAS_NEEDED));
        address target = address(x402);
        assembly ("memory-safe") {
            let length := and(add(mload(add(row, SIGNATURE)), 0x1f), not(0x1f))
            success := call(ROW_GAS, target, 0, sub(row, 4), add(4, add(add(SIGNATURE, 0x20), length)), 0, 0)
        }
    }

    function _get(uint256 row, uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(row, position))
        }
    }

    /// @dev `position` is one of a row's, within what {_newRow} made room for.
    function _set(uint256 row, uint256 position, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(row, position), value)
        }
    }

    /// @dev The `length` bytes at `offset`, 1 to 32, as a number. Where the rows end, whatever follows: callers check the
    /// end.
    function _read(bytes calldata rows, uint256 offset, uint256 length) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, length)), calldataload(add(rows.offset, offset)))
        }
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
