// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {OutputCommitment} from "../../contracts/interfaces/IModelRegistry.sol";
import {Offer} from "../../contracts/interfaces/INodeRegistry.sol";
import {InferenceClaim} from "../../contracts/interfaces/IProofVerifier.sol";
import {
    Answer,
    DeliveryMode,
    ISettlement,
    Limits,
    Parameters,
    RequestStatus,
    Terms
} from "../../contracts/interfaces/ISettlement.sol";
import {Route} from "../../contracts/interfaces/IVerifierRegistry.sol";
import {ModelRegistry} from "../../contracts/registry/ModelRegistry.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {VerifierRegistry} from "../../contracts/registry/VerifierRegistry.sol";
import {HostileToken} from "../../contracts/test/HostileToken.sol";
import {TestUSD} from "../../contracts/test/TestUSD.sol";
import {VerifierDouble} from "../../contracts/test/VerifierDouble.sol";
import {OPG} from "../../contracts/token/OPG.sol";
import {Vm} from "./Vm.sol";

/// @notice Everything that anybody can do to the protocol, in any order, on two settlement modules over one node
/// registry, three nodes, and three fee tokens: a plain one, one that may take a fee on transfer, and OPG itself.
/// It keeps books of its own, from the terms alone, and notes whatever contradicts them.
contract SettlementHandler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes32 private constant BURNED = keccak256("Burned(bytes32,bytes32,uint128)");
    bytes private constant ROUTE_PARAMETERS = "parameters";
    uint256 public constant INITIAL_SUPPLY = 1e27;
    uint256 public constant ACTORS = 3;

    /// @notice What the books say of a request.
    struct Entry {
        Terms terms;
        bytes32 requestId;
        uint256 module;
        RequestStatus status;
        bytes32 outputHash;
        uint64 units;
    }

    /// @notice What happened, so that a run can show that it reached everything.
    enum Deed {
        REQUESTED_NAMED,
        REQUESTED_OPEN,
        REQUEST_REFUSED,
        DECLINED,
        DELIVERED,
        SETTLED,
        SETTLED_OPEN,
        SETTLED_AT_ONCE,
        PROOF_REFUSED,
        REFUNDED,
        DEFAULTED,
        VOIDED,
        LATE_REFUSED,
        WITHDRAWN,
        STAKED,
        UNBONDED,
        REBONDED,
        STAKE_LEFT,
        DONATED,
        PAUSED,
        FEE_ON_TRANSFER,
        REVOKED,
        PARAMETERS_CHANGED
    }

    OPG public immutable opg;
    NodeRegistry public immutable nodes;
    ModelRegistry private immutable models;
    VerifierRegistry private immutable verifiers;
    HostileToken private immutable odd;
    bytes32 private immutable modelId;
    ISettlement[2] public modules;
    address[3] public tokens;
    bytes32[3] public nodeIds;
    mapping(Route => uint32) private routeVersion;
    mapping(Route => uint32) private verifierOf;
    Entry[] private entries;
    uint256 private nonce;

    mapping(Deed => uint256) public deeds;
    /// @notice What was burned, by the registry's events.
    uint256 public burned;
    mapping(address holder => mapping(address token => uint256)) public donated;
    /// @notice The first contradiction between the books and the chain; empty if there is none.
    string public contradiction;

    constructor() {
        AccessManager manager = new AccessManager(address(this));
        opg = new OPG(address(this), INITIAL_SUPPLY);
        odd = new HostileToken();
        tokens = [address(new TestUSD()), address(odd), address(opg)];
        verifiers = new VerifierRegistry(address(manager), 0, new Route[](0), new address[](0));
        models = new ModelRegistry(verifiers);
        nodes = new NodeRegistry(address(manager), address(opg), address(0), 10_000, 1_000);
        for (uint256 i = 0; i < 2; ++i) {
            modules[i] = ISettlement(_deploySettlement(address(manager)));
            nodes.addModule(address(modules[i]));
            for (uint256 j = 0; j < 3; ++j) modules[i].setToken(tokens[j], true);
        }
        nodes.open();
        modelId = models.register("model", "");
        _useNewVerifier(Route.ZK);
        _useNewVerifier(Route.TEE);
        for (uint256 i = 0; i < ACTORS; ++i) _fund(i);
    }

    /// @dev From its artifact: compiled here, with this file's settings, it would be other code than what is deployed.
    function _deploySettlement(address manager) private returns (address deployed) {
        Limits memory limits = Limits(10e18, 1_000, 2_000, 2_000, 20, 100);
        Parameters memory parameters = Parameters(2e18, 1e18, 8_000, 200, 3);
        bytes memory creation = bytes.concat(
            VM.getCode("Settlement.sol:Settlement"),
            abi.encode(manager, nodes, models, verifiers, limits, parameters)
        );
        assembly ("memory-safe") {
            deployed := create(0, add(creation, 0x20), mload(creation))
        }
        require(deployed != address(0), "the settlement cannot be deployed");
    }

    function _fund(uint256 i) private {
        TestUSD(tokens[0]).mint(requester(i), 1e30);
        odd.mint(requester(i), 1e30);
        require(opg.transfer(requester(i), 1e24) && opg.transfer(owner(i), 1e24));
        for (uint256 module = 0; module < 2; ++module) {
            for (uint256 j = 0; j < 3; ++j) {
                VM.prank(requester(i));
                IERC20(tokens[j]).approve(address(modules[module]), type(uint256).max);
            }
        }
        VM.prank(owner(i));
        opg.approve(address(nodes), type(uint256).max);
        VM.prank(owner(i));
        nodeIds[i] = nodes.register(0, signer(i), payout(i), "", "");
        VM.prank(owner(i));
        nodes.stake(nodeIds[i], 5_000e18);
    }

    // --- who there is -------------------------------------------------------------------------------------------

    function owner(uint256 i) public pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    function signer(uint256 i) public pure returns (address) {
        return address(uint160(0x2000 + i));
    }

    function payout(uint256 i) public pure returns (address) {
        return address(uint160(0x3000 + i));
    }

    function requester(uint256 i) public pure returns (address) {
        return address(uint160(0x4000 + i));
    }

    function bystander() public pure returns (address) {
        return address(0x5000);
    }

    // --- requests -----------------------------------------------------------------------------------------------

    function request(uint256 seed) external {
        uint256 module = _pick(seed, 0) % 2;
        uint256 node = _pick(seed, 1) % ACTORS;
        bool open = _pick(seed, 2) % 3 == 0;
        Offer memory offer = _offer(seed, open ? bytes32(0) : nodeIds[node]);
        // One in eight is requested without standing.
        if (!open && _pick(seed, 3) % 8 != 0) {
            VM.prank(owner(node));
            nodes.postOffer(offer);
        }
        Terms memory terms = _terms(seed, module, offer);
        VM.prank(terms.requester);
        try modules[module].request(terms, "") returns (bytes32 requestId) {
            entries.push(Entry(terms, requestId, module, RequestStatus.REQUESTED, 0, 0));
            ++deeds[open ? Deed.REQUESTED_OPEN : Deed.REQUESTED_NAMED];
        } catch {
            ++deeds[Deed.REQUEST_REFUSED];
        }
    }

    function decline(uint256 seed) external {
        (Entry storage entry, uint256 node, bool found) = _find(seed, RequestStatus.REQUESTED);
        if (!found || entry.terms.offer.nodeId == 0) return;
        uint256[3] memory before = _look(entry, node);
        VM.prank(signer(node));
        try modules[entry.module].decline(entry.terms) {
            _ended(entry, node, before, RequestStatus.REQUESTED, RequestStatus.REFUNDED);
            ++deeds[Deed.DECLINED];
        } catch {}
    }

    function deliver(uint256 seed) external {
        (Entry storage entry, uint256 node, bool found) = _find(seed, RequestStatus.REQUESTED);
        if (!found || entry.terms.offer.nodeId == 0) return;
        Answer memory answer = _answer(seed, entry.terms.mode);
        VM.prank(signer(node));
        try modules[entry.module].deliver(entry.terms, answer) {
            _expect(entry.status == RequestStatus.REQUESTED, "delivered twice, or after the end");
            (entry.status, entry.outputHash, entry.units) = (RequestStatus.DELIVERED, answer.outputHash, answer.units);
            ++deeds[Deed.DELIVERED];
        } catch {
            ++deeds[Deed.LATE_REFUSED];
        }
    }

    function settle(uint256 seed) external {
        (Entry storage entry, uint256 node, bool found) = _find(seed, RequestStatus.DELIVERED);
        if (!found) return;
        bool falsified = _pick(seed, 9) % 4 == 0;
        bytes memory proof = _proof(entry, node, entry.outputHash, entry.units, falsified);
        uint256[3] memory before = _look(entry, node);
        VM.prank(bystander());
        try modules[entry.module].settle(entry.terms, entry.outputHash, entry.units, proof) {
            _expect(!falsified, "settled without a proof");
            _ended(entry, node, before, RequestStatus.DELIVERED, RequestStatus.SETTLED);
            ++deeds[Deed.SETTLED];
        } catch {
            ++deeds[falsified ? Deed.PROOF_REFUSED : Deed.LATE_REFUSED];
        }
    }

    function deliverAndSettle(uint256 seed) external {
        (Entry storage entry, uint256 node, bool found) = _find(seed, RequestStatus.REQUESTED);
        if (!found) return;
        bool open = entry.terms.offer.nodeId == 0;
        // Named requests are mostly left to the two steps.
        if (!open && _pick(seed, 8) % 4 != 0) return;
        Answer memory answer = _answer(seed, entry.terms.mode);
        bool falsified = _pick(seed, 9) % 4 == 0;
        bytes memory proof = _proof(entry, node, answer.outputHash, answer.units, falsified);
        uint256[3] memory before = _look(entry, node);
        VM.prank(signer(node));
        try modules[entry.module].deliverAndSettle(entry.terms, nodeIds[node], answer, proof) {
            _expect(!falsified, "settled at once without a proof");
            (entry.outputHash, entry.units) = (answer.outputHash, answer.units);
            _ended(entry, node, before, RequestStatus.REQUESTED, RequestStatus.SETTLED);
            ++deeds[open ? Deed.SETTLED_OPEN : Deed.SETTLED_AT_ONCE];
        } catch {
            ++deeds[falsified ? Deed.PROOF_REFUSED : Deed.LATE_REFUSED];
        }
    }

    function refund(uint256 seed) external {
        (Entry storage entry, uint256 node, bool found) = _find(seed, RequestStatus.REQUESTED);
        if (found) _refund(entry, node);
    }

    function claimDefault(uint256 seed) external {
        (Entry storage entry, uint256 node, bool found) = _find(seed, RequestStatus.DELIVERED);
        if (!found) return;
        if (entry.status == RequestStatus.DELIVERED && _pick(seed, 8) % 2 == 0) {
            VM.warp(block.timestamp + 3_000);
            VM.roll(block.number + 30);
        }
        _claimDefault(entry, node);
    }

    function voidRequest(uint256 seed) external {
        bool delivered = _pick(seed, 10) % 2 == 0;
        (Entry storage entry, uint256 node, bool found) = _find(
            seed,
            delivered ? RequestStatus.DELIVERED : RequestStatus.REQUESTED
        );
        if (found) _void(entry, node);
    }

    function withdraw(uint256 seed) external {
        uint256 who = _pick(seed, 2) % (2 * ACTORS + 1);
        address account =
            who == 2 * ACTORS
                ? bystander()
                : who < ACTORS
                    ? requester(who)
                    : payout(who - ACTORS);
        _withdraw(modules[_pick(seed, 0) % 2], tokens[_pick(seed, 1) % 3], account, _pick(seed, 3) % 2 == 0);
    }

    // --- stake --------------------------------------------------------------------------------------------------

    function stake(uint256 seed) external {
        VM.prank(owner(_pick(seed, 0) % ACTORS));
        try nodes.stake(nodeIds[_pick(seed, 1) % ACTORS], uint128(_pick(seed, 2) % 2_000e18)) {
            ++deeds[Deed.STAKED];
        } catch {}
    }

    function unbond(uint256 seed) external {
        uint256 node = _pick(seed, 0) % ACTORS;
        VM.prank(owner(node));
        try nodes.unbond(nodeIds[node], uint128(_pick(seed, 2) % 2_000e18)) {
            ++deeds[Deed.UNBONDED];
        } catch {}
    }

    function rebond(uint256 seed) external {
        uint256 node = _pick(seed, 0) % ACTORS;
        VM.prank(owner(node));
        try nodes.rebond(nodeIds[node], uint128(_pick(seed, 2) % 1_000e18)) {
            ++deeds[Deed.REBONDED];
        } catch {}
    }

    function withdrawStake(uint256 seed) external {
        uint256 node = _pick(seed, 0) % ACTORS;
        VM.prank(owner(node));
        try nodes.withdraw(nodeIds[node], owner(node)) {
            ++deeds[Deed.STAKE_LEFT];
        } catch {}
    }

    // --- circumstances ------------------------------------------------------------------------------------------

    function passTime(uint256 seed) external {
        VM.warp(block.timestamp + (_pick(seed, 0) % 6 == 0 ? _pick(seed, 1) % 12_000 : _pick(seed, 1) % 600));
        VM.roll(block.number + (_pick(seed, 2) % 8));
    }

    function donate(uint256 seed) external {
        address token = tokens[_pick(seed, 0) % 3];
        uint256 to = _pick(seed, 1) % 3;
        address holder = to == 2 ? address(nodes) : address(modules[to]);
        uint256 held = IERC20(token).balanceOf(holder);
        VM.prank(requester(0));
        require(IERC20(token).transfer(holder, _pick(seed, 2) % 1e18));
        donated[holder][token] += IERC20(token).balanceOf(holder) - held;
        ++deeds[Deed.DONATED];
    }

    function interfere(uint256 seed) external {
        uint256 how = _pick(seed, 0) % 9;
        ISettlement module = modules[_pick(seed, 1) % 2];
        if (how == 0) {
            module.pause();
            ++deeds[Deed.PAUSED];
        } else if (how == 1) {
            odd.setFee(_pick(seed, 2) % 2 == 0 ? 0 : 100);
            ++deeds[Deed.FEE_ON_TRANSFER];
        } else if (how == 2) {
            Route route = Route(_pick(seed, 2) % 2);
            if (_pick(seed, 3) % 2 == 0) verifiers.freeze(verifierOf[route]);
            else verifiers.revoke(verifierOf[route]);
            _useNewVerifier(route);
            ++deeds[Deed.REVOKED];
        } else if (how == 3) {
            uint16 compensation = uint16(_pick(seed, 4) % 9_001);
            module.scheduleParameters(
                Parameters(
                    uint96(_pick(seed, 2) % 10e18),
                    uint96(_pick(seed, 3) % 10e18),
                    compensation,
                    uint16(_pick(seed, 5) % 1_001),
                    uint24(_pick(seed, 6) % 21)
                )
            );
        } else if (how == 4) {
            try module.applyParameters() {
                ++deeds[Deed.PARAMETERS_CHANGED];
            } catch {}
        } else if (how == 6) {
            (address verifier, , ) = verifiers.verifierOf(verifierOf[Route(_pick(seed, 2) % 2)]);
            VerifierDouble(verifier).setVoid(nodeIds[_pick(seed, 3) % ACTORS], _pick(seed, 4) % 2 == 0);
        } else if (how == 5) {
            uint256 node = _pick(seed, 2) % ACTORS;
            VM.prank(signer(node));
            try nodes.pause(nodeIds[node]) {} catch {}
        } else {
            // Nothing stays shut for long.
            modules[0].unpause();
            modules[1].unpause();
            for (uint256 i = 0; i < ACTORS; ++i) {
                VM.prank(owner(i));
                try nodes.unpause(nodeIds[i]) {} catch {}
            }
        }
    }

    // --- the end ------------------------------------------------------------------------------------------------

    /// @notice Ends whatever is open by the exits that anybody can take, and pays out every credit.
    function endEverything() external {
        VM.warp(block.timestamp + 1_000_000);
        VM.roll(block.number + 1_000);
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry storage entry = entries[i];
            uint256 node = entry.terms.offer.nodeId == 0 ? 0 : _indexOf(entry.terms.offer.nodeId);
            _refund(entry, node);
            _claimDefault(entry, node);
            _void(entry, node);
        }
        for (uint256 i = 0; i < 2 * 3; ++i) {
            ISettlement module = modules[i % 2];
            address token = tokens[i % 3];
            _withdraw(module, token, bystander(), false);
            for (uint256 j = 0; j < ACTORS; ++j) {
                _withdraw(module, token, requester(j), false);
                _withdraw(module, token, payout(j), false);
            }
        }
    }

    // --- the books ----------------------------------------------------------------------------------------------

    /// @notice What a module owes by the books: the escrow of open requests, and everybody's credit.
    function owedBy(uint256 module, address token) external view returns (uint256 sum) {
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry storage entry = entries[i];
            if (entry.module == module && entry.terms.offer.token == token && _isOpen(entry)) sum += entry.terms.maxFee;
        }
        ISettlement settlement = modules[module];
        sum += settlement.creditOf(token, bystander());
        for (uint256 i = 0; i < ACTORS; ++i) {
            sum += settlement.creditOf(token, requester(i)) + settlement.creditOf(token, payout(i));
        }
    }

    /// @notice The bonds of the requests that are open by the books.
    function openBonds() external view returns (uint256 sum) {
        for (uint256 i = 0; i < entries.length; ++i) {
            Terms storage terms = entries[i].terms;
            if (terms.offer.nodeId != 0 && _isOpen(entries[i])) sum += terms.offer.coverage + terms.verificationFee;
        }
    }

    /// @notice Whether every request stands where the books say, with no claim settled but the one that they name.
    function statusesAgree() external view returns (bool) {
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry storage entry = entries[i];
            ISettlement module = modules[entry.module];
            if (module.statusOf(entry.requestId) != entry.status) return false;
            if (module.isSettled(entry.requestId) != (entry.status == RequestStatus.SETTLED)) return false;
            if (modules[1 - entry.module].statusOf(entry.requestId) != RequestStatus.NONE) return false;
        }
        return true;
    }

    function openCount() external view returns (uint256 count) {
        for (uint256 i = 0; i < entries.length; ++i) if (_isOpen(entries[i])) ++count;
    }

    function _isOpen(Entry storage entry) private view returns (bool) {
        return entry.status == RequestStatus.REQUESTED || entry.status == RequestStatus.DELIVERED;
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition && bytes(contradiction).length == 0) contradiction = otherwise;
    }

    /// @dev Requester's credit, payout's credit, and the supply; the burn events are recorded from here on.
    function _look(Entry storage entry, uint256 node) private returns (uint256[3] memory) {
        VM.recordLogs();
        ISettlement module = modules[entry.module];
        address token = entry.terms.offer.token;
        return [module.creditOf(token, entry.terms.requester), module.creditOf(token, payout(node)), opg.totalSupply()];
    }

    /// @dev Requires, for one request that ended: paid + returned = escrowed, the operator's fee exact, and the burn as
    /// agreed and as the events say.
    function _ended(
        Entry storage entry,
        uint256 node,
        uint256[3] memory before,
        RequestStatus from,
        RequestStatus to
    ) private {
        uint256 burn = _burnEvents();
        uint256[3] memory now_ = _look(entry, node);
        Terms storage terms = entry.terms;
        _expect(entry.status == from, "a request changed after its end, or out of turn");
        entry.status = to;

        (uint256 returned, uint256 paid) = (now_[0] - before[0], now_[1] - before[1]);
        uint256 agreedBurn = 0;
        uint256 agreedFee = 0;
        if (to == RequestStatus.SETTLED) {
            agreedFee = terms.offer.pricePerRequest + uint256(entry.units) * terms.offer.pricePerUnit;
            if (agreedFee > terms.maxFee) agreedFee = terms.maxFee;
            agreedBurn = terms.verificationFee;
        } else if (to == RequestStatus.DEFAULTED) {
            uint256 coverage = terms.offer.coverage;
            uint256 compensation = (coverage * terms.compensationBps) / 10_000;
            agreedBurn = coverage - compensation - (coverage * terms.rewardBps) / 10_000;
            if (terms.offer.token == address(opg)) returned -= compensation;
        }
        _expect(paid == agreedFee, "the operator was paid another fee");
        _expect(paid + returned == terms.maxFee, "paid and returned is not what was escrowed");
        _expect(burn == agreedBurn, "another amount was burned than agreed");
        _expect(burn == before[2] - now_[2], "the supply fell by another amount than the events say");
        burned += burn;
    }

    function _burnEvents() private returns (uint256 sum) {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(nodes) && logs[i].topics[0] == BURNED) {
                sum += abi.decode(logs[i].data, (uint128));
            }
        }
    }

    // --- exits --------------------------------------------------------------------------------------------------

    function _refund(Entry storage entry, uint256 node) private {
        uint256[3] memory before = _look(entry, node);
        VM.prank(bystander());
        try modules[entry.module].refund(entry.terms) {
            _ended(entry, node, before, RequestStatus.REQUESTED, RequestStatus.REFUNDED);
            ++deeds[Deed.REFUNDED];
        } catch {}
    }

    function _claimDefault(Entry storage entry, uint256 node) private {
        uint256[3] memory before = _look(entry, node);
        VM.prank(bystander());
        try modules[entry.module].claimDefault(entry.terms) {
            _ended(entry, node, before, RequestStatus.DELIVERED, RequestStatus.DEFAULTED);
            ++deeds[Deed.DEFAULTED];
        } catch {}
    }

    function _void(Entry storage entry, uint256 node) private {
        uint256[3] memory before = _look(entry, node);
        RequestStatus status = entry.status;
        bool open = _isOpen(entry);
        try modules[entry.module].voidRequest(entry.terms) {
            _expect(open, "voided after the end");
            _ended(entry, node, before, status, RequestStatus.VOIDED);
            ++deeds[Deed.VOIDED];
        } catch {}
    }

    function _withdraw(ISettlement module, address token, address account, bool own) private {
        uint256 credit = module.creditOf(token, account);
        uint256 held = IERC20(token).balanceOf(address(module));
        bool done;
        if (own) {
            VM.prank(account);
            try module.withdraw(token, account) {
                done = true;
            } catch {}
        } else {
            try module.withdrawFor(token, account) {
                done = true;
            } catch {}
        }
        _expect(done == (credit != 0), "a credit could not be withdrawn, or nothing could");
        _expect(held - IERC20(token).balanceOf(address(module)) == credit, "another amount than the credit left");
        if (done) ++deeds[Deed.WITHDRAWN];
    }

    // --- choices ------------------------------------------------------------------------------------------------

    function _pick(uint256 seed, uint256 what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }

    /// @dev A request in the wanted status, if there is one; one time in eight any, so that whatever is out of turn is
    /// tried as well. For an open request, `node` is any.
    function _find(
        uint256 seed,
        RequestStatus wanted
    ) private view returns (Entry storage entry, uint256 node, bool found) {
        uint256 count = entries.length;
        bool any = _pick(seed, 5) % 8 == 0;
        // Mostly a recent one: the deadlines of the others have passed.
        uint256 start = _pick(seed, 6);
        if (count > 8 && start % 4 != 0) start = count - 1 - (start % 8);
        assembly {
            // A storage pointer has to point somewhere, even if `found` says that it does not matter.
            entry.slot := 0
        }
        for (uint256 i = 0; i < count && !found; ++i) {
            entry = entries[((start % count) + i) % count];
            found = any || entry.status == wanted;
        }
        if (found) {
            bytes32 nodeId = entry.terms.offer.nodeId;
            node = nodeId == 0 ? _pick(seed, 7) % ACTORS : _indexOf(nodeId);
        }
    }

    function _indexOf(bytes32 nodeId) private view returns (uint256 i) {
        while (nodeIds[i] != nodeId) ++i;
    }

    function _offer(uint256 seed, bytes32 nodeId) private view returns (Offer memory) {
        bool open = nodeId == 0;
        Route route = Route(_pick(seed, 11) % 2);
        return
            Offer({
                nodeId: nodeId,
                modelId: modelId,
                route: route,
                routeVersion: routeVersion[route],
                token: tokens[_pick(seed, 12) % 3],
                pricePerRequest: uint128(_pick(seed, 13) % 1e6),
                pricePerUnit: uint128(_pick(seed, 14) % 1e3),
                coverage: open ? 0 : uint128(_pick(seed, 15) % 300e18),
                deliveryWindow: uint32(200 + (_pick(seed, 16) % 800)),
                proofWindow: open ? 0 : uint32(_pick(seed, 17) % 2_000)
            });
    }

    function _terms(uint256 seed, uint256 module, Offer memory offer) private returns (Terms memory) {
        Parameters memory parameters = modules[module].parameters();
        return
            Terms({
                requester: requester(_pick(seed, 18) % ACTORS),
                nonce: ++nonce,
                deadline: type(uint64).max,
                maxFee: offer.pricePerRequest + uint128(_pick(seed, 19) % 1e6),
                verificationFee: offer.route == Route.ZK ? parameters.zkVerificationFee : parameters.teeVerificationFee,
                compensationBps: parameters.compensationBps,
                rewardBps: parameters.rewardBps,
                proofBlocks: parameters.proofBlocks,
                inputHash: bytes32(seed),
                mode: DeliveryMode(_pick(seed, 20) % 2),
                consumer: address(0),
                offer: offer
            });
    }

    function _answer(uint256 seed, DeliveryMode mode) private pure returns (Answer memory) {
        bytes memory output = abi.encode(seed);
        bool onchain = mode == DeliveryMode.ONCHAIN;
        return Answer(keccak256(output), uint64(_pick(seed, 21) % 2_000), onchain ? output : bytes(""), "");
    }

    function _proof(
        Entry storage entry,
        uint256 node,
        bytes32 outputHash,
        uint64 units,
        bool falsified
    ) private view returns (bytes memory) {
        InferenceClaim memory claim = InferenceClaim(
            entry.requestId,
            modelId,
            nodeIds[node],
            entry.terms.inputHash,
            outputHash,
            units
        );
        bytes32 claimHash = modules[entry.module].hashClaim(claim);
        if (falsified) claim.units += 1;
        return abi.encode(claim, claimHash, ROUTE_PARAMETERS);
    }

    function _useNewVerifier(Route route) private {
        verifierOf[route] = verifiers.add(route, address(new VerifierDouble()));
        routeVersion[route] = models.setRoute(
            modelId,
            route,
            verifierOf[route],
            OutputCommitment.KECCAK256,
            ROUTE_PARAMETERS
        );
    }
}
