// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";
import {Channel, IChannels, RowFault} from "../interfaces/IChannels.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {ISettlement, Permit} from "../interfaces/ISettlement.sol";
import {Credits} from "./Credits.sol";

/// @title Channels
/// @notice See {IChannels}.
/// @dev `owed` counts what the channels hold; a claim turns it into a credit, and changes the sum by nothing.
abstract contract Channels is IChannels, Credits, EIP712 {
    using SafeERC20 for IERC20;

    /// One slot; claims never touch it.
    struct Ownership {
        address payer;
        uint32 withdrawalDelay;
        uint64 withdrawableAt;
    }

    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 nodeId,bytes32 modelId,uint32 routeVersion,address token,uint128 ceiling)"
    );
    bytes32 private constant CHANNEL_KEY_TYPEHASH = keccak256(
        "ChannelKey(bytes32 nodeId,bytes32 modelId,uint32 routeVersion,address token,address payer)"
    );
    uint256 private constant ROW_LENGTH = 96;
    uint256 private constant MAX_CLAIMED = type(uint96).max;
    uint256 private constant MAX_AMOUNT = type(uint80).max;

    /// @notice Where tokens are listed, and new business is paused.
    ISettlement public immutable settlement;
    /// @notice The nodes.
    INodeRegistry public immutable nodes;
    /// @inheritdoc IChannels
    uint32 public immutable minWithdrawalDelay;
    /// @inheritdoc IChannels
    uint32 public immutable maxWithdrawalDelay;

    mapping(bytes32 channelId => Ownership) private _ownerships;

    constructor(ISettlement settlement_, INodeRegistry nodes_, uint32 minWithdrawalDelay_, uint32 maxWithdrawalDelay_) {
        settlement = settlement_;
        nodes = nodes_;
        minWithdrawalDelay = minWithdrawalDelay_;
        maxWithdrawalDelay = maxWithdrawalDelay_;
    }

    // --- payers -------------------------------------------------------------------------------------------------

    /// @inheritdoc IChannels
    function open(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint32 withdrawalDelay,
        uint128 amount,
        bytes calldata consent
    ) external returns (bytes32 channelId) {
        _requireTaken(token);
        return _open(nodeId, modelId, routeVersion, token, signer, withdrawalDelay, amount, consent);
    }

    /// @inheritdoc IChannels
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
    ) external returns (bytes32 channelId) {
        _requireTaken(token);
        _permit(token, msg.sender, permit);
        return _open(nodeId, modelId, routeVersion, token, signer, withdrawalDelay, amount, consent);
    }

    /// @inheritdoc IChannels
    function deposit(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint128 amount
    ) external {
        _requireTaken(token);
        _deposit(channelIdOf(nodeId, modelId, routeVersion, token, signer), token, amount);
    }

    /// @inheritdoc IChannels
    function depositWithPermit(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint128 amount,
        Permit calldata permit
    ) external {
        _requireTaken(token);
        _permit(token, msg.sender, permit);
        _deposit(channelIdOf(nodeId, modelId, routeVersion, token, signer), token, amount);
    }

    /// @inheritdoc IChannels
    function announceWithdrawal(bytes32 channelId) external {
        Ownership storage ownership = _ownedByCaller(channelId);
        ownership.withdrawableAt = uint64(block.timestamp) + ownership.withdrawalDelay;
        emit ChannelWithdrawalAnnounced(channelId, ownership.withdrawableAt);
    }

    /// @inheritdoc IChannels
    function cancelWithdrawal(bytes32 channelId) external {
        Ownership storage ownership = _ownedByCaller(channelId);
        require(ownership.withdrawableAt != 0, Channels_NotWithdrawable(channelId, 0));
        ownership.withdrawableAt = 0;
        emit ChannelWithdrawalAnnounced(channelId, 0);
    }

    /// @inheritdoc IChannels
    function withdrawChannel(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        address to
    ) external nonReentrant returns (uint128 amount) {
        require(to != address(0), Settlement_ZeroAddress());
        bytes32 channelId = channelIdOf(nodeId, modelId, routeVersion, token, signer);
        Ownership storage ownership = _ownedByCaller(channelId);
        uint64 withdrawableAt = ownership.withdrawableAt;
        require(
            withdrawableAt != 0 && block.timestamp >= withdrawableAt,
            Channels_NotWithdrawable(channelId, withdrawableAt)
        );
        (uint256 claimed, uint256 balance, uint256 unpaid) = _unpack(_accountOf(channelId).value);
        require(balance != 0, Channels_ZeroAmount());
        amount = uint128(balance);
        ownership.withdrawableAt = 0;
        _accountOf(channelId).value = _pack(claimed, 0, unpaid);
        owed[token] -= amount;
        emit ChannelWithdrawn(channelId, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    // --- nodes --------------------------------------------------------------------------------------------------

    /// @inheritdoc IChannels
    function claim(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        bytes calldata rows
    ) external nonReentrant returns (uint256 paid) {
        paid = _draw(nodeId, modelId, routeVersion, token, rows, 0);
        _credit(token, nodes.nodeOf(nodeId).payout, paid);
    }

    // --- reading ------------------------------------------------------------------------------------------------

    /// @inheritdoc IChannels
    function channelOf(bytes32 channelId) external view returns (Channel memory) {
        Ownership memory ownership = _ownerships[channelId];
        (uint256 claimed, uint256 balance, uint256 unpaid) = _unpack(_accountOf(channelId).value);
        return
            Channel(
                ownership.payer,
                ownership.withdrawalDelay,
                ownership.withdrawableAt,
                uint96(claimed),
                uint80(balance),
                uint80(unpaid)
            );
    }

    /// @inheritdoc IChannels
    function channelIdOf(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(nodeId, modelId, routeVersion, token, signer));
    }

    /// @inheritdoc IChannels
    function hashVoucher(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        uint128 ceiling
    ) external view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, nodeId, modelId, routeVersion, token, ceiling)));
    }

    /// @inheritdoc IChannels
    function hashChannelKey(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address payer
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(keccak256(abi.encode(CHANNEL_KEY_TYPEHASH, nodeId, modelId, routeVersion, token, payer)));
    }

    // --- deposits -----------------------------------------------------------------------------------------------

    /// @dev Requires that new money is taken, in this token.
    function _requireTaken(address token) private view {
        require(!settlement.isPaused(), ISettlement.Settlement_Paused());
        require(settlement.isListed(token), ISettlement.Settlement_TokenNotListed(token));
    }

    function _open(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        address signer,
        uint32 withdrawalDelay,
        uint128 amount,
        bytes calldata consent
    ) private nonReentrant returns (bytes32 channelId) {
        require(nodes.signerOf(nodeId) != address(0), INodeRegistry.NodeRegistry_UnknownNode(nodeId));
        require(
            minWithdrawalDelay <= withdrawalDelay && withdrawalDelay <= maxWithdrawalDelay,
            Channels_DelayOutOfBounds(withdrawalDelay, minWithdrawalDelay, maxWithdrawalDelay)
        );
        channelId = channelIdOf(nodeId, modelId, routeVersion, token, signer);
        require(_ownerships[channelId].payer == address(0), Channels_Exists(channelId));
        if (signer != msg.sender) {
            (address recovered, , ) = ECDSA.tryRecoverCalldata(
                hashChannelKey(nodeId, modelId, routeVersion, token, msg.sender),
                consent
            );
            // A failed recovery yields zero.
            require(recovered == signer && signer != address(0), Channels_BadConsent(signer, msg.sender));
        }
        _ownerships[channelId] = Ownership(msg.sender, withdrawalDelay, 0);
        emit ChannelOpened(channelId, nodeId, msg.sender, modelId, routeVersion, token, signer, withdrawalDelay);
        _add(channelId, token, amount);
    }

    function _deposit(bytes32 channelId, address token, uint128 amount) private nonReentrant {
        require(_ownerships[channelId].payer != address(0), Channels_Unknown(channelId));
        _add(channelId, token, amount);
    }

    function _add(bytes32 channelId, address token, uint256 amount) private {
        require(amount != 0, Channels_ZeroAmount());
        (uint256 claimed, uint256 balance, uint256 unpaid) = _unpack(_accountOf(channelId).value);
        balance += amount;
        require(balance <= MAX_AMOUNT && claimed + balance <= MAX_CLAIMED, Channels_AmountTooLarge(amount));
        _accountOf(channelId).value = _pack(claimed, balance, unpaid);
        owed[token] += amount;
        emit ChannelDeposited(channelId, msg.sender, uint128(amount));
        _pull(token, msg.sender, amount);
    }

    function _ownedByCaller(bytes32 channelId) private view returns (Ownership storage ownership) {
        ownership = _ownerships[channelId];
        require(ownership.payer == msg.sender, Channels_NotThePayer(channelId, msg.sender));
    }

    // --- claims -------------------------------------------------------------------------------------------------

    /// @dev Adds what the rows prove, as far as `amountMask` lets it through, to their channels, and draws what is payable:
    /// min(ceiling − claimed, unpaid + amount, balance). The caller credits the sum.
    function _draw(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        bytes calldata rows,
        uint256 amountMask
    ) internal returns (uint256 paid) {
        require(rows.length % ROW_LENGTH == 0, Channels_MalformedRows(rows.length));
        uint256 scratch = _prepare(nodeId, modelId, routeVersion, token);
        bytes memory claims = new bytes((rows.length / ROW_LENGTH) * 32);
        uint256 written = 0;
        uint256 offset = 0;
        while (true) {
            (offset, written, paid) = _drawInFull(scratch, rows, offset, amountMask, claims, written, paid);
            if (offset == rows.length) break;
            (address signer, bytes32 channelId, uint256 ceiling, uint256 amount) = _readRow(scratch, rows, offset);
            (bool known, uint256 drawn, RowFault fault, uint256 missing) = _drawOne(
                channelId,
                ceiling,
                amount & amountMask
            );
            if (fault != RowFault.NONE) {
                emit RowNotPaid(nodeId, channelId, signer, offset / ROW_LENGTH, fault, uint128(missing));
            }
            if (known) written = _note(claims, written, signer, drawn);
            paid += drawn;
            offset += ROW_LENGTH;
        }
        assembly ("memory-safe") {
            mstore(claims, written)
        }
        emit ChannelsClaimed(nodeId, modelId, token, routeVersion, claims);
    }

    /// @dev Draws on the channels of the rows from `offset` on in full, as {_readRow} and {_drawOne} do, and stops at the first
    /// row for which that is not possible, or at the end. This is what a batch pays for once per payer; the tests of the
    /// laws compare it with a plain reading of the interface.
    /// @return The row where it stopped, `written` and `paid` as they are now.
    function _drawInFull(
        uint256 scratch,
        bytes calldata rows,
        uint256 offset,
        uint256 amountMask,
        bytes memory claims,
        uint256 written,
        uint256 paid
    ) private returns (uint256, uint256, uint256) {
        assembly ("memory-safe") {
            let row := add(rows.offset, offset)
            let end := add(rows.offset, rows.length)
            let entry := add(add(claims, 0x20), written)
            for {} lt(row, end) {
                row := add(row, 0x60)
            } {
                let vs := calldataload(add(row, 0x20))
                let due := calldataload(add(row, 0x40))
                let ceiling := shr(128, due)
                mstore(add(scratch, 0xa0), ceiling)
                mstore(add(scratch, 0x100), keccak256(scratch, 0xc0))
                mstore(add(scratch, 0x120), keccak256(add(scratch, 0xde), 0x42))
                mstore(add(scratch, 0x140), add(27, shr(255, vs)))
                mstore(add(scratch, 0x160), calldataload(row))
                mstore(add(scratch, 0x180), shr(1, shl(1, vs)))
                // A failed call leaves signer zero, which stops here: {_readRow} tells why.
                mstore(0x00, 0)
                pop(staticcall(gas(), 1, add(scratch, 0x120), 0x80, 0x00, 0x20))
                let signer := mload(0x00)
                mstore(add(scratch, 0xa0), signer)
                let channelId := keccak256(add(scratch, 0x20), 0xa0)
                let account := sload(channelId)
                due := add(and(due, amountMask), shr(176, account))
                // Bounds: due < 2^129. What is left of the conditions makes due ≤ balance < 2^80, so that the
                // subtraction borrows from nothing, and claimed + due ≤ claimed + balance < 2^96.
                if or(
                    iszero(account),
                    or(
                        gt(due, and(shr(96, account), 0xffffffffffffffffffff)),
                        gt(add(and(account, 0xffffffffffffffffffffffff), due), ceiling)
                    )
                ) {
                    break
                }
                // claimed + due | balance − due | nothing unpaid.
                sstore(channelId, sub(add(shr(80, shl(80, account)), due), shl(96, due)))
                mstore(entry, or(shl(96, signer), due))
                entry := add(entry, 0x20)
                paid := add(paid, due)
            }
            offset := sub(row, rows.offset)
            written := sub(sub(entry, claims), 0x20)
        }
        return (offset, written, paid);
    }

    /// @dev Appends an entry of {ChannelsClaimed}. Bound: there is room, since there are at most as many entries as rows.
    function _note(bytes memory claims, uint256 written, address signer, uint256 drawn) private pure returns (uint256) {
        assembly ("memory-safe") {
            mstore(add(add(claims, 0x20), written), or(shl(96, signer), drawn))
        }
        return written + 32;
    }

    /// @dev Draws on one channel. `drawn` < 2^80.
    function _drawOne(
        bytes32 channelId,
        uint256 ceiling,
        uint256 amount
    ) private returns (bool known, uint256 drawn, RowFault fault, uint256 missing) {
        uint256 account = _accountOf(channelId).value;
        if (account == 0 && _ownerships[channelId].payer == address(0)) {
            return (false, 0, RowFault.UNKNOWN_CHANNEL, amount);
        }
        (uint256 claimed, uint256 balance, uint256 due) = _unpack(account);
        // Bounds: amount < 2^128 and due < 2^80; claimed + balance < 2^96, so that `claimed` cannot outgrow its bits.
        unchecked {
            due += amount;
            if (due > MAX_AMOUNT) return (true, 0, RowFault.AMOUNT_TOO_LARGE, amount);
            uint256 allowed = ceiling > claimed ? ceiling - claimed : 0;
            uint256 limit = allowed < balance ? allowed : balance;
            drawn = due < limit ? due : limit;
            missing = due - drawn;
            if (missing != 0) fault = allowed <= balance ? RowFault.LOW_CEILING : RowFault.LOW_BALANCE;
            _accountOf(channelId).value = _pack(claimed + drawn, balance - drawn, missing);
        }
        return (true, drawn, fault, missing);
    }

    /// @dev Lays out, once for all rows, what {_readRow} hashes; each row fills in what it brings.
    /// | 0x000 | voucher's struct: typehash, nodeId, modelId, routeVersion, token, ceiling* |
    /// | 0x0c0 | 0x1901 (its last two bytes), domain separator, the struct's hash*         |
    /// | 0x120 | ecrecover's input: digest*, v*, r*, s*                                   |
    /// A channel's name is the voucher's struct without its typehash, and the signer for the ceiling.
    function _prepare(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token
    ) private view returns (uint256 scratch) {
        bytes32 typehash = VOUCHER_TYPEHASH;
        bytes32 separator = _domainSeparatorV4();
        assembly ("memory-safe") {
            scratch := mload(0x40)
            mstore(0x40, add(scratch, 0x1a0))
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), nodeId)
            mstore(add(scratch, 0x40), modelId)
            mstore(add(scratch, 0x60), and(routeVersion, 0xffffffff))
            mstore(add(scratch, 0x80), shr(96, shl(96, token)))
            mstore(add(scratch, 0xc0), 0x1901)
            mstore(add(scratch, 0xe0), separator)
        }
    }

    /// @dev Reads a row: who signed the voucher, and which channel that names. An invalid signature has signer zero, which
    /// no channel has. Bound: a whole row lies at `offset`.
    function _readRow(
        uint256 scratch,
        bytes calldata rows,
        uint256 offset
    ) private view returns (address signer, bytes32 channelId, uint256 ceiling, uint256 amount) {
        assembly ("memory-safe") {
            let row := add(rows.offset, offset)
            let vs := calldataload(add(row, 0x20))
            amount := calldataload(add(row, 0x40))
            ceiling := shr(128, amount)
            amount := shr(128, shl(128, amount))
            mstore(add(scratch, 0xa0), ceiling)
            mstore(add(scratch, 0x100), keccak256(scratch, 0xc0))
            mstore(add(scratch, 0x120), keccak256(add(scratch, 0xde), 0x42))
            mstore(add(scratch, 0x140), add(27, shr(255, vs)))
            mstore(add(scratch, 0x160), calldataload(row))
            mstore(add(scratch, 0x180), shr(1, shl(1, vs)))
            // The precompile returns nothing for an invalid signature, and fails only for want of gas: then so does this,
            // or a caller who brings little could have a good row skipped.
            mstore(0x00, 0)
            if iszero(staticcall(gas(), 1, add(scratch, 0x120), 0x80, 0x00, 0x20)) {
                revert(0x00, 0x00)
            }
            signer := mload(0x00)
            mstore(add(scratch, 0xa0), signer)
            channelId := keccak256(add(scratch, 0x20), 0xa0)
        }
    }

    /// @dev A channel's account is one slot, at its identifier: it is the hash of 160 bytes, and no mapping hashes so many.
    /// | unpaid 80 | balance 80 | claimed 96 |
    /// Invariant: claimed + balance < 2^96, kept by every deposit, and changed by no claim.
    function _accountOf(bytes32 channelId) private pure returns (StorageSlot.Uint256Slot storage) {
        return StorageSlot.getUint256Slot(channelId);
    }

    function _unpack(uint256 account) private pure returns (uint256 claimed, uint256 balance, uint256 unpaid) {
        return (account & MAX_CLAIMED, (account >> 96) & MAX_AMOUNT, account >> 176);
    }

    /// @dev Bounds: claimed < 2^96, balance < 2^80, unpaid < 2^80.
    function _pack(uint256 claimed, uint256 balance, uint256 unpaid) private pure returns (uint256) {
        return claimed | (balance << 96) | (unpaid << 176);
    }
}
