// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Slice} from "./Slice.sol";

/// @title Cbor
/// @notice Reads the items of CBOR (RFC 8949) that attestation documents are made of: unsigned integers, byte and text
/// strings, arrays, maps and null.
/// @dev Each function takes the input and returns what it read and the rest. Strict: lengths are in their shortest
/// form (section 4.1, preferred serialisation), reserved additional information is refused (section 3), text is ASCII,
/// strings are of definite length. Arrays and maps may be of definite or indefinite length. That keys are unique is
/// the caller's to check, since only it knows the keys.
library Cbor {
    /// @notice The item's first byte, `initialByte`, is not of major type `expected`.
    error Cbor_UnexpectedType(uint256 expected, uint256 initialByte);
    /// @notice The additional information of `initialByte` is reserved, or not allowed for this type.
    error Cbor_ReservedInformation(uint256 initialByte);
    /// @notice The argument is not in its shortest form.
    error Cbor_NotShortest(uint256 argument);
    /// @notice A text string has a byte above 0x7f.
    error Cbor_NotAscii();

    /// @notice What `readArray` and `readMap` return as the count of an item of indefinite length.
    uint256 internal constant INDEFINITE = type(uint256).max;

    uint256 private constant UNSIGNED = 0;
    uint256 private constant BYTES = 2;
    uint256 private constant TEXT = 3;
    uint256 private constant ARRAY = 4;
    uint256 private constant MAP = 5;

    uint256 private constant NULL = 0xf6;
    uint256 private constant BREAK = 0xff;

    uint256 private constant HIGH_BITS = 0x8080808080808080808080808080808080808080808080808080808080808080;

    /// @notice Reads an unsigned integer.
    function readUint(Slice input) internal pure returns (uint64 value, Slice rest) {
        uint256 argument;
        (argument, rest) = _readHead(input, UNSIGNED);
        // Bound: an argument is at most eight bytes long; _readHead refuses INDEFINITE for this type.
        value = uint64(argument);
    }

    /// @notice Reads a byte string of definite length.
    function readBytes(Slice input) internal pure returns (Slice value, Slice rest) {
        uint256 size;
        (size, rest) = _readHead(input, BYTES);
        return rest.split(size);
    }

    /// @notice Reads a byte string, or null, which comes back as the absent slice.
    function readOptionalBytes(Slice input) internal pure returns (Slice value, Slice rest) {
        if (input.length() != 0 && input.word() >> 248 == NULL) {
            (, rest) = input.split(1);
            return (Slice.wrap(0), rest);
        }
        return readBytes(input);
    }

    /// @notice Reads a text string of definite length; ASCII only, which is always valid UTF-8.
    function readText(Slice input) internal pure returns (Slice value, Slice rest) {
        uint256 size;
        (size, rest) = _readHead(input, TEXT);
        (value, rest) = rest.split(size);
        uint256 bits;
        assembly ("memory-safe") {
            let at := shr(128, value)
            let end := add(at, size)
            for {} gt(end, at) {
                at := add(at, 0x20)
            } {
                let w := mload(at)
                // Of the last word, the bytes past the end are dropped.
                if lt(sub(end, at), 0x20) {
                    w := shr(sub(256, shl(3, sub(end, at))), w)
                }
                bits := or(bits, w)
            }
        }
        if (bits & HIGH_BITS != 0) revert Cbor_NotAscii();
    }

    /// @notice Reads the head of an array: the number of its items, or INDEFINITE.
    function readArray(Slice input) internal pure returns (uint256 count, Slice rest) {
        return _readHead(input, ARRAY);
    }

    /// @notice Reads the head of a map: the number of its pairs, or INDEFINITE.
    function readMap(Slice input) internal pure returns (uint256 count, Slice rest) {
        return _readHead(input, MAP);
    }

    /// @notice Whether an array or map of `count` has another item after `index` of them; consumes the break that ends
    /// one of indefinite length.
    function hasNext(Slice input, uint256 count, uint256 index) internal pure returns (bool more, Slice rest) {
        if (count != INDEFINITE) return (index < count, input);
        if (input.length() != 0 && input.word() >> 248 == BREAK) {
            (, rest) = input.split(1);
            return (false, rest);
        }
        return (true, input);
    }

    /// @dev Reads the initial byte and the argument (RFC 8949, section 3). What documents are full of, arguments of up
    /// to two bytes, is read here; everything else, and every refusal, is left to the plain form.
    function _readHead(Slice input, uint256 major) private pure returns (uint256 argument, Slice rest) {
        bool plain;
        assembly ("memory-safe") {
            let at := shr(128, input)
            let end := and(input, 0xffffffffffffffffffffffffffffffff)
            let word := mload(at)
            let initial := byte(0, word)
            plain := xor(shr(5, initial), major)
            argument := and(initial, 0x1f)
            at := add(at, 1)
            if gt(argument, 23) {
                switch argument
                case 24 {
                    argument := byte(1, word)
                    at := add(at, 1)
                    plain := or(plain, lt(argument, 24))
                }
                case 25 {
                    argument := and(shr(232, word), 0xffff)
                    at := add(at, 2)
                    plain := or(plain, lt(argument, 0x100))
                }
                default {
                    plain := 1
                }
            }
            plain := iszero(iszero(or(plain, gt(at, end))))
            rest := or(shl(128, at), end)
        }
        if (plain) return _readHeadPlainly(input, major);
    }

    function _readHeadPlainly(Slice input, uint256 major) private pure returns (uint256 argument, Slice rest) {
        uint256 initial;
        (initial, rest) = _next(input);
        if (initial >> 5 != major) revert Cbor_UnexpectedType(major, initial);
        argument = initial & 0x1f;
        if (argument > 23) return _readArgument(initial, rest);
    }

    /// @dev Reads an argument that follows its initial byte.
    function _readArgument(uint256 initial, Slice input) private pure returns (uint256 argument, Slice rest) {
        uint256 information = initial & 0x1f;
        // Only arrays and maps: this library does not read strings of indefinite length.
        if (information == 31 && (initial >> 5 == ARRAY || initial >> 5 == MAP)) return (INDEFINITE, input);
        if (information > 27) revert Cbor_ReservedInformation(initial);
        unchecked {
            // Bound: information is 24 to 27, so the argument is 1, 2, 4 or 8 bytes long.
            uint256 size = 1 << (information - 24);
            argument = input.word() >> (256 - 8 * size);
            (, rest) = input.split(size);
            // Half the bytes, or the initial byte alone, would have been enough.
            if (argument < (size == 1 ? 24 : 1 << (4 * size))) revert Cbor_NotShortest(argument);
        }
    }

    /// @dev Reads one byte.
    function _next(Slice input) private pure returns (uint256 value, Slice rest) {
        (, rest) = input.split(1);
        value = input.word() >> 248;
    }
}
