// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title P384Table
/// @notice A contract whose code is data: the fixed-base table of P384Verifier, which checks its hash.
contract P384Table {
    /// @param table The table's bytes, as `p384Table` of the SDK computes them.
    constructor(bytes memory table) {
        assembly ("memory-safe") {
            return(add(table, 0x20), mload(table))
        }
    }
}
