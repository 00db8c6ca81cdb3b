// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestUSD} from "./TestUSD.sol";
import {IDepositCollector} from "./X402StandIn.sol";

/// @title X402HostileCollector
/// @notice A depositor's collector that makes the deposit it was asked for, and a call in the middle of it.
contract X402HostileCollector is IDepositCollector {
    /// @notice What became of the call.
    event Called(bool success, bytes result);

    /// @inheritdoc IDepositCollector
    /// @param data abi.encode(target, call).
    function collect(address, address token, uint256 amount, bytes32, bytes calldata data) external {
        (address target, bytes memory call) = abi.decode(data, (address, bytes));
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, bytes memory result) = target.call(call);
        emit Called(success, result);
        TestUSD(token).mint(msg.sender, amount);
    }
}
