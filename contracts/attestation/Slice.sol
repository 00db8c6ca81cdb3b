// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A region of memory, passed by value: where it starts in the upper half, where it ends in the lower.
/// @dev Parsers consume input by returning a value and the rest, so nothing is copied. Slices come only from
/// `SliceLib.from` and from splitting other slices, so `start <= end <= memory size` always holds; both are far below
/// 2^64, which is why the arithmetic here cannot overflow. The zero slice stands for "absent".
type Slice is uint256;

using SliceLib for Slice global;

/// @title SliceLib
/// @notice Reads regions of memory without copying them.
library SliceLib {
    /// @notice More bytes were asked for than the slice holds.
    error Slice_TooShort(uint256 needed, uint256 available);

    /// @notice Bytes are left where the data should end.
    error Slice_TrailingBytes(uint256 count);

    /// @notice The slice over all of `data`. It stays valid for as long as `data` is neither moved nor shortened.
    function from(bytes memory data) internal pure returns (Slice slice) {
        assembly ("memory-safe") {
            let first := add(data, 0x20)
            slice := or(shl(128, first), add(first, mload(data)))
        }
    }

    /// @notice The memory address of the first byte.
    function start(Slice slice) internal pure returns (uint256) {
        return Slice.unwrap(slice) >> 128;
    }

    /// @notice The number of bytes.
    function length(Slice slice) internal pure returns (uint256) {
        unchecked {
            return uint128(Slice.unwrap(slice)) - (Slice.unwrap(slice) >> 128);
        }
    }

    /// @notice Whether the slice is the zero slice, which no region of memory has.
    function isAbsent(Slice slice) internal pure returns (bool) {
        return Slice.unwrap(slice) == 0;
    }

    /// @notice The 32 bytes at the start. Bytes past the end of the slice are whatever memory holds there: callers
    /// either check the length first or use only bytes that a later `split` checks.
    function word(Slice slice) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(shr(128, slice))
        }
    }

    /// @notice The first `count` bytes, and the rest. Reverts with `Slice_TooShort`.
    function split(Slice slice, uint256 count) internal pure returns (Slice head, Slice rest) {
        bool tooShort;
        assembly ("memory-safe") {
            let first := shr(128, slice)
            let end := and(slice, 0xffffffffffffffffffffffffffffffff)
            // No overflow where it matters: a count above what is available is refused below.
            let middle := add(first, count)
            tooShort := gt(count, sub(end, first))
            head := or(shl(128, first), middle)
            rest := or(shl(128, middle), end)
        }
        if (tooShort) revert Slice_TooShort(count, slice.length());
    }

    /// @notice Requires that no byte is left.
    function requireEnd(Slice slice) internal pure {
        if (slice.length() != 0) revert Slice_TrailingBytes(slice.length());
    }

    /// @notice The bytes of `slice` up to where `rest`, its tail, begins.
    function until(Slice slice, Slice rest) internal pure returns (Slice) {
        return Slice.wrap((slice.start() << 128) | rest.start());
    }

    /// @notice The keccak256 hash of the bytes.
    function hash(Slice slice) internal pure returns (bytes32 digest) {
        uint256 size = slice.length();
        assembly ("memory-safe") {
            digest := keccak256(shr(128, slice), size)
        }
    }

    /// @notice A copy of the bytes; empty for the absent slice.
    function toBytes(Slice slice) internal pure returns (bytes memory data) {
        uint256 size = slice.length();
        data = new bytes(size);
        assembly ("memory-safe") {
            mcopy(add(data, 0x20), shr(128, slice), size)
        }
    }

    /// @notice Copies the bytes to `offset` in `target`, which the caller knows to have room for them.
    function copyTo(Slice slice, bytes memory target, uint256 offset) internal pure {
        uint256 size = slice.length();
        assembly ("memory-safe") {
            mcopy(add(add(target, 0x20), offset), shr(128, slice), size)
        }
    }
}
