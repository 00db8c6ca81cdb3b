// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Slice} from "./Slice.sol";

/// @title Der
/// @notice Reads the elements of DER (X.690) that certificates and keys are made of, in canonical form only.
library Der {
    /// @notice The tag at this place is `actual`, not `expected`.
    error Der_UnexpectedTag(uint256 expected, uint256 actual);
    /// @notice A length is indefinite, longer than two bytes, or not in its shortest form.
    error Der_BadLength();
    /// @notice An INTEGER is negative, zero where it may not be, too long, or not in its shortest form.
    error Der_BadInteger();
    /// @notice A BOOLEAN is not the canonical TRUE; a FALSE is the default, which DER leaves out.
    error Der_BadBoolean();

    uint256 internal constant BOOLEAN = 0x01;
    uint256 internal constant INTEGER = 0x02;
    uint256 internal constant BIT_STRING = 0x03;
    uint256 internal constant OCTET_STRING = 0x04;
    uint256 internal constant NULL = 0x05;
    uint256 internal constant OBJECT_IDENTIFIER = 0x06;
    uint256 internal constant UTC_TIME = 0x17;
    uint256 internal constant GENERALIZED_TIME = 0x18;
    uint256 internal constant SEQUENCE = 0x30;

    /// @notice Reads one element: the contents, and what follows it. Tags are single bytes, lengths definite, in their
    /// shortest form and at most two bytes long (X.690, 8.1.3 and 10.1).
    function read(Slice input, uint256 tag) internal pure returns (Slice value, Slice rest) {
        bool refused;
        assembly ("memory-safe") {
            let end := and(input, 0xffffffffffffffffffffffffffffffff)
            let at := shr(128, input)
            let head := mload(at)
            let size := byte(1, head)
            at := add(at, 2)
            refused := xor(byte(0, head), tag)
            if gt(size, 0x7f) {
                switch size
                case 0x81 {
                    size := byte(2, head)
                    at := add(at, 1)
                    refused := or(refused, lt(size, 0x80))
                }
                case 0x82 {
                    size := and(shr(224, head), 0xffff)
                    at := add(at, 2)
                    refused := or(refused, lt(size, 0x100))
                }
                default {
                    refused := 1
                }
            }
            let next := add(at, size)
            // Also when the head itself lies past the end: `next` is then past it too.
            refused := iszero(iszero(or(refused, gt(next, end))))
            value := or(shl(128, at), next)
            rest := or(shl(128, next), end)
        }
        if (refused) _refuse(input, tag);
    }

    /// @notice An optional `BOOLEAN DEFAULT FALSE`: present only as TRUE, which is 0xff (X.690, 11.1 and 11.5).
    function readDefaultFalse(Slice input) internal pure returns (bool value, Slice rest) {
        if (input.length() == 0 || input.word() >> 248 != BOOLEAN) return (false, input);
        Slice content;
        (content, rest) = read(input, BOOLEAN);
        if (content.length() != 1 || content.word() >> 248 != 0xff) revert Der_BadBoolean();
        return (true, rest);
    }

    /// @notice The value of a positive INTEGER of at most `limit` <= 32 bytes.
    function positive(Slice value, uint256 limit) internal pure returns (uint256) {
        value = magnitude(value, limit);
        return value.word() >> (256 - 8 * value.length());
    }

    /// @notice The bytes of a positive INTEGER without the zero that DER puts before a set highest bit (X.690, 8.3).
    function magnitude(Slice value, uint256 limit) internal pure returns (Slice) {
        if (value.length() == 0) revert Der_BadInteger();
        uint256 first = value.word() >> 240;
        if (first >> 8 == 0) {
            (, value) = value.split(1);
            // Zero itself, or a zero before a clear highest bit.
            if (value.length() == 0 || first < 0x80) revert Der_BadInteger();
        } else if (first >> 15 == 1) {
            revert Der_BadInteger();
        }
        if (value.length() > limit) revert Der_BadInteger();
        return value;
    }

    /// @dev Says why `_read` refused the element.
    function _refuse(Slice input, uint256 tag) private pure {
        input.split(2);
        if (input.word() >> 248 != tag) revert Der_UnexpectedTag(tag, input.word() >> 248);
        uint256 size = (input.word() >> 240) & 0xff;
        uint256 lengthBytes =
            size == 0x81
                ? 1
                : size == 0x82
                    ? 2
                    : 0;
        if (size >= 0x80 && lengthBytes == 0) revert Der_BadLength();
        (, Slice rest) = input.split(2 + lengthBytes);
        if (lengthBytes == 0) {
            rest.split(size);
        } else {
            size = (input.word() >> (240 - 8 * lengthBytes)) & (lengthBytes == 1 ? 0xff : 0xffff);
            if (size < (lengthBytes == 1 ? 0x80 : 0x100)) revert Der_BadLength();
            rest.split(size);
        }
        assert(false);
    }
}
