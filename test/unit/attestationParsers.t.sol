// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cbor} from "../../contracts/attestation/Cbor.sol";
import {Der} from "../../contracts/attestation/Der.sol";
import {Slice, SliceLib} from "../../contracts/attestation/Slice.sol";

/// @notice The readers' fast paths against readers that go byte by byte, on bytes that are anything.
contract AttestationParsersTest {
    /// @dev What a reader found: where the contents begin and end; or that it refused.
    struct Found {
        bool accepted;
        uint256 start;
        uint256 end;
    }

    // The parsers, behind a call so that their refusals can be seen. Offsets count from the first byte of `data`.

    function readDer(bytes memory data, uint256 tag) external pure returns (uint256, uint256) {
        Slice input = SliceLib.from(data);
        (Slice value, Slice rest) = Der.read(input, tag);
        assert(rest.start() == value.start() + value.length());
        assert(rest.start() + rest.length() == input.start() + input.length());
        return (value.start() - input.start(), rest.start() - input.start());
    }

    function readCborBytes(bytes memory data) external pure returns (uint256, uint256) {
        Slice input = SliceLib.from(data);
        (Slice value, Slice rest) = Cbor.readBytes(input);
        assert(rest.start() == value.start() + value.length());
        return (value.start() - input.start(), rest.start() - input.start());
    }

    function readCborUint(bytes memory data) external pure returns (uint256, uint256) {
        Slice input = SliceLib.from(data);
        (uint64 value, Slice rest) = Cbor.readUint(input);
        return (value, rest.start() - input.start());
    }

    function readCborMap(bytes memory data) external pure returns (uint256, uint256) {
        Slice input = SliceLib.from(data);
        (uint256 count, Slice rest) = Cbor.readMap(input);
        return (count, rest.start() - input.start());
    }

    function testFuzz_derReadsWhatTheRulesSay(bytes memory data, uint8 tag, uint8 form, uint16 size) external view {
        _dirty();
        // Half the time the head is made to fit the tag and a length near the size of the data.
        if (data.length > 5 && form & 1 == 0) {
            data[0] = bytes1(tag);
            uint256 length = size % (data.length + 3);
            if (form & 6 == 0) data[1] = bytes1(uint8(length));
            else if (form & 6 == 2) (data[1], data[2]) = (bytes1(0x81), bytes1(uint8(length)));
            else (data[1], data[2], data[3]) = (bytes1(0x82), bytes1(uint8(length >> 8)), bytes1(uint8(length)));
        }
        Found memory expected = _derPlainly(data, tag);
        try this.readDer(data, tag) returns (uint256 start, uint256 end) {
            _same(expected, start, end);
        } catch {
            assert(!expected.accepted);
        }
    }

    function testFuzz_cborReadsWhatTheRulesSay(bytes memory data, uint8 first, uint64 argument) external view {
        _dirty();
        // The initial byte is often one of those that take an argument, and the argument often small.
        if (data.length > 9) {
            data[0] = bytes1(first);
            uint256 size = first & 0x1f > 23 && first & 0x1f < 28 ? 1 << ((first & 0x1f) - 24) : 0;
            uint256 value = argument >> (argument & 0x3f);
            for (uint256 i; i < size; ++i) data[1 + i] = bytes1(uint8(value >> (8 * (size - 1 - i))));
        }
        (bool accepted, uint256 major, uint256 value_, uint256 length) = _cborPlainly(data);
        try this.readCborUint(data) returns (uint256 value, uint256 end) {
            assert(accepted && major == 0 && value == value_ && end == length);
        } catch {
            assert(!accepted || major != 0);
        }
        try this.readCborBytes(data) returns (uint256 start, uint256 end) {
            assert(accepted && major == 2 && start == length && end == length + value_ && end <= data.length);
        } catch {
            assert(!accepted || major != 2 || value_ > data.length - length);
        }
        bool indefinite = data.length != 0 && uint8(data[0]) == 0xbf;
        try this.readCborMap(data) returns (uint256 count, uint256 end) {
            if (indefinite) assert(count == Cbor.INDEFINITE && end == 1);
            else assert(accepted && major == 5 && count == value_ && end == length);
        } catch {
            assert(!indefinite && (!accepted || major != 5));
        }
    }

    /// @dev X.690, 8.1.3 and 10.1, for one-byte tags and lengths of at most two bytes.
    function _derPlainly(bytes memory data, uint8 tag) private pure returns (Found memory) {
        Found memory none;
        if (data.length < 2 || uint8(data[0]) != tag) return none;
        uint256 length = uint8(data[1]);
        uint256 start = 2;
        if (length > 0x7f) {
            uint256 bytes_ = length - 0x80;
            if (bytes_ == 0 || bytes_ > 2 || data.length < 2 + bytes_) return none;
            length = 0;
            for (uint256 i; i < bytes_; ++i) length = (length << 8) | uint8(data[2 + i]);
            if (length < (bytes_ == 1 ? 0x80 : 0x100)) return none;
            start += bytes_;
        }
        if (start + length > data.length) return none;
        return Found(true, start, start + length);
    }

    /// @dev RFC 8949, section 3: major type, argument and the length of the head, in preferred serialisation.
    function _cborPlainly(bytes memory data) private pure returns (bool, uint256 major, uint256 value, uint256 length) {
        if (data.length == 0) return (false, 0, 0, 0);
        major = uint8(data[0]) >> 5;
        value = uint8(data[0]) & 0x1f;
        if (value < 24) return (true, major, value, 1);
        if (value > 27) return (false, major, 0, 0);
        uint256 size = 1 << (value - 24);
        if (data.length < 1 + size) return (false, major, 0, 0);
        value = 0;
        for (uint256 i; i < size; ++i) value = (value << 8) | uint8(data[1 + i]);
        bool shortest = size == 1 ? value > 23 : value >> (4 * size) != 0;
        return (shortest, major, value, 1 + size);
    }

    function _same(Found memory expected, uint256 start, uint256 end) private pure {
        assert(expected.accepted && expected.start == start && expected.end == end);
    }

    /// @dev What lies behind the data decides nothing: the free memory is made anything but zero.
    function _dirty() private pure {
        assembly ("memory-safe") {
            let at := mload(0x40)
            for {
                let i := 0
            } lt(i, 0x400) {
                i := add(i, 0x20)
            } {
                mstore(add(at, i), not(mul(i, 0x9e3779b97f4a7c15)))
            }
        }
    }
}
