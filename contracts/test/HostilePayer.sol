// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title HostilePayer
/// @notice A contract that pays, and answers questions about its signatures with the manners of an attacker.
contract HostilePayer {
    /// @notice What it does when it is asked.
    enum Manner {
        REFUSE,
        REVERT,
        BURN_GAS,
        LONG_ANSWER,
        NO_ANSWER
    }

    /// @notice The present manner.
    Manner public manner;

    /// @notice Sets the manner.
    function setManner(Manner manner_) external {
        manner = manner_;
    }

    /// @notice ERC-1271.
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        Manner m = manner;
        if (m == Manner.REFUSE) return 0xffffffff;
        assembly ("memory-safe") {
            switch m
            case 1 {
                revert(0, 0)
            }
            case 2 {
                for {} 1 {} {}
            }
            case 3 {
                return(0, 60000)
            }
            default {
                return(0, 0)
            }
        }
    }
}
