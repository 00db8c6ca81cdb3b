// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title LogEmitter
/// @notice Emits whatever log it is told to: a contract that pretends to be another one.
contract LogEmitter {
    /// @notice Emits a log of one to four topics.
    function emitLog(bytes32[] calldata topics, bytes calldata data) external {
        bytes memory payload = data;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := topics.offset
            let start := add(payload, 0x20)
            let size := mload(payload)
            switch topics.length
            case 1 {
                log1(start, size, calldataload(at))
            }
            case 2 {
                log2(start, size, calldataload(at), calldataload(add(at, 0x20)))
            }
            case 3 {
                log3(start, size, calldataload(at), calldataload(add(at, 0x20)), calldataload(add(at, 0x40)))
            }
            case 4 {
                log4(
                    start,
                    size,
                    calldataload(at),
                    calldataload(add(at, 0x20)),
                    calldataload(add(at, 0x40)),
                    calldataload(add(at, 0x60))
                )
            }
        }
    }
}
