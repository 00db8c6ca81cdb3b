// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Der} from "./Der.sol";
import {Slice, SliceLib} from "./Slice.sol";

/// @title RsaPss
/// @notice RSASSA-PSS verification (RFC 8017, section 8.1.2) with SHA-256, MGF1 with SHA-256, and a salt of 32 bytes,
/// for keys of 2,048 to 4,096 bits.
library RsaPss {
    /// @notice The key is not an RSA key in DER, or its modulus or exponent is not of a supported size.
    error RsaPss_UnsupportedKey();

    uint256 private constant HASH_LENGTH = 32;
    uint256 private constant SALT_LENGTH = 32;
    uint256 private constant MIN_MODULUS_LENGTH = 256;
    uint256 private constant MAX_MODULUS_LENGTH = 512;
    /// @dev `SEQUENCE { rsaEncryption, NULL }` (RFC 3279, section 2.3.1), with tag and length: 15 bytes.
    uint256 private constant RSA_ENCRYPTION = 0x300d06092a864886f70d0101010500;
    uint256 private constant RSA_ENCRYPTION_LENGTH = 15;

    /// @notice Reads a SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7) that holds an RSA key.
    function parseKey(bytes memory der) internal pure returns (bytes memory modulus, bytes memory exponent) {
        (Slice value, Slice rest) = Der.read(SliceLib.from(der), Der.SEQUENCE);
        rest.requireEnd();
        (Slice algorithm, Slice bits) = value.split(RSA_ENCRYPTION_LENGTH);
        if (algorithm.word() >> (256 - 8 * RSA_ENCRYPTION_LENGTH) != RSA_ENCRYPTION) revert RsaPss_UnsupportedKey();
        (value, rest) = Der.read(bits, Der.BIT_STRING);
        rest.requireEnd();
        (Slice unused, Slice key) = value.split(1);
        if (unused.word() >> 248 != 0) revert RsaPss_UnsupportedKey();
        (value, rest) = Der.read(key, Der.SEQUENCE);
        rest.requireEnd();
        (Slice n, Slice e) = Der.read(value, Der.INTEGER);
        (e, rest) = Der.read(e, Der.INTEGER);
        rest.requireEnd();
        modulus = Der.magnitude(n, MAX_MODULUS_LENGTH).toBytes();
        // Exponents above 32 bits are of no use, and would only make the check dear.
        exponent = Der.magnitude(e, 4).toBytes();
        // A modulus whose bit length is a multiple of eight: its first byte is at least 0x80.
        if (modulus.length < MIN_MODULUS_LENGTH || uint8(modulus[0]) < 0x80) revert RsaPss_UnsupportedKey();
    }

    /// @notice Whether `signature` is the key's over the message whose SHA-256 hash is `hash`. Never reverts on a bad
    /// signature.
    function verify(
        bytes32 hash,
        bytes memory signature,
        bytes memory modulus,
        bytes memory exponent
    ) internal view returns (bool) {
        uint256 size = modulus.length;
        if (signature.length != size || !_isBelow(signature, modulus)) return false;
        (bool success, bytes memory encoded) = Math.tryModExp(signature, exponent, modulus);
        if (!success || encoded.length != size) return false;

        // EMSA-PSS-VERIFY (section 9.1.2), for emBits = 8 size - 1: maskedDB ‖ H ‖ 0xbc, the highest bit zero.
        if (uint8(encoded[0]) > 0x7f || uint8(encoded[size - 1]) != 0xbc) return false;
        uint256 dataLength = size - HASH_LENGTH - 1;
        bytes32 expected = _wordAt(encoded, dataLength);
        bytes32 salt = _unmask(encoded, dataLength, expected);
        // DB = zeros ‖ 0x01 ‖ salt.
        uint256 separator = dataLength - SALT_LENGTH - 1;
        for (uint256 i; i < separator; ++i) if (encoded[i] != 0) return false;
        if (encoded[separator] != 0x01) return false;
        return sha256(abi.encodePacked(bytes8(0), hash, salt)) == expected;
    }

    /// @dev Removes the mask MGF1(seed) (section B.2.1) from the first `dataLength` bytes of `encoded`, in place, and
    /// the bit that section 9.1.2, step 9, clears. Returns the salt, the last of them.
    function _unmask(bytes memory encoded, uint256 dataLength, bytes32 seed) private pure returns (bytes32) {
        for (uint256 i; i * HASH_LENGTH < dataLength; ++i) {
            bytes32 mask = sha256(abi.encodePacked(seed, uint32(i)));
            uint256 left = dataLength - i * HASH_LENGTH;
            // The mask's bytes past the end are dropped.
            if (left < HASH_LENGTH) mask = bytes32(uint256(mask) & ~(type(uint256).max >> (8 * left)));
            assembly ("memory-safe") {
                // The word may reach past the data, but not past the encoding, which is 33 bytes longer.
                let at := add(add(encoded, 0x20), mul(i, HASH_LENGTH))
                mstore(at, xor(mload(at), mask))
            }
        }
        encoded[0] &= 0x7f;
        return _wordAt(encoded, dataLength - SALT_LENGTH);
    }

    /// @dev Whether a < b, for numbers of the same length.
    function _isBelow(bytes memory a, bytes memory b) private pure returns (bool) {
        for (uint256 i; i < a.length; ++i) if (a[i] != b[i]) return a[i] < b[i];
        return false;
    }

    function _wordAt(bytes memory data, uint256 offset) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := mload(add(add(data, 0x20), offset))
        }
    }
}
