// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DateTimeLib} from "solady/src/utils/DateTimeLib.sol";
import {Der} from "./Der.sol";
import {Slice} from "./Slice.sol";

/// @notice What path validation needs of a certificate (RFC 5280).
/// @param tbs The signed part, `tbsCertificate`, with its tag and length: what the issuer's signature covers.
/// @param issuer The keccak256 hash of the issuer's DER-encoded name.
/// @param subject The keccak256 hash of the subject's DER-encoded name.
/// @param serial The serial number, positive and below 2^160.
/// @param notBefore The first second, in Unix time, at which the certificate is valid.
/// @param notAfter The last second, in Unix time, at which the certificate is valid.
/// @param publicKey The P-384 key's x and y, 48 bytes each. Whether they are on the curve is the signature check's
/// business.
/// @param isCa Whether basicConstraints says that the subject may issue certificates.
/// @param pathLength How many further authorities may follow in a path, or UNLIMITED.
/// @param keyUsage The keyUsage bits, digitalSignature highest: bit 15 − n is bit n of RFC 5280, section 4.2.1.3. Zero
/// where the extension is absent.
/// @param signature The signature's r and s, 48 bytes each.
struct Certificate {
    Slice tbs;
    bytes32 issuer;
    bytes32 subject;
    uint256 serial;
    uint256 notBefore;
    uint256 notAfter;
    Slice publicKey;
    bool isCa;
    uint256 pathLength;
    uint256 keyUsage;
    bytes signature;
}

