// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {X402GateHandler} from "./X402GateHandler.sol";

/// @notice `totalClaimed ≤ min(ceiling, proven, balance)` of every x402 channel, and no unit lost or gained on the way
/// through the gate, after whatever {X402GateHandler} did.
/// @dev To run it alone: `hardhat build`, then
/// `hardhat test solidity test/invariants/X402GateHandler.sol test/invariants/X402GateLaws.t.sol`.
contract X402GateLawsTest {
    X402GateHandler private handler;

    function setUp() external {
        handler = new X402GateHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_ChannelsPayAtMostWhatIsSignedProvenAndDeposited() external view {
        _laws();
    }

    function testFuzz_AnyHistoryKeepsTheLaws(uint256 seed) external {
        for (uint256 i = 0; i < 30; ++i) {
            _act(uint256(keccak256(abi.encode(seed, i))));
            _laws();
        }
    }

    /// @notice The handler reaches everything: otherwise the laws above would hold of nothing.
    function test_TheHandlerDoesEverything() external {
        for (uint256 i = 0; i < 300; ++i) _act(uint256(keccak256(abi.encode("coverage", i))));
        _laws();
        for (uint256 deed = 0; deed <= uint256(type(X402GateHandler.Deed).max); ++deed) {
            require(handler.deeds(X402GateHandler.Deed(deed)) > 0, "a deed was never done");
        }
    }

    function _laws() private view {
        require(bytes(handler.contradiction()).length == 0, handler.contradiction());
        require(handler.channelsAgree(), "a channel is not as the books say");
        address x402 = address(handler.x402());
        require(handler.token().balanceOf(x402) == handler.heldByX402(), "x402 holds another amount");
        require(handler.token().balanceOf(address(handler.gate())) == handler.given(), "the gate holds another amount");
    }

    function _act(uint256 seed) private {
        uint256 what = seed % 16;
        if (what < 3) handler.deposit(seed);
        else if (what < 11) handler.settle(seed);
        else if (what == 11) handler.withdraw(seed);
        else if (what == 12) handler.refund(seed);
        else if (what == 13) handler.trap(seed);
        else if (what == 14) handler.donate(seed);
        else handler.sweep();
    }
}
