// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Account} from "../../contracts/interfaces/INodeRegistry.sol";
import {SettlementHandler} from "./SettlementHandler.sol";

/// @notice Laws 1 to 5, after whatever {SettlementHandler} did. Each is an equation with the handler's own books, so
/// nothing can be created, and nothing stranded either.
/// @dev To run it alone: `hardhat build`, for the settlement's artifact is what is deployed, then
/// `hardhat test solidity test/invariants/SettlementHandler.sol test/invariants/SettlementLaws.t.sol`; the fuzzer only
/// calls contracts whose source is named.
contract SettlementLawsTest {
    SettlementHandler private handler;

    function setUp() external {
        handler = new SettlementHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_Law1_EveryTokenIsThereThatIsOwed() external view {
        _law1();
    }

    function invariant_Law2_TheRegistryHoldsEveryAccount() external view {
        _law2();
    }

    function invariant_Law3_WhatBurnedIsGoneAndNothingElse() external view {
        _law3();
    }

    function invariant_Law4_BondedIsTheBondsOfOpenRequests() external view {
        _law4();
    }

    function invariant_Law5_WhatEndedNeverChanges() external view {
        _law5();
    }

    /// @notice After any history, the exits that anybody can take end every request, and every token leaves.
    function testFuzz_EverythingEndsAndEveryCreditLeaves(uint256 seed) external {
        for (uint256 i = 0; i < 40; ++i) _act(uint256(keccak256(abi.encode(seed, i))));
        _allLaws();
        handler.endEverything();
        _allLaws();
        require(handler.openCount() == 0, "a request cannot be ended");
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 3; ++j) {
                address token = handler.tokens(j);
                require(handler.modules(i).owed(token) == 0, "something is still owed");
                uint256 left = IERC20(token).balanceOf(address(handler.modules(i)));
                require(left == handler.donated(address(handler.modules(i)), token), "something is stranded");
            }
        }
        (, uint256 bonded, ) = _accounts();
        require(bonded == 0, "a bond is stranded");
    }

    /// @notice The handler reaches every state: otherwise the laws above would hold of nothing.
    function test_TheHandlerDoesEverything() external {
        for (uint256 i = 0; i < 1_500; ++i) _act(uint256(keccak256(abi.encode("coverage", i))));
        _allLaws();
        for (uint256 deed = 0; deed <= uint256(type(SettlementHandler.Deed).max); ++deed) {
            uint256 times = handler.deeds(SettlementHandler.Deed(deed));
            require(times > 0, string.concat("never done: deed ", _decimal(deed)));
        }
    }

    // --- laws ---------------------------------------------------------------------------------------------------

    function _allLaws() private view {
        _law1();
        _law2();
        _law3();
        _law4();
        _law5();
    }

    function _law1() private view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 3; ++j) {
                address token = handler.tokens(j);
                address module = address(handler.modules(i));
                uint256 owed = handler.modules(i).owed(token);
                require(owed == handler.owedBy(i, token), "owed is not open escrow and credits");
                uint256 surplus = handler.donated(module, token);
                require(IERC20(token).balanceOf(module) == owed + surplus, "the balance is not what is owed");
            }
        }
    }

    function _law2() private view {
        (uint256 free, uint256 bonded, uint256 unbonding) = _accounts();
        address registry = address(handler.nodes());
        uint256 surplus = handler.donated(registry, address(handler.opg()));
        require(
            handler.opg().balanceOf(registry) == free + bonded + unbonding + surplus,
            "the registry's balance is not the sum of its accounts"
        );
    }

    function _law3() private view {
        require(
            handler.opg().totalSupply() + handler.burned() == handler.INITIAL_SUPPLY(),
            "supply and burn are not the initial supply"
        );
    }

    function _law4() private view {
        (, uint256 bonded, ) = _accounts();
        require(bonded == handler.openBonds(), "bonded is not the bonds of open requests");
    }

    function _law5() private view {
        require(handler.statusesAgree(), "a request is not where the books say");
        require(bytes(handler.contradiction()).length == 0, handler.contradiction());
    }

    function _accounts() private view returns (uint256 free, uint256 bonded, uint256 unbonding) {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            Account memory account = handler.nodes().accountOf(handler.nodeIds(i));
            (free, bonded, unbonding) = (free + account.free, bonded + account.bonded, unbonding + account.unbonding);
        }
    }

    // --- steps --------------------------------------------------------------------------------------------------

    function _act(uint256 seed) private {
        uint256 what = seed % 22;
        if (what < 5) handler.request(seed);
        else if (what == 5) handler.decline(seed);
        else if (what < 9) handler.deliver(seed);
        else if (what < 11) handler.settle(seed);
        else if (what < 13) handler.deliverAndSettle(seed);
        else if (what == 13) handler.refund(seed);
        else if (what == 14) handler.claimDefault(seed);
        else if (what == 15) handler.voidRequest(seed);
        else if (what == 16) handler.withdraw(seed);
        else if (what == 17) handler.stake(seed);
        else if (what == 18) (seed >> 8) % 3 == 0 ? handler.rebond(seed) : handler.unbond(seed);
        else if (what == 19) (seed >> 8) % 2 == 0 ? handler.withdrawStake(seed) : handler.donate(seed);
        else if (what == 20) handler.passTime(seed);
        else handler.interfere(seed);
    }

    function _decimal(uint256 value) private pure returns (string memory) {
        if (value < 10) return string(abi.encodePacked(bytes1(uint8(48 + value))));
        return string.concat(_decimal(value / 10), _decimal(value % 10));
    }
}
