// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICredits} from "../interfaces/ICredits.sol";
import {Permit} from "../interfaces/ISettlement.sol";

/// @title Credits
/// @notice Pull payments, by exact counters: a receiver that a token blocks can never block a settlement.
/// @dev Invariant, per token: the balance held here ≥ `owed` = what is held for payers (open escrow, or channels) + Σ `creditOf`.
abstract contract Credits is ICredits, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ICredits
    mapping(address token => mapping(address account => uint256)) public creditOf;
    /// @inheritdoc ICredits
    mapping(address token => uint256) public owed;

    /// @inheritdoc ICredits
    function withdraw(address token, address to) external returns (uint256 amount) {
        require(to != address(0), Settlement_ZeroAddress());
        return _withdraw(token, msg.sender, to);
    }

    /// @inheritdoc ICredits
    function withdrawFor(address token, address account) external returns (uint256 amount) {
        return _withdraw(token, account, account);
    }

    function _credit(address token, address account, uint256 amount) internal {
        if (amount != 0) creditOf[token][account] += amount;
    }

    /// @dev Anybody can use up a permit that is in the mempool; then the allowance is there already.
    function _permit(address token, address owner, Permit calldata p) internal {
        try IERC20Permit(token).permit(owner, address(this), p.value, p.deadline, p.v, p.r, p.s) {} catch {}
    }

    function _pull(address token, address from, uint256 amount) internal {
        uint256 balance = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - balance;
        require(received == amount, Settlement_InexactTransfer(token, amount, received));
    }

    function _withdraw(address token, address account, address to) private nonReentrant returns (uint256 amount) {
        amount = creditOf[token][account];
        require(amount != 0, Settlement_NoCredit(token, account));
        creditOf[token][account] = 0;
        owed[token] -= amount;
        emit CreditWithdrawn(token, account, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }
}
