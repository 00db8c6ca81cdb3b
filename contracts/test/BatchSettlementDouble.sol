// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBatchLedger} from "../interfaces/IBatchLedger.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IX402BatchSettlement} from "../interfaces/IX402BatchSettlement.sol";
import {X402Gates} from "../settlement/X402Gates.sol";

/// @title BatchSettlementDouble
/// @notice The batch settlement as a gate sees it, where every batch is proven: for tests of gates alone.
contract BatchSettlementDouble {
    /// @notice The gates that obey this contract.
    X402Gates public immutable gates;

    /// @notice What came from a gate.
    event Paid(uint256 amount);

    /// @param x402 x402's channels.
    /// @param nodes The nodes.
    constructor(IX402BatchSettlement x402, INodeRegistry nodes) {
        gates = new X402Gates(x402, nodes);
    }

    /// @notice Settles a batch whose ledger is `gate`.
    function prove(IBatchLedger gate, bytes32 nodeId, address token, bytes calldata rows) external {
        uint256 before = IERC20(token).balanceOf(address(this));
        gate.claimProven(nodeId, token, rows);
        emit Paid(IERC20(token).balanceOf(address(this)) - before);
    }

    /// @notice Draws what is unpaid.
    function claim(IBatchLedger gate, bytes32 nodeId, address token, bytes calldata rows) external {
        uint256 before = IERC20(token).balanceOf(address(this));
        gate.claimUnpaid(nodeId, token, rows);
        emit Paid(IERC20(token).balanceOf(address(this)) - before);
    }
}
