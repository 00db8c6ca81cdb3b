// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Bundle
/// @notice Makes several calls of one contract in one transaction.
contract Bundle {
    /// @notice Makes the calls, one after the other; reverts as the first that fails.
    function run(address target, bytes[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            Address.functionCall(target, calls[i]);
        }
    }
}
