// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICredits} from "../../contracts/interfaces/ICredits.sol";
import {Account} from "../../contracts/interfaces/INodeRegistry.sol";
import {BatchHandler} from "./BatchHandler.sol";

/// @notice Laws 1 to 3 with channels and batches, law 5 of sequence numbers, and `claimed ≤ min(ceiling, proven, deposited)`
/// of every channel, after whatever {BatchHandler} did.
/// @dev To run it alone: `hardhat build`, then
/// `hardhat test solidity test/invariants/BatchHandler.sol test/invariants/BatchLaws.t.sol`.
contract BatchLawsTest {
    BatchHandler private handler;

    function setUp() external {
        handler = new BatchHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_Law1_EveryTokenIsThereThatIsOwedToPayersAndNodes() external view {
        _law1();
    }

    function invariant_Law2_TheRegistryHoldsEveryAccountAfterBurnsAndSlashes() external view {
        _law2();
    }

    function invariant_Law3_WhatBatchesAndSlashesBurnedIsGone() external view {
        _law3();
    }

    function invariant_ChannelsPayAtMostWhatIsSignedProvenAndDeposited() external view {
        _channels();
    }

    /// @notice After any history, every payer gets what is left, every credit leaves, and nothing stays behind.
    function testFuzz_EveryChannelEmptiesAndEveryCreditLeaves(uint256 seed) external {
        for (uint256 i = 0; i < 40; ++i) _act(uint256(keccak256(abi.encode(seed, i))));
        _allLaws();
        handler.endEverything();
        _allLaws();
        for (uint256 i = 0; i < handler.TOKENS(); ++i) {
            address token = handler.tokens(i);
            address batches = address(handler.batches());
            require(ICredits(batches).owed(token) == 0, "something is still owed");
            require(IERC20(token).balanceOf(batches) == handler.donated(batches, token), "something is stranded");
        }
    }

    /// @notice The handler reaches everything: otherwise the laws above would hold of nothing.
    function test_TheHandlerDoesEverything() external {
        for (uint256 i = 0; i < 800; ++i) _act(uint256(keccak256(abi.encode("coverage", i))));
        _allLaws();
        for (uint256 deed = 0; deed <= uint256(type(BatchHandler.Deed).max); ++deed) {
            require(handler.deeds(BatchHandler.Deed(deed)) > 0, string.concat("never done: deed ", _decimal(deed)));
        }
    }

    // --- laws ---------------------------------------------------------------------------------------------------

    function _allLaws() private view {
        _law1();
        _law2();
        _law3();
        _channels();
    }

    function _law1() private view {
        address batches = address(handler.batches());
        for (uint256 i = 0; i < handler.TOKENS(); ++i) {
            address token = handler.tokens(i);
            uint256 owed = ICredits(batches).owed(token);
            require(owed == handler.owedBy(i), "owed is not the channels' balances and credits");
            uint256 surplus = handler.donated(batches, token);
            require(IERC20(token).balanceOf(batches) == owed + surplus, "the balance is not what is owed");
        }
    }

    function _law2() private view {
        uint256 sum = 0;
        for (uint256 i = 0; i < handler.NODES(); ++i) {
            Account memory account = handler.nodes().accountOf(handler.nodeIds(i));
            sum += uint256(account.free) + account.bonded + account.unbonding;
        }
        require(handler.opg().balanceOf(address(handler.nodes())) == sum, "the registry holds another amount");
    }

    function _law3() private view {
        require(
            handler.opg().totalSupply() + handler.burned() == handler.INITIAL_SUPPLY(),
            "supply and burn are not the initial supply"
        );
    }

    function _channels() private view {
        require(handler.channelsAgree(), "a channel is not as the books say");
        require(bytes(handler.contradiction()).length == 0, handler.contradiction());
    }

    // --- steps --------------------------------------------------------------------------------------------------

    function _act(uint256 seed) private {
        uint256 what = seed % 24;
        if (what < 4) handler.open(seed);
        else if (what < 6) handler.deposit(seed);
        else if (what < 13) handler.settle(seed);
        else if (what == 13) handler.replay();
        else if (what < 16) handler.claim(seed);
        else if (what == 16) handler.equivocate(seed);
        else if (what == 17) handler.announce(seed);
        else if (what < 20) handler.withdrawChannel(seed);
        else if (what == 20) handler.withdraw(seed);
        else if (what == 21) handler.passTime(seed);
        else if (what == 22) handler.stake(seed);
        else handler.donate(seed);
    }

    function _decimal(uint256 value) private pure returns (string memory) {
        if (value < 10) return string(abi.encodePacked(bytes1(uint8(48 + value))));
        return string.concat(_decimal(value / 10), _decimal(value % 10));
    }
}
