// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title LyingToken
/// @notice A token that claims to have paid the caller all there could be, each time that its balance is asked for twice
/// in one transaction.
contract LyingToken {
    uint256 private _slot;

    /// @notice Sends nothing, and says that it did.
    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }

    /// @notice Nothing at the first asking in a transaction, and the largest number from then on: a slot is dearer to read
    /// while it is cold (EIP-2929), which a view can notice.
    function balanceOf(address) external view returns (uint256 amount) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let before := gas()
            let value := sload(_slot.slot)
            if lt(sub(before, gas()), 1000) {
                amount := not(value)
            }
        }
    }
}
