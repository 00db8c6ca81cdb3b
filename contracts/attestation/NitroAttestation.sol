// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cbor} from "./Cbor.sol";
import {Slice, SliceLib} from "./Slice.sol";

/// @notice An attestation document, read but not yet verified. Slices are absent where the document says null or
/// leaves an optional field out.
/// @param payload The signed map.
/// @param signature The signature's r and s, 48 bytes each.
/// @param moduleId The name that AWS gives the enclave: the instance's id and the enclave's.
/// @param timestamp When the document was made, in Unix time and milliseconds.
/// @param pcrs The platform configuration registers, 48 bytes each.
/// @param certificate The certificate, in DER, of the key that signed the document.
/// @param cabundle The certificates, in DER, from the root to the issuer of `certificate`.
/// @param publicKey What the enclave put in: its public key, up to 1,024 bytes.
/// @param userData What the enclave put in, up to 1,024 bytes.
/// @param nonce What the enclave put in, up to 1,024 bytes.
struct Document {
    Slice payload;
    Slice signature;
    Slice moduleId;
    uint64 timestamp;
    Slice[32] pcrs;
    Slice certificate;
    Slice[] cabundle;
    Slice publicKey;
    Slice userData;
    Slice nonce;
}

/// @title NitroAttestation
/// @notice Reads the attestation documents of AWS Nitro enclaves: a COSE_Sign1 message (RFC 9052) whose payload is a
/// CBOR map (RFC 8949) with the fields that AWS's "Verifying the root of trust" process lists.
/// @dev A field that is not listed is refused rather than skipped: a verifier must not accept a statement that it
/// does not understand.
library NitroAttestation {
    /// @notice The outermost item is not an array of four.
    error NitroAttestation_NotCoseSign1(uint256 count);
    /// @notice The protected header is not exactly `{1: -35}`, ES384 (RFC 9053, section 2.1).
    error NitroAttestation_NotEs384();
    /// @notice The unprotected header, which nobody signs, is not empty.
    error NitroAttestation_UnprotectedHeader();
    /// @notice The signature is not 96 bytes long.
    error NitroAttestation_BadSignatureLength(uint256 length);
    /// @notice The payload has a field that documents do not have.
    error NitroAttestation_UnknownField(bytes32 key);
    /// @notice The payload has a field twice.
    error NitroAttestation_DuplicateField(bytes32 key);
    /// @notice The payload lacks mandatory fields; `seen` has the bits of those present, in the order of `Document`.
    error NitroAttestation_MissingField(uint256 seen);
    /// @notice A field is shorter or longer than the process allows.
    error NitroAttestation_BadFieldLength(bytes32 key, uint256 length);
    /// @notice The digest is not SHA384, the only one that the process names.
    error NitroAttestation_BadDigest(bytes32 digest);
    /// @notice The time stamp is zero.
    error NitroAttestation_BadTimestamp();
    /// @notice The index of a register is above 31.
    error NitroAttestation_BadPcrIndex(uint256 index);
    /// @notice A register occurs twice.
    error NitroAttestation_DuplicatePcr(uint256 index);
    /// @notice A register is not 48 bytes long.
    error NitroAttestation_BadPcrLength(uint256 index, uint256 length);

    /// @notice The length of a register and of a SHA-384 digest, in bytes.
    uint256 internal constant PCR_LENGTH = 48;
    /// @notice The longest certificate, public key, user data or nonce, in bytes.
    uint256 internal constant MAX_FIELD_LENGTH = 1024;

    /// @dev Tag 18, COSE_Sign1 (RFC 9052, section 2), which AWS leaves out.
    uint256 private constant TAG_COSE_SIGN1 = 0xd2;
    /// @dev `{1: -35}` in CBOR.
    uint256 private constant ES384 = 0xa1013822;
    /// @dev The head of a byte string of 48 bytes.
    uint256 private constant PCR_HEAD = 0x5830;
    /// @dev An empty map.
    uint256 private constant EMPTY_MAP = 0xa0;
    /// @dev `["Signature1", h'a1013822', h'', …]` up to the payload's head (RFC 9052, section 4.4).
    bytes private constant SIG_STRUCTURE = hex"846a5369676e61747572653144a101382240";

    uint256 private constant MODULE_ID = 1 << 0;
    uint256 private constant DIGEST = 1 << 1;
    uint256 private constant TIMESTAMP = 1 << 2;
    uint256 private constant PCRS = 1 << 3;
    uint256 private constant CERTIFICATE = 1 << 4;
    uint256 private constant CABUNDLE = 1 << 5;
    uint256 private constant PUBLIC_KEY = 1 << 6;
    uint256 private constant USER_DATA = 1 << 7;
    uint256 private constant NONCE = 1 << 8;
    uint256 private constant MANDATORY = MODULE_ID | DIGEST | TIMESTAMP | PCRS | CERTIFICATE | CABUNDLE;

    /// @notice Reads a document that is all of `data`. The slices point into `data`. Reverts with what is wrong.
    function parse(bytes memory data) internal pure returns (Document memory document) {
        Slice rest = SliceLib.from(data);
        if (rest.length() != 0 && rest.word() >> 248 == TAG_COSE_SIGN1) (, rest) = rest.split(1);

        uint256 count;
        (count, rest) = Cbor.readArray(rest);
        if (count != 4) revert NitroAttestation_NotCoseSign1(count);

        Slice value;
        (value, rest) = Cbor.readBytes(rest);
        if (value.length() != 4 || value.word() >> 224 != ES384) revert NitroAttestation_NotEs384();
        (value, rest) = rest.split(1);
        if (value.word() >> 248 != EMPTY_MAP) revert NitroAttestation_UnprotectedHeader();
        (document.payload, rest) = Cbor.readBytes(rest);
        (value, rest) = Cbor.readBytes(rest);
        if (value.length() != 96) revert NitroAttestation_BadSignatureLength(value.length());
        document.signature = value;
        rest.requireEnd();

        _parsePayload(document);
    }

    /// @notice What the document's key signs: the Sig_structure of RFC 9052, section 4.4.
    function signedData(Document memory document) internal pure returns (bytes memory) {
        bytes memory head = bytes.concat(SIG_STRUCTURE, _byteStringHead(document.payload.length()));
        bytes memory data = new bytes(head.length + document.payload.length());
        SliceLib.from(head).copyTo(data, 0);
        document.payload.copyTo(data, head.length);
        return data;
    }

    /// @notice Whether register `index` is absent or zero.
    function isZero(Document memory document, uint256 index) internal pure returns (bool) {
        Slice pcr = document.pcrs[index];
        if (pcr.isAbsent()) return true;
        (, Slice tail) = pcr.split(PCR_LENGTH - 32);
        return pcr.word() | tail.word() == 0;
    }

    /// @notice Whether the enclave ran in debug mode, in which its registers 0 to 2 attest nothing and are zero.
    function isDebug(Document memory document) internal pure returns (bool) {
        return isZero(document, 0) && isZero(document, 1) && isZero(document, 2);
    }

    function _parsePayload(Document memory document) private pure {
        (uint256 count, Slice rest) = Cbor.readMap(document.payload);
        uint256 seen;
        for (uint256 i; ; ++i) {
            bool more;
            (more, rest) = Cbor.hasNext(rest, count, i);
            if (!more) break;
            Slice text;
            (text, rest) = Cbor.readText(rest);
            bytes32 key = _toBytes32(text);
            uint256 field;
            (field, rest) = _parseField(document, key, rest);
            if (seen & field != 0) revert NitroAttestation_DuplicateField(key);
            seen |= field;
        }
        rest.requireEnd();
        if (seen & MANDATORY != MANDATORY) revert NitroAttestation_MissingField(seen);
    }

    function _parseField(
        Document memory document,
        bytes32 key,
        Slice input
    ) private pure returns (uint256 field, Slice rest) {
        if (key == "pcrs") return (PCRS, _parsePcrs(document, input));
        if (key == "cabundle") return (CABUNDLE, _parseCabundle(document, input));
        if (key == "certificate") {
            (document.certificate, rest) = Cbor.readBytes(input);
            _requireLength(key, document.certificate, 1);
            return (CERTIFICATE, rest);
        }
        if (key == "timestamp") {
            (document.timestamp, rest) = Cbor.readUint(input);
            if (document.timestamp == 0) revert NitroAttestation_BadTimestamp();
            return (TIMESTAMP, rest);
        }
        if (key == "digest") {
            Slice digest;
            (digest, rest) = Cbor.readText(input);
            if (_toBytes32(digest) != "SHA384") revert NitroAttestation_BadDigest(_toBytes32(digest));
            return (DIGEST, rest);
        }
        if (key == "module_id") {
            (document.moduleId, rest) = Cbor.readText(input);
            _requireLength(key, document.moduleId, 1);
            return (MODULE_ID, rest);
        }
        if (key == "public_key") {
            (document.publicKey, rest) = Cbor.readOptionalBytes(input);
            if (!document.publicKey.isAbsent()) _requireLength(key, document.publicKey, 1);
            return (PUBLIC_KEY, rest);
        }
        if (key == "user_data") {
            (document.userData, rest) = Cbor.readOptionalBytes(input);
            _requireLength(key, document.userData, 0);
            return (USER_DATA, rest);
        }
        if (key == "nonce") {
            (document.nonce, rest) = Cbor.readOptionalBytes(input);
            _requireLength(key, document.nonce, 0);
            return (NONCE, rest);
        }
        revert NitroAttestation_UnknownField(key);
    }

    function _parsePcrs(Document memory document, Slice input) private pure returns (Slice rest) {
        uint256 count;
        (count, rest) = Cbor.readMap(input);
        Slice[32] memory pcrs = document.pcrs;
        uint256 i;
        // AWS lists them from 0 on: each is one byte of index and the head of 48 bytes. The rest is read by the rules.
        for (; i < count && i < 24 && rest.word() >> 232 == (i << 16) | PCR_HEAD; ++i) {
            (, rest) = rest.split(3);
            (pcrs[i], rest) = rest.split(PCR_LENGTH);
        }
        for (; ; ++i) {
            bool more;
            (more, rest) = Cbor.hasNext(rest, count, i);
            if (!more) break;
            uint256 index;
            Slice value;
            (index, rest) = Cbor.readUint(rest);
            if (index > 31) revert NitroAttestation_BadPcrIndex(index);
            if (!pcrs[index].isAbsent()) revert NitroAttestation_DuplicatePcr(index);
            (value, rest) = Cbor.readBytes(rest);
            if (value.length() != PCR_LENGTH) revert NitroAttestation_BadPcrLength(index, value.length());
            pcrs[index] = value;
        }
        if (i == 0) revert NitroAttestation_BadFieldLength("pcrs", 0);
    }

    function _parseCabundle(Document memory document, Slice input) private pure returns (Slice rest) {
        uint256 count;
        (count, rest) = Cbor.readArray(input);
        // Each certificate takes at least a byte: that bounds what a false count can make this allocate.
        uint256 bound = count > rest.length() ? rest.length() : count;
        Slice[] memory certificates = new Slice[](bound);
        uint256 i;
        for (; ; ++i) {
            bool more;
            (more, rest) = Cbor.hasNext(rest, count, i);
            if (!more) break;
            Slice value;
            (value, rest) = Cbor.readBytes(rest);
            _requireLength("cabundle", value, 1);
            certificates[i] = value;
        }
        if (i == 0) revert NitroAttestation_BadFieldLength("cabundle", 0);
        assembly ("memory-safe") {
            // Shrinks the array to what was read: i <= bound.
            mstore(certificates, i)
        }
        document.cabundle = certificates;
    }

    function _requireLength(bytes32 key, Slice value, uint256 minimum) private pure {
        uint256 size = value.length();
        if (size < minimum || size > MAX_FIELD_LENGTH) revert NitroAttestation_BadFieldLength(key, size);
    }

    /// @dev A text of at most 32 bytes, left-aligned. One that is longer, or ends with a null byte and so would look
    /// like the shorter text, gives a value that no name has, since ASCII has no 0xff.
    function _toBytes32(Slice text) private pure returns (bytes32) {
        uint256 size = text.length();
        if (size > 32) return bytes32(type(uint256).max);
        uint256 value = text.word() >> (256 - 8 * size);
        if (size != 0 && value & 0xff == 0) return bytes32(type(uint256).max);
        return bytes32(value << (256 - 8 * size));
    }

    /// @dev The head of a byte string of `size` < 2^32 bytes (RFC 8949, section 3).
    function _byteStringHead(uint256 size) private pure returns (bytes memory) {
        if (size < 24) return abi.encodePacked(uint8(0x40 | size));
        if (size < 0x100) return abi.encodePacked(uint8(0x58), uint8(size));
        if (size < 0x10000) return abi.encodePacked(uint8(0x59), uint16(size));
        return abi.encodePacked(uint8(0x5a), uint32(size));
    }
}
