// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {TestUSD} from "./TestUSD.sol";
import {IDepositCollector} from "./X402StandIn.sol";

/// @title X402Collector
/// @notice Stands in for x402's collector of ERC-3009 deposits in tests: the authorization's nonce binds the channel.
contract X402Collector is IDepositCollector {
    using SafeERC20 for IERC20;

    /// @notice Where deposits go.
    address public immutable x402;

    error OnlyX402();

    /// @param x402_ Where deposits go.
    constructor(address x402_) {
        x402 = x402_;
    }

    /// @inheritdoc IDepositCollector
    /// @param data abi.encode(validAfter, validBefore, salt, signature).
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata data) external {
        require(msg.sender == x402, OnlyX402());
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) = abi.decode(
            data,
            (uint256, uint256, uint256, bytes)
        );
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        TestUSD(token).receiveWithAuthorization(
            payer,
            address(this),
            amount,
            validAfter,
            validBefore,
            nonce,
            signature
        );
        IERC20(token).safeTransfer(x402, amount);
    }
}
