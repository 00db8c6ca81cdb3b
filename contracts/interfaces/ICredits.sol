// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ICredits
/// @notice Pull payments of a settlement contract: what it owes, and to whom. Never more than it holds.
interface ICredits {
    /// @notice A credit was paid out.
    event CreditWithdrawn(address indexed token, address indexed account, address to, uint256 amount);

    /// @notice The token moved another amount than asked for; such a token cannot pay.
    error Settlement_InexactTransfer(address token, uint256 expected, uint256 received);
    /// @notice There is nothing to withdraw.
    error Settlement_NoCredit(address token, address account);
    /// @notice The zero address cannot receive.
    error Settlement_ZeroAddress();

    /// @notice Pays the caller's whole credit in `token` to `to`.
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice Pays the whole credit of `account` in `token` to it. Anyone may.
    function withdrawFor(address token, address account) external returns (uint256 amount);

    /// @notice What an account can withdraw, in base units of `token`.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice What the contract owes in `token`: credits, and what it holds for payers. Never more than it holds.
    function owed(address token) external view returns (uint256);
}
