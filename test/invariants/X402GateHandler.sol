// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Node} from "../../contracts/interfaces/INodeRegistry.sol";
import {ChannelConfig, VoucherClaim} from "../../contracts/interfaces/IX402BatchSettlement.sol";
import {IX402Gate, X402RowFault} from "../../contracts/interfaces/IX402Gate.sol";
import {IX402Gates} from "../../contracts/interfaces/IX402Gates.sol";
import {TestUSD} from "../../contracts/test/TestUSD.sol";
import {IDepositCollector, X402StandIn} from "../../contracts/test/X402StandIn.sol";
import {Vm} from "./Vm.sol";

/// @notice Everything that anybody can do to x402 channels that pay a gate, in any order. It is the gate's batch settlement,
/// its node's owner, its registry and x402's collector of deposits at once, and keeps books of its own, by a plain reading
/// of what {IX402Gate} says about rows.
contract X402GateHandler is IDepositCollector {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 public constant KEYS = 5;
    uint40 private constant DELAY = 1_000;
    bytes32 private constant NODE = "node";

    /// @notice What the books say of a channel.
    struct Book {
        uint256 balance;
        uint256 ceiling;
        uint256 proven;
        uint256 claimed;
    }

    /// @notice What happened, so that a run can show that it reached everything.
    enum Deed {
        DEPOSITED,
        WITHDRAWN,
        REFUNDED,
        PAID_IN_FULL,
        AMOUNT_TOO_LARGE,
        LOW_CEILING,
        LOW_BALANCE,
        REFUSED,
        CLAIMED_LATER,
        SWEPT,
        DONATED,
        TRAPPED
    }

    X402StandIn public immutable x402;
    TestUSD public immutable token;
    IX402Gate public immutable gate;
    mapping(uint256 key => Book) public books;
    mapping(Deed => uint256) public deeds;
    /// @notice What the gate was given, and does not hand over.
    uint256 public given;
    /// @notice The first contradiction between the books and the chain; empty if there is none.
    string public contradiction;

    constructor() {
        x402 = new X402StandIn();
        token = new TestUSD();
        // From its artifact: compiled here, with this file's settings, it would be other code than what is deployed.
        bytes memory creation = bytes.concat(VM.getCode("X402Gates.sol:X402Gates"), abi.encode(x402, this));
        address gates;
        assembly ("memory-safe") {
            gates := create(0, add(creation, 0x20), mload(creation))
        }
        gate = IX402Gate(IX402Gates(gates).make(NODE, "model", 1));
    }

    // --- who the others are -------------------------------------------------------------------------------------

    /// @notice The node's registry: this is the owner.
    function nodeOf(bytes32) external view returns (Node memory node) {
        node.owner = address(this);
    }

    /// @inheritdoc IDepositCollector
    function collect(address, address, uint256 amount, bytes32, bytes calldata) external {
        token.mint(msg.sender, amount);
    }

    // --- payers -------------------------------------------------------------------------------------------------

    function deposit(uint256 seed) external {
        uint256 key = _key(seed);
        uint128 amount = uint128(1 + (_pick(seed, 1) % 1e6));
        x402.deposit(config(key), amount, address(this), "");
        books[key].balance += amount;
        ++deeds[Deed.DEPOSITED];
    }

    /// @notice A payer withdraws part of what is not claimed.
    function withdraw(uint256 seed) external {
        uint256 key = _key(seed);
        Book storage book = books[key];
        uint256 left = book.balance - book.claimed;
        if (left == 0) return;
        uint128 amount = uint128(1 + (_pick(seed, 1) % left));
        VM.prank(VM.addr(key));
        x402.initiateWithdraw(config(key), amount);
        VM.warp(block.timestamp + DELAY);
        VM.prank(VM.addr(key));
        x402.finalizeWithdraw(config(key));
        book.balance -= amount;
        ++deeds[Deed.WITHDRAWN];
    }

    /// @notice A payer of a channel that another may claim from: what comes of it stays in the gate.
    function trap(uint256 seed) external {
        uint256 key = _key(seed);
        uint128 amount = uint128(1 + (_pick(seed, 1) % 1e6));
        ChannelConfig memory other = config(key);
        other.receiverAuthorizer = address(this);
        other.salt = bytes32(seed);
        (uint128 balance, uint128 claimed) = x402.channels(x402.getChannelId(other));
        if (balance != 0 || claimed != 0) return;
        x402.deposit(other, amount, address(this), "");
        VoucherClaim[] memory claims = new VoucherClaim[](1);
        claims[0].voucher.channel = other;
        claims[0].voucher.maxClaimableAmount = amount;
        claims[0].totalClaimed = amount;
        claims[0].signature = _sign(_signerOf(key), x402.getVoucherDigest(x402.getChannelId(other), amount));
        x402.claim(claims);
        x402.settle(address(gate), address(token));
        given += amount;
        ++deeds[Deed.TRAPPED];
    }

    // --- the node -----------------------------------------------------------------------------------------------

    /// @notice Up to five rows, most of them good ones; now and then they prove nothing new.
    function settle(uint256 seed) external {
        bool proving = _pick(seed, 0) % 4 != 0;
        uint256 count = _pick(seed, 1) % 6;
        bytes memory rows;
        uint256 expected;
        for (uint256 i = 0; i < count; ++i) {
            uint256 pick = _pick(seed, 100 + i);
            (bytes memory row, bool good, uint128 ceiling, uint128 amount) = _row(pick);
            rows = bytes.concat(rows, row);
            expected += _book(_key(pick), good, ceiling, proving ? amount : 0, proving);
        }
        uint256 before = token.balanceOf(address(this));
        if (proving) gate.claimProven(NODE, address(token), rows);
        else gate.claimUnpaid(NODE, address(token), rows);
        _expect(token.balanceOf(address(this)) - before == expected, "another amount was handed over");
    }

    /// @notice The node returns what is neither claimed nor proven.
    function refund(uint256 seed) external {
        uint256 key = _key(seed);
        Book storage book = books[key];
        uint256 rest = book.balance > book.proven ? book.balance - book.proven : 0;
        uint128 amount = uint128(1 + (_pick(seed, 1) % 2e6));
        uint256 before = token.balanceOf(VM.addr(key));
        try gate.refund(config(key), amount) returns (uint128 refunded) {
            _expect(refunded == (amount < rest ? amount : rest), "another amount was refunded");
            _expect(token.balanceOf(VM.addr(key)) - before == refunded, "the payer got another amount");
            book.balance -= refunded;
            ++deeds[Deed.REFUNDED];
        } catch {
            _expect(rest == 0, "a refund was refused");
        }
    }

    // --- strangers ----------------------------------------------------------------------------------------------

    function sweep() external {
        x402.settle(address(gate), address(token));
        ++deeds[Deed.SWEPT];
    }

    function donate(uint256 seed) external {
        uint256 amount = _pick(seed, 0) % 1e6;
        token.mint(address(gate), amount);
        given += amount;
        ++deeds[Deed.DONATED];
    }

    // --- the books ----------------------------------------------------------------------------------------------

    /// @notice Whether every channel is as the books say, and has paid at most what was signed, proven and deposited.
    function channelsAgree() external view returns (bool) {
        for (uint256 key = 1; key <= KEYS; ++key) {
            Book memory book = books[key];
            bytes32 id = x402.getChannelId(config(key));
            (uint256 balance, uint256 claimed) = x402.channels(id);
            if (balance != book.balance || claimed != book.claimed) return false;
            if (claimed > book.ceiling || claimed > book.proven || claimed > balance) return false;
            if (gate.unpaidOf(id) != book.proven - claimed) return false;
        }
        return true;
    }

    /// @notice What x402 holds by the books.
    function heldByX402() external view returns (uint256 sum) {
        for (uint256 key = 1; key <= KEYS; ++key) sum += books[key].balance - books[key].claimed;
    }

    /// @dev What a row has to come to, by the books.
    function _book(
        uint256 key,
        bool good,
        uint256 ceiling,
        uint256 amount,
        bool proving
    ) private returns (uint256 drawn) {
        Book storage book = books[key];
        if (book.proven + amount > type(uint128).max) {
            ++deeds[Deed.AMOUNT_TOO_LARGE];
            return 0;
        }
        book.proven += amount;
        uint256 most = book.proven;
        X402RowFault fault;
        if (ceiling < most) (most, fault) = (ceiling, X402RowFault.LOW_CEILING);
        if (book.balance < most) (most, fault) = (book.balance, X402RowFault.LOW_BALANCE);
        if (!good && most > book.claimed) (most, fault) = (0, X402RowFault.REFUSED);
        if (good && ceiling > book.ceiling) book.ceiling = ceiling;
        if (most > book.claimed) {
            drawn = most - book.claimed;
            book.claimed = most;
            if (!proving) ++deeds[Deed.CLAIMED_LATER];
        }
        ++deeds[Deed(uint256(Deed.PAID_IN_FULL) + uint256(fault))];
    }

    // --- choices ------------------------------------------------------------------------------------------------

    /// @notice A payer's channel with the gate. Every other one names another key for vouchers.
    function config(uint256 key) public view returns (ChannelConfig memory) {
        address to = address(gate);
        return ChannelConfig(VM.addr(key), VM.addr(_signerOf(key)), to, to, address(token), DELAY, bytes32(key));
    }

    function _signerOf(uint256 key) private pure returns (uint256) {
        return key % 2 == 0 ? key : key + 100;
    }

    /// @dev A row of IX402Gate's encoding: its voucher now and then for another channel, or signed by nobody.
    function _row(uint256 seed) private view returns (bytes memory row, bool good, uint128 ceiling, uint128 amount) {
        uint256 key = _key(seed);
        uint256 kind = _pick(seed, 1) % 10;
        amount = kind == 0 ? uint128(_pick(seed, 2)) : uint128(_pick(seed, 2) % 4e5);
        ceiling = uint128(books[key].proven + (kind == 0 ? 1e6 : amount));
        if (kind == 1) ceiling = uint128(_pick(seed, 3) % (uint256(ceiling) + 1));
        if (kind == 2) ceiling = type(uint128).max;
        ChannelConfig memory channel = config(key);
        good = kind != 3 && kind != 4;
        bytes32 id = x402.getChannelId(kind == 3 ? config(1 + (key % KEYS)) : channel);
        bytes memory s = _sign(_signerOf(key), x402.getVoucherDigest(id, ceiling));
        if (kind == 4) s[40] ^= 0x01;
        bytes memory head = abi.encodePacked(channel.payer, uint24(DELAY), channel.salt, ceiling, amount);
        row =
            key % 2 == 0
                ? bytes.concat(hex"00", head, _compact(s))
                : bytes.concat(hex"01", head, bytes20(channel.payerAuthorizer), _compact(s));
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _compact(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, uint256 s) = (bytes32(0), 0);
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return abi.encodePacked(r, s | (uint256(uint8(signature[64]) - 27) << 255));
    }

    function _key(uint256 seed) private pure returns (uint256) {
        return 1 + (_pick(seed, 50) % KEYS);
    }

    function _pick(uint256 seed, uint256 what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition && bytes(contradiction).length == 0) contradiction = otherwise;
    }
}
