// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Sha384} from "../attestation/Sha384.sol";

/// @notice Sha384, callable from outside: over dirty memory, in batches, and with its gas.
contract Sha384Harness {
    /// @notice The digest, after everything beyond the free memory pointer that Sha384 might touch was filled with ones.
    function hashDirty(
        bytes memory data,
        uint256 offset,
        uint256 length
    ) public pure returns (uint256 hi, uint256 lo, bytes32 after_) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            for {
                let i := 0
            } lt(i, 0x1000) {
                i := add(i, 0x20)
            } {
                mstore(add(free, i), not(0))
            }
        }
        (hi, lo) = Sha384.hash(data, offset, length);
        after_ = keccak256(data);
    }

    /// @notice The digests of the first `from`, `from` + 1, ... `to` - 1 bytes of `data`.
    function hashPrefixes(bytes memory data, uint256 from, uint256 to) external pure returns (bytes memory digests) {
        for (uint256 i = from; i < to; ++i) {
            (uint256 hi, uint256 lo, ) = hashDirty(data, 0, i);
            digests = bytes.concat(digests, bytes16(uint128(hi)), bytes32(lo));
        }
    }

    /// @notice The gas that one hash of all of `data` takes.
    function gasOf(bytes memory data) external view returns (uint256 gas) {
        gas = gasleft();
        Sha384.hash(data);
        gas -= gasleft();
    }
}
