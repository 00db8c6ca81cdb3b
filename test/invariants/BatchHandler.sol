// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBatchSettlement, InferenceBatch} from "../../contracts/interfaces/IBatchSettlement.sol";
import {Channel, IChannels, RowFault} from "../../contracts/interfaces/IChannels.sol";
import {ICredits} from "../../contracts/interfaces/ICredits.sol";
import {OutputCommitment} from "../../contracts/interfaces/IModelRegistry.sol";
import {Account} from "../../contracts/interfaces/INodeRegistry.sol";
import {ISettlement, Limits, Parameters} from "../../contracts/interfaces/ISettlement.sol";
import {Route} from "../../contracts/interfaces/IVerifierRegistry.sol";
import {ModelRegistry} from "../../contracts/registry/ModelRegistry.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {VerifierRegistry} from "../../contracts/registry/VerifierRegistry.sol";
import {BatchVerifierDouble} from "../../contracts/test/BatchVerifierDouble.sol";
import {TestUSD} from "../../contracts/test/TestUSD.sol";
import {OPG} from "../../contracts/token/OPG.sol";
import {Vm} from "./Vm.sol";

/// @notice Everything that anybody can do to channels and batches, in any order: two nodes, two models, four signer keys
/// of three payers, and two tokens, one of which is OPG itself. It keeps books of its own, by a plain reading of what
/// {IChannels} says about rows, and notes whatever contradicts them: what is drawn, what is reported, what is left.
contract BatchHandler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes32 private constant BURNED = keccak256("Burned(bytes32,bytes32,uint128)");
    bytes32 private constant CLAIMED = IChannels.ChannelsClaimed.selector;
    bytes32 private constant NOT_PAID = IChannels.RowNotPaid.selector;
    bytes private constant PARAMETERS = "parameters";
    uint256 private constant FEE = 1e18;
    uint32 private constant DELAY = 1_000;
    uint256 public constant INITIAL_SUPPLY = 1e27;
    uint256 public constant KEYS = 4;
    uint256 public constant PAYERS = 3;
    uint256 public constant NODES = 2;
    uint256 public constant TOKENS = 2;

    /// @notice What channels, vouchers and batches name.
    struct Header {
        bytes32 nodeId;
        bytes32 modelId;
        address token;
    }

    /// @notice What the books say of a channel.
    struct Book {
        Header header;
        address signer;
        address payer;
        uint256 deposited;
        uint256 withdrawn;
        uint256 proven;
        uint256 ceiling;
        uint256 claimed;
        uint256 balance;
        uint256 unpaid;
    }

    /// @notice A row, and who signed its voucher.
    struct Row {
        uint256 index;
        address signer;
        uint128 ceiling;
        uint128 amount;
    }

    /// @notice What rows have to come to.
    struct Expected {
        uint256 paid;
        bytes claims;
        bytes faults;
    }

    /// @notice What happened, so that a run can show that it reached everything.
    enum Deed {
        OPENED,
        DEPOSITED,
        ANNOUNCED,
        CANCELLED,
        WITHDRAWN,
        SETTLED,
        UNCOVERED,
        REPLAYED,
        CLAIMED,
        PAID_IN_FULL,
        UNKNOWN_CHANNEL,
        AMOUNT_TOO_LARGE,
        LOW_CEILING,
        LOW_BALANCE,
        SLASHED,
        SLASHED_AGAIN,
        CREDIT_LEFT,
        DONATED
    }

    OPG public immutable opg;
    NodeRegistry public immutable nodes;
    ISettlement public immutable settlement;
    IBatchSettlement public immutable batches;
    IChannels public immutable channels;
    BatchVerifierDouble private immutable verifier;
    address[2] public tokens;
    bytes32[2] public nodeIds;
    bytes32[2] private modelIds;
    mapping(bytes32 channelId => Book) private books;
    bytes32[] private channelIds;
    mapping(bytes32 streamId => uint64) private next;
    uint256 private salt;
    bytes private lastCall;

    mapping(Deed => uint256) public deeds;
    /// @notice What was burned, by the registry's events.
    uint256 public burned;
    mapping(address holder => mapping(address token => uint256)) public donated;
    /// @notice The first contradiction between the books and the chain; empty if there is none.
    string public contradiction;

    constructor() {
        AccessManager manager = new AccessManager(address(this));
        opg = new OPG(address(this), INITIAL_SUPPLY);
        tokens = [address(new TestUSD()), address(opg)];
        VerifierRegistry verifiers = new VerifierRegistry(address(manager), 0, new Route[](0), new address[](0));
        ModelRegistry models = new ModelRegistry(verifiers);
        nodes = new NodeRegistry(address(manager), address(opg), address(0), 10_000, 1_000);
        Limits memory limits = Limits(10e18, 1_000, 2_000, 2_000, 20, 100);
        settlement = ISettlement(
            _deploy(
                "Settlement.sol:Settlement",
                abi.encode(manager, nodes, models, verifiers, limits, Parameters(0, uint96(FEE), 8_000, 200, 3))
            )
        );
        address deployed = _deploy(
            "BatchSettlement.sol:BatchSettlement",
            abi.encode(settlement, nodes, models, verifiers, address(0), uint32(100), uint32(10_000))
        );
        batches = IBatchSettlement(deployed);
        channels = IChannels(deployed);
        nodes.addModule(deployed);
        nodes.open();
        verifier = new BatchVerifierDouble();
        uint32 verifierId = verifiers.add(Route.TEE, address(verifier));
        for (uint256 i = 0; i < 2; ++i) {
            settlement.setToken(tokens[i], true);
            modelIds[i] = models.register(bytes32(i), "");
            models.setRoute(modelIds[i], Route.TEE, verifierId, OutputCommitment.KECCAK256, PARAMETERS);
            VM.prank(owner(i));
            nodeIds[i] = nodes.register(0, owner(i), payout(i), "", "");
            require(opg.transfer(owner(i), 1e25));
            VM.prank(owner(i));
            opg.approve(address(nodes), type(uint256).max);
            VM.prank(owner(i));
            nodes.stake(nodeIds[i], 5_000e18);
        }
        for (uint256 i = 0; i < PAYERS; ++i) {
            TestUSD(tokens[0]).mint(payer(i), 1e40);
            require(opg.transfer(payer(i), 1e25));
            for (uint256 j = 0; j < TOKENS; ++j) {
                VM.prank(payer(i));
                IERC20(tokens[j]).approve(deployed, type(uint256).max);
            }
        }
    }

    /// @dev From its artifact: compiled here, with this file's settings, it would be other code than what is deployed.
    function _deploy(string memory artifact, bytes memory arguments) private returns (address deployed) {
        bytes memory creation = bytes.concat(VM.getCode(artifact), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(creation, 0x20), mload(creation))
        }
        require(deployed != address(0), "the contract cannot be deployed");
    }

    // --- who there is -------------------------------------------------------------------------------------------

    function owner(uint256 i) public pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    function payout(uint256 i) public pure returns (address) {
        return address(uint160(0x3000 + i));
    }

    function payer(uint256 i) public pure returns (address) {
        return address(uint160(0x4000 + i));
    }

    function bystander() public pure returns (address) {
        return address(0x5000);
    }

    // --- payers -------------------------------------------------------------------------------------------------

    function open(uint256 seed) external {
        (Header memory header, uint256 key) = _channel(seed);
        address from = payer(_pick(seed, 3) % PAYERS);
        bytes32 channelId = _idOf(header, VM.addr(key));
        uint128 amount = _amount(seed, 4);
        bytes memory consent = _consent(header, key, from);
        VM.prank(from);
        try channels.open(header.nodeId, header.modelId, 1, header.token, VM.addr(key), DELAY, amount, consent) {
            _expect(books[channelId].payer == address(0), "a channel was opened twice");
            Book storage book = books[channelId];
            (book.payer, book.deposited, book.balance) = (from, amount, amount);
            (book.header, book.signer) = (header, VM.addr(key));
            channelIds.push(channelId);
            ++deeds[Deed.OPENED];
        } catch {
            _expect(books[channelId].payer != address(0), "a channel could not be opened");
        }
    }

    function deposit(uint256 seed) external {
        (Header memory header, uint256 key) = _channel(seed);
        Book storage book = books[_idOf(header, VM.addr(key))];
        uint128 amount = _pick(seed, 5) % 16 == 0 && header.token == tokens[0] ? type(uint80).max : _amount(seed, 4);
        bool fits = book.payer != address(0) && amount + book.balance <= type(uint80).max;
        VM.prank(payer(_pick(seed, 3) % PAYERS));
        try channels.deposit(header.nodeId, header.modelId, 1, header.token, VM.addr(key), amount) {
            _expect(fits, "a deposit that cannot be counted was taken");
            book.deposited += amount;
            book.balance += amount;
            ++deeds[Deed.DEPOSITED];
        } catch {
            _expect(!fits, "a deposit was refused");
        }
    }

    function announce(uint256 seed) external {
        (Header memory header, uint256 key) = _channel(seed);
        bytes32 channelId = _idOf(header, VM.addr(key));
        VM.prank(books[channelId].payer);
        if (_pick(seed, 3) % 4 != 0) {
            try channels.announceWithdrawal(channelId) {
                ++deeds[Deed.ANNOUNCED];
            } catch {}
        } else {
            try channels.cancelWithdrawal(channelId) {
                ++deeds[Deed.CANCELLED];
            } catch {}
        }
    }

    function withdrawChannel(uint256 seed) external {
        (Header memory header, uint256 key) = _channel(seed);
        _withdrawChannel(_idOf(header, VM.addr(key)), _pick(seed, 3) % 2 == 0);
    }

    function _withdrawChannel(bytes32 channelId, bool stranger) private {
        Book storage book = books[channelId];
        if (book.payer == address(0)) return;
        Header memory header = book.header;
        uint64 due = channels.channelOf(channelId).withdrawableAt;
        bool possible = !stranger && due != 0 && block.timestamp >= due && book.balance != 0;
        uint256 held = IERC20(header.token).balanceOf(book.payer);
        VM.prank(stranger ? bystander() : book.payer);
        try channels.withdrawChannel(header.nodeId, header.modelId, 1, header.token, book.signer, book.payer) returns (
            uint128 amount
        ) {
            _expect(possible, "a channel was emptied out of turn");
            _expect(amount == book.balance, "a payer withdrew another amount than what is left");
            _expect(IERC20(header.token).balanceOf(book.payer) == held + amount, "a payer received another amount");
            book.withdrawn += amount;
            book.balance = 0;
            ++deeds[Deed.WITHDRAWN];
        } catch {
            _expect(!possible, "a payer could not withdraw");
        }
    }

    // --- batches ------------------------------------------------------------------------------------------------

    function settle(uint256 seed) external {
        (Header memory header, ) = _channel(seed);
        InferenceBatch memory batch = _batch(seed, header);
        bytes memory rows = _rows(seed, header);
        batch.rowsHash = keccak256(rows);
        if (_pick(seed, 40) % 8 == 0) batch.first += 1;
        bytes memory data = abi.encodeCall(IBatchSettlement.settleBatch, (batch, _proof(batch), rows));
        _settle(batch, data, rows);
    }

    /// @notice The same batch once more.
    function replay() external {
        if (lastCall.length == 0) return;
        (bool success, ) = address(batches).call(lastCall);
        _expect(!success, "a batch was settled twice");
        ++deeds[Deed.REPLAYED];
    }

    function _settle(InferenceBatch memory batch, bytes memory data, bytes memory rows) private {
        bytes32 stream = batches.streamIdOf(batch);
        uint256 fee = FEE * batch.count;
        uint256 free = nodes.accountOf(batch.nodeId).free;
        bool possible = batch.first == next[stream] && !verifier.isRevoked(batch.nodeId, batch.key);
        uint256 credit = ICredits(address(batches)).creditOf(batch.token, _payoutOf(batch.nodeId));
        VM.recordLogs();
        VM.prank(bystander());
        (bool success, ) = address(batches).call(data);
        if (!success) {
            _expect(!possible || free < fee, "a batch could not be settled");
            if (possible) ++deeds[Deed.UNCOVERED];
            return;
        }
        _expect(possible && free >= fee, "a batch was settled out of turn");
        next[stream] += batch.count;
        lastCall = data;
        uint256 paid = _checkRows(Header(batch.nodeId, batch.modelId, batch.token), rows, true);
        credit = ICredits(address(batches)).creditOf(batch.token, _payoutOf(batch.nodeId)) - credit;
        _expect(credit == paid, "the node was credited another amount");
        _expect(_isSettled(batch), "the root was not kept");
        ++deeds[Deed.SETTLED];
    }

    function _isSettled(InferenceBatch memory batch) private view returns (bool) {
        return batches.isSettled(batch.nodeId, batch.modelId, batch.root, batch.root, new bytes32[](0));
    }

    function claim(uint256 seed) external {
        (Header memory header, ) = _channel(seed);
        bytes memory rows = _rows(seed, header);
        VM.recordLogs();
        uint256 paid = channels.claim(header.nodeId, header.modelId, 1, header.token, rows);
        _expect(paid == _checkRows(header, rows, false), "a claim drew another amount");
        ++deeds[Deed.CLAIMED];
    }

    function equivocate(uint256 seed) external {
        (Header memory header, ) = _channel(seed);
        InferenceBatch memory a = _batch(seed, header);
        InferenceBatch memory b = _batch(seed, header);
        // Mostly spared: without a key and stake nothing settles.
        if (_pick(seed, 6) % 4 != 0) b.root = a.root;
        Account memory before = nodes.accountOf(a.nodeId);
        bool revoked = verifier.isRevoked(a.nodeId, a.key);
        uint256 credit = ICredits(address(batches)).creditOf(address(opg), bystander());
        (bytes memory proofA, bytes memory proofB) = (_proof(a), _proof(b));
        VM.recordLogs();
        VM.prank(bystander());
        try batches.reportEquivocation(a, proofA, b, proofB) {
            _expect(a.root != b.root && !revoked, "slashed without a reason, or twice");
            Account memory account = nodes.accountOf(a.nodeId);
            _expect(account.free + account.unbonding == 0 && account.bonded == before.bonded, "not all, or too much");
            uint256 taken = before.free + before.unbonding;
            uint256 reward = ICredits(address(batches)).creditOf(address(opg), bystander()) - credit;
            _expect(reward == taken / 4, "the reporter got another share");
            _expect(_burnEvents(VM.getRecordedLogs()) == taken - reward, "another amount was burned");
            ++deeds[Deed.SLASHED];
        } catch {
            _expect(a.root == b.root || revoked, "an equivocation went unpunished");
            if (a.root != b.root) ++deeds[Deed.SLASHED_AGAIN];
        }
    }

    // --- stake, credits, circumstances ----------------------------------------------------------------------------

    function stake(uint256 seed) external {
        uint256 node = _pick(seed, 0) % NODES;
        uint128 amount = uint128(_pick(seed, 2) % 3_000e18);
        VM.prank(owner(node));
        if (_pick(seed, 1) % 4 != 0) try nodes.stake(nodeIds[node], amount) {} catch {}
        else try nodes.unbond(nodeIds[node], amount) {} catch {}
    }

    function withdraw(uint256 seed) external {
        uint256 who = _pick(seed, 2) % (NODES + 1);
        _withdraw(tokens[_pick(seed, 1) % TOKENS], who == NODES ? bystander() : payout(who));
    }

    function _withdraw(address token, address account) private {
        uint256 credit = ICredits(address(batches)).creditOf(token, account);
        uint256 held = IERC20(token).balanceOf(account);
        try ICredits(address(batches)).withdrawFor(token, account) {
            _expect(IERC20(token).balanceOf(account) == held + credit, "another amount than the credit left");
            ++deeds[Deed.CREDIT_LEFT];
        } catch {
            _expect(credit == 0, "a credit could not be withdrawn");
        }
    }

    function passTime(uint256 seed) external {
        VM.warp(block.timestamp + (_pick(seed, 0) % DELAY));
    }

    function donate(uint256 seed) external {
        address token = tokens[_pick(seed, 0) % TOKENS];
        uint256 amount = _pick(seed, 2) % 1e18;
        VM.prank(payer(0));
        require(IERC20(token).transfer(address(batches), amount));
        donated[address(batches)][token] += amount;
        ++deeds[Deed.DONATED];
    }

    // --- the end ------------------------------------------------------------------------------------------------

    /// @notice Empties every channel by its payer, and pays out every credit.
    function endEverything() external {
        for (uint256 i = 0; i < channelIds.length; ++i) {
            VM.prank(books[channelIds[i]].payer);
            channels.announceWithdrawal(channelIds[i]);
        }
        VM.warp(block.timestamp + DELAY);
        for (uint256 i = 0; i < channelIds.length; ++i) _withdrawChannel(channelIds[i], false);
        for (uint256 i = 0; i < TOKENS; ++i) {
            _withdraw(tokens[i], bystander());
            for (uint256 node = 0; node < NODES; ++node) _withdraw(tokens[i], payout(node));
        }
    }

    // --- the books ----------------------------------------------------------------------------------------------

    /// @notice What is owed by the books: the balances of channels, and everybody's credit.
    function owedBy(uint256 token) external view returns (uint256 sum) {
        for (uint256 i = 0; i < channelIds.length; ++i) {
            Book storage book = books[channelIds[i]];
            if (book.header.token == tokens[token]) sum += book.balance;
        }
        for (uint256 node = 0; node < NODES; ++node) {
            sum += ICredits(address(batches)).creditOf(tokens[token], payout(node));
        }
        sum += ICredits(address(batches)).creditOf(tokens[token], bystander());
    }

    /// @notice Whether every channel is as the books say, and has paid at most what was signed, proven and deposited.
    function channelsAgree() external view returns (bool) {
        for (uint256 i = 0; i < channelIds.length; ++i) {
            Book storage book = books[channelIds[i]];
            Channel memory channel = channels.channelOf(channelIds[i]);
            if (channel.payer != book.payer || channel.claimed != book.claimed) return false;
            if (channel.balance != book.balance || channel.unpaid != book.unpaid) return false;
            if (book.claimed > book.ceiling || book.claimed > book.deposited - book.withdrawn) return false;
            if (book.claimed + book.unpaid != book.proven) return false;
            if (book.claimed + book.balance + book.withdrawn != book.deposited) return false;
        }
        return true;
    }

    /// @dev Reads rows as the interface says, draws on the books, and requires the events to say the same.
    function _checkRows(Header memory header, bytes memory rows, bool proving) private returns (uint256) {
        Expected memory expected;
        for (uint256 i = 0; i < rows.length / 96; ++i) _checkRow(header, _readRow(header, rows, i), proving, expected);
        _checkEvents(expected);
        return expected.paid;
    }

    function _checkRow(Header memory header, Row memory row, bool proving, Expected memory expected) private {
        Book storage book = books[_idOf(header, row.signer)];
        uint256 amount = proving ? row.amount : 0;
        (uint256 drawn, RowFault fault, uint256 missing) = _drawn(book, row.ceiling, amount);
        ++deeds[Deed(uint256(Deed.PAID_IN_FULL) + uint256(fault))];
        if (fault != RowFault.NONE) {
            bytes32 channelId = _idOf(header, row.signer);
            bytes memory data = abi.encode(header.nodeId, channelId, row.signer, row.index, fault, missing);
            expected.faults = bytes.concat(expected.faults, data);
        }
        if (fault == RowFault.UNKNOWN_CHANNEL) return;
        expected.paid += drawn;
        expected.claims = bytes.concat(expected.claims, abi.encodePacked(row.signer, uint96(drawn)));
        if (fault == RowFault.AMOUNT_TOO_LARGE) return;
        book.proven += amount;
        if (row.ceiling > book.ceiling) book.ceiling = row.ceiling;
        book.claimed += drawn;
        book.balance -= drawn;
        book.unpaid = missing;
    }

    function _readRow(Header memory header, bytes memory rows, uint256 i) private view returns (Row memory row) {
        bytes32 r;
        uint256 vs;
        uint256 amounts;
        assembly ("memory-safe") {
            let at := add(add(rows, 0x20), mul(i, 96))
            r := mload(at)
            vs := mload(add(at, 0x20))
            amounts := mload(add(at, 0x40))
        }
        (row.index, row.ceiling, row.amount) = (i, uint128(amounts >> 128), uint128(amounts));
        bytes32 digest = channels.hashVoucher(header.nodeId, header.modelId, 1, header.token, row.ceiling);
        row.signer = ecrecover(digest, uint8(27 + (vs >> 255)), r, bytes32((vs << 1) >> 1));
    }

    function _drawn(
        Book storage book,
        uint256 ceiling,
        uint256 amount
    ) private view returns (uint256 drawn, RowFault fault, uint256 missing) {
        if (book.payer == address(0)) return (0, RowFault.UNKNOWN_CHANNEL, amount);
        uint256 due = book.unpaid + amount;
        if (due > type(uint80).max) return (0, RowFault.AMOUNT_TOO_LARGE, amount);
        uint256 allowed = ceiling < book.claimed ? 0 : ceiling - book.claimed;
        drawn = due;
        if (drawn > allowed) (drawn, fault) = (allowed, RowFault.LOW_CEILING);
        if (drawn > book.balance) (drawn, fault) = (book.balance, RowFault.LOW_BALANCE);
        missing = due - drawn;
    }

    function _checkEvents(Expected memory expected) private {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        bytes memory reported;
        bool told;
        for (uint256 i = 0; i < logs.length; ++i) {
            Vm.Log memory log = logs[i];
            if (log.emitter != address(batches)) continue;
            if (log.topics[0] == NOT_PAID) {
                reported = bytes.concat(reported, log.topics[1], log.topics[2], log.topics[3], log.data);
            } else if (log.topics[0] == CLAIMED) {
                (, bytes memory claims) = abi.decode(log.data, (uint32, bytes));
                told = keccak256(claims) == keccak256(expected.claims);
            }
        }
        _expect(told, "the claims are not those of the books");
        _expect(
            keccak256(reported) == keccak256(expected.faults),
            "the rows that are not paid are not those of the books"
        );
        _burnEvents(logs);
    }

    function _burnEvents(Vm.Log[] memory logs) private returns (uint256 sum) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(nodes) && logs[i].topics[0] == BURNED) {
                sum += abi.decode(logs[i].data, (uint128));
            }
        }
        burned += sum;
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition && bytes(contradiction).length == 0) contradiction = otherwise;
    }

    // --- choices ------------------------------------------------------------------------------------------------

    function _pick(uint256 seed, uint256 what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }

    function _channel(uint256 seed) private view returns (Header memory header, uint256 key) {
        header = Header(nodeIds[_pick(seed, 0) % NODES], modelIds[_pick(seed, 5) % 2], tokens[_pick(seed, 1) % TOKENS]);
        key = 1 + (_pick(seed, 2) % KEYS);
    }

    function _idOf(Header memory header, address signer) private view returns (bytes32) {
        return channels.channelIdOf(header.nodeId, header.modelId, 1, header.token, signer);
    }

    function _payoutOf(bytes32 nodeId) private view returns (address) {
        return payout(nodeId == nodeIds[0] ? 0 : 1);
    }

    function _amount(uint256 seed, uint256 what) private pure returns (uint128) {
        return uint128(1 + (_pick(seed, what) % 1e6));
    }

    function _batch(uint256 seed, Header memory header) private returns (InferenceBatch memory batch) {
        (batch.nodeId, batch.modelId, batch.token) = (header.nodeId, header.modelId, header.token);
        batch.routeVersion = 1;
        batch.ledger = address(batches);
        // A few keys, of which some end up revoked.
        batch.key = address(uint160(0x6000 + (_pick(seed, 7) % 16)));
        batch.first = next[batches.streamIdOf(batch)];
        batch.count = uint64(1 + (_pick(seed, 8) % (_pick(seed, 9) % 8 == 0 ? 9_000 : 50)));
        batch.root = bytes32(++salt);
    }

    function _proof(InferenceBatch memory batch) private view returns (bytes memory) {
        return abi.encode(batch.nodeId, batch.key, batches.hashBatch(batch), PARAMETERS);
    }

    /// @dev Up to seven rows, most of them good ones.
    function _rows(uint256 seed, Header memory header) private view returns (bytes memory rows) {
        uint256 count = _pick(seed, 20) % 8;
        for (uint256 i = 0; i < count; ++i) rows = bytes.concat(rows, _row(_pick(seed, 100 + i), header));
    }

    function _row(uint256 seed, Header memory header) private view returns (bytes memory) {
        uint256 key = 1 + (_pick(seed, 0) % KEYS);
        uint256 kind = _pick(seed, 1) % 12;
        uint128 amount = kind == 0 ? uint128(_pick(seed, 2)) : uint128(_pick(seed, 2) % 5e5);
        Book storage book = books[_idOf(header, VM.addr(key))];
        uint128 ceiling = uint128(book.claimed + book.unpaid + amount);
        if (kind == 1) ceiling = uint128(_pick(seed, 3) % (uint256(ceiling) + 1));
        if (kind == 2) ceiling = type(uint128).max;
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, _digest(kind, header, ceiling));
        if (kind == 6) r = bytes32(seed);
        if (kind == 7) (r, s) = (0, 0);
        return abi.encodePacked(r, (uint256(v - 27) << 255) | uint256(s), ceiling, amount);
    }

    /// @dev What a voucher's signature is over: now and then another node's, another model's, or another version's voucher.
    function _digest(uint256 kind, Header memory header, uint128 ceiling) private view returns (bytes32) {
        bytes32 nodeId = kind == 3 ? nodeIds[0] : header.nodeId;
        bytes32 modelId = kind == 4 ? modelIds[0] : header.modelId;
        return channels.hashVoucher(nodeId, modelId, kind == 5 ? 2 : 1, header.token, ceiling);
    }

    function _consent(Header memory header, uint256 key, address from) private view returns (bytes memory) {
        bytes32 digest = channels.hashChannelKey(header.nodeId, header.modelId, 1, header.token, from);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