/// @title X509
/// @notice Reads X.509 version 3 certificates (RFC 5280) with P-384 keys, signed by ECDSA with SHA-384, in canonical
/// DER (X.690) only.
/// @dev Names are compared by their encoding: stricter than the comparison of RFC 5280, section 7.1, and what one
/// issuer that copies its own name always satisfies. Extensions that path validation does not need are ignored unless
/// they are critical, as RFC 5280, section 4.2, says. This library reads; `CertificateCache` judges paths.
library X509 {
    /// @notice A fixed element, named by `what`, differs from the only value that is supported.
    error X509_Unsupported(bytes32 what);
    /// @notice A time is not of the form that RFC 5280, section 4.1.2.5, prescribes, before 1970, or not a date.
    error X509_BadTime();
    /// @notice The validity ends before it begins.
    error X509_BadValidity(uint256 notBefore, uint256 notAfter);
    /// @notice The issuer's name is empty.
    error X509_EmptyIssuer();
    /// @notice The extension whose object identifier starts with `oid` occurs twice.
    error X509_DuplicateExtension(bytes32 oid);
    /// @notice The extension whose object identifier starts with `oid` is critical and not one that is processed.
    error X509_UnknownCriticalExtension(bytes32 oid);
    /// @notice basicConstraints has a path length without being an authority's, or an authority's is not critical.
    error X509_BadBasicConstraints();
    /// @notice keyUsage is empty or not canonical: unused bits set, or trailing zero bits kept.
    error X509_BadKeyUsage();

    /// @notice The path length of an authority that has no limit.
    uint256 internal constant UNLIMITED = type(uint256).max;
    /// @notice The length of a public key's x and y, in bytes.
    uint256 internal constant POINT_LENGTH = 96;
    /// @notice keyUsage: the key may sign data.
    uint256 internal constant DIGITAL_SIGNATURE = 1 << 15;
    /// @notice keyUsage: the key may sign certificates.
    uint256 internal constant KEY_CERT_SIGN = 1 << 10;

    uint256 private constant EXTENSIONS = 0xa3;

    /// @dev `[0] { INTEGER 2 }`: version 3.
    uint256 private constant VERSION_3 = 0xa003020102;
    uint256 private constant VERSION_3_LENGTH = 5;
    /// @dev `SEQUENCE { OBJECT IDENTIFIER 1.2.840.10045.4.3.3 }`: ecdsa-with-SHA384 (RFC 5758), without parameters.
    uint256 private constant ECDSA_WITH_SHA384 = 0x300a06082a8648ce3d040303;
    uint256 private constant ECDSA_WITH_SHA384_LENGTH = 12;
    /// @dev `SEQUENCE { id-ecPublicKey, secp384r1 }`, then the head of a BIT STRING of 97 bytes without unused bits
    /// that begins with 4, an uncompressed point (RFC 5480).
    uint256 private constant P384_KEY = 0x301006072a8648ce3d020106052b8104002203620004;
    uint256 private constant P384_KEY_LENGTH = 22;

    /// @dev The arc id-ce, 2.5.29, whose extensions have three-byte identifiers.
    uint256 private constant ID_CE = 0x551d;
    uint256 private constant ID_CE_KEY_USAGE = 15;
    uint256 private constant ID_CE_BASIC_CONSTRAINTS = 19;

    /// @notice Reads one certificate that is all of `der`. Reverts with what is wrong.
    function parse(Slice der) internal pure returns (Certificate memory certificate) {
        Slice rest;
        (der, rest) = Der.read(der, Der.SEQUENCE);
        rest.requireEnd();
        (Slice body, Slice afterBody) = Der.read(der, Der.SEQUENCE);
        certificate.tbs = der.until(afterBody);
        _parseTbs(certificate, body);
        rest = _expect(afterBody, ECDSA_WITH_SHA384, ECDSA_WITH_SHA384_LENGTH, "signatureAlgorithm");
        certificate.signature = _readSignature(rest);
    }

    /// @notice The identity by which a certificate is revoked: its issuer's name and its serial number (RFC 5280,
    /// section 5.3).
    function identity(Certificate memory certificate) internal pure returns (bytes32) {
        return identity(certificate.issuer, certificate.serial);
    }

    /// @notice The same, from the issuer's hash and the serial.
    function identity(bytes32 issuer, uint256 serial) internal pure returns (bytes32) {
        return keccak256(abi.encode(issuer, serial));
    }

    function _parseTbs(Certificate memory certificate, Slice body) private pure {
        Slice value;
        Slice rest = _expect(body, VERSION_3, VERSION_3_LENGTH, "version");
        (value, rest) = Der.read(rest, Der.INTEGER);
        // 20 octets of value (section 4.1.2.2), before which DER puts a zero where the highest bit is set.
        certificate.serial = Der.positive(value, 20);
        rest = _expect(rest, ECDSA_WITH_SHA384, ECDSA_WITH_SHA384_LENGTH, "signature");

        (value, rest) = Der.read(rest, Der.SEQUENCE);
        if (value.length() == 0) revert X509_EmptyIssuer();
        certificate.issuer = value.hash();

        (value, rest) = Der.read(rest, Der.SEQUENCE);
        (certificate.notBefore, value) = _readTime(value);
        (certificate.notAfter, value) = _readTime(value);
        value.requireEnd();
        if (certificate.notBefore > certificate.notAfter) {
            revert X509_BadValidity(certificate.notBefore, certificate.notAfter);
        }

        (value, rest) = Der.read(rest, Der.SEQUENCE);
        certificate.subject = value.hash();

        (value, rest) = Der.read(rest, Der.SEQUENCE);
        Slice point = _expect(value, P384_KEY, P384_KEY_LENGTH, "publicKey");
        (certificate.publicKey, value) = point.split(POINT_LENGTH);
        value.requireEnd();

        (value, rest) = Der.read(rest, EXTENSIONS);
        rest.requireEnd();
        (value, rest) = Der.read(value, Der.SEQUENCE);
        rest.requireEnd();
        _parseExtensions(certificate, value);
    }

    function _parseExtensions(Certificate memory certificate, Slice extensions) private pure {
        uint256 seen;
        do {
            Slice extension;
            Slice oid;
            Slice value;
            bool critical;
            (extension, extensions) = Der.read(extensions, Der.SEQUENCE);
            (oid, value) = Der.read(extension, Der.OBJECT_IDENTIFIER);
            (critical, value) = Der.readDefaultFalse(value);
            (value, extension) = Der.read(value, Der.OCTET_STRING);
            extension.requireEnd();

            uint256 id = oid.word() >> 232;
            if (oid.length() != 3 || id >> 8 != ID_CE) {
                if (critical) revert X509_UnknownCriticalExtension(bytes32(oid.word()));
                continue;
            }
            id &= 0xff;
            if ((seen >> id) & 1 == 1) revert X509_DuplicateExtension(bytes32((ID_CE << 240) | (id << 232)));
            seen |= 1 << id;

            if (id == ID_CE_BASIC_CONSTRAINTS) _parseBasicConstraints(certificate, value, critical);
            else if (id == ID_CE_KEY_USAGE) certificate.keyUsage = _readKeyUsage(value);
            else if (critical) revert X509_UnknownCriticalExtension(bytes32((ID_CE << 240) | (id << 232)));
        } while (extensions.length() != 0);
    }

    function _parseBasicConstraints(Certificate memory certificate, Slice value, bool critical) private pure {
        Slice rest;
        (value, rest) = Der.read(value, Der.SEQUENCE);
        rest.requireEnd();
        (certificate.isCa, value) = Der.readDefaultFalse(value);
        certificate.pathLength = UNLIMITED;
        if (value.length() != 0) {
            (value, rest) = Der.read(value, Der.INTEGER);
            rest.requireEnd();
            // A path length is one byte; zero, unlike elsewhere, is a value.
            if (value.length() != 1 || value.word() >> 255 == 1) revert Der.Der_BadInteger();
            certificate.pathLength = value.word() >> 248;
            if (!certificate.isCa) revert X509_BadBasicConstraints();
        }
        // Section 4.2.1.9: critical in every certificate whose key verifies signatures on certificates.
        if (certificate.isCa && !critical) revert X509_BadBasicConstraints();
    }

    /// @dev Nine named bits (section 4.2.1.3) in one byte or two. DER (X.690, 11.2.2) drops trailing zero bits, so
    /// that the last bit kept is a one; at least one bit is set.
    function _readKeyUsage(Slice value) private pure returns (uint256 usage) {
        Slice rest;
        (value, rest) = Der.read(value, Der.BIT_STRING);
        rest.requireEnd();
        uint256 size = value.length();
        if (size != 2 && size != 3) revert X509_BadKeyUsage();
        uint256 unused = value.word() >> 248;
        usage = (value.word() >> 232) & (size == 2 ? 0xff00 : 0xffff);
        uint256 bits = size == 2 ? usage >> 8 : usage;
        if (unused > 7 || (bits & ((2 << unused) - 1)) != 1 << unused) revert X509_BadKeyUsage();
    }

    /// @dev `BIT STRING` without unused bits around `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279, section 2.2.3), and
    /// nothing after it. Returns r and s as 48 bytes each; that they are below the group's order is the signature
    /// check's business.
    function _readSignature(Slice input) private pure returns (bytes memory signature) {
        (Slice value, Slice rest) = Der.read(input, Der.BIT_STRING);
        rest.requireEnd();
        (Slice unused, Slice sequence) = value.split(1);
        if (unused.word() >> 248 != 0) revert X509_Unsupported("unusedBits");
        (value, rest) = Der.read(sequence, Der.SEQUENCE);
        rest.requireEnd();
        (Slice r, Slice s) = Der.read(value, Der.INTEGER);
        (s, rest) = Der.read(s, Der.INTEGER);
        rest.requireEnd();

        signature = new bytes(96);
        _storeScalar(signature, 0, r);
        _storeScalar(signature, 48, s);
    }

    /// @dev Writes a positive INTEGER of at most 48 bytes, right-aligned, to the 48 bytes at `offset` of `signature`.
    function _storeScalar(bytes memory signature, uint256 offset, Slice value) private pure {
        value = Der.magnitude(value, 48);
        uint256 size = value.length();
        assembly ("memory-safe") {
            mcopy(add(add(signature, 0x20), sub(add(offset, 48), size)), shr(128, value), size)
        }
    }

    /// @dev UTCTime `YYMMDDHHMMSSZ` through 2049 and GeneralizedTime `YYYYMMDDHHMMSSZ` from 2050 on.
    function _readTime(Slice input) private pure returns (uint256 time, Slice rest) {
        Slice value;
        bool utc = input.word() >> 248 == Der.UTC_TIME;
        (value, rest) = Der.read(input, utc ? Der.UTC_TIME : Der.GENERALIZED_TIME);
        uint256 size = utc ? 12 : 14;
        if (value.length() != size + 1) revert X509_BadTime();
        uint256 text = value.word() >> (248 - 8 * size);
        if (text & 0xff != 0x5a) revert X509_BadTime();

        // One decimal digit a byte: a byte above 9 shows in its upper nibble, at once or after adding six. A carry into
        // the next byte can only come from a byte that shows itself.
        uint256 digits = (text >> 8) ^ 0x3030303030303030303030303030;
        if (utc) digits ^= 0x3030 << 96;
        if (((digits + 0x0606060606060606060606060606) | digits) & 0xf0f0f0f0f0f0f0f0f0f0f0f0f0f0 != 0) {
            revert X509_BadTime();
        }
        // Two digits become one number at every second byte.
        digits = (digits & 0x00ff00ff00ff00ff00ff00ff00ff) + 10 * ((digits >> 8) & 0x00ff00ff00ff00ff00ff00ff00ff);

        uint256 year = (digits >> 80) & 0xff;
        year += utc ? (year < 50 ? 2000 : 1900) : 100 * (digits >> 96);
        if (!utc && year < 2050) revert X509_BadTime();
        uint256 month = (digits >> 64) & 0xff;
        uint256 day = (digits >> 48) & 0xff;
        uint256 hour = (digits >> 32) & 0xff;
        uint256 minute = (digits >> 16) & 0xff;
        uint256 second = digits & 0xff;
        if (!DateTimeLib.isSupportedDateTime(year, month, day, hour, minute, second)) revert X509_BadTime();
        time = DateTimeLib.dateTimeToTimestamp(year, month, day, hour, minute, second);
    }

    /// @dev Reads exactly the `size` bytes of `expected`; returns the rest.
    function _expect(Slice input, uint256 expected, uint256 size, bytes32 what) private pure returns (Slice rest) {
        (, rest) = input.split(size);
        if (input.word() >> (256 - 8 * size) != expected) revert X509_Unsupported(what);
    }
}
