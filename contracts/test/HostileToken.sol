// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestUSD} from "./TestUSD.sol";

/// @title HostileToken
/// @notice A token with the habits that a settlement has to survive: a fee on transfer, blocked accounts, and calls in
/// the middle of a transfer.
contract HostileToken is TestUSD {
    /// @notice What became of the call that a transfer made.
    event Called(bool success, bytes result);

    /// @notice The account may neither send nor receive.
    error HostileToken_Blocked(address account);

    /// @notice Taken from every transfer, in 1/10,000.
    uint256 public feeBps;
    /// @notice Accounts that may neither send nor receive.
    mapping(address account => bool) public isBlocked;
    address private _target;
    bytes private _data;

    /// @notice Sets the fee of later transfers.
    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    /// @notice Blocks or unblocks an account.
    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    /// @notice Makes every later transfer call `target` first; zero for no more.
    function setCall(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!isBlocked[from], HostileToken_Blocked(from));
        require(!isBlocked[to], HostileToken_Blocked(to));
        if (from == address(0)) return super._update(from, to, value);
        if (_target != address(0)) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory result) = _target.call(_data);
            emit Called(success, result);
        }
        uint256 fee = (value * feeBps) / 10_000;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}
