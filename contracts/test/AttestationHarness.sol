// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Document, NitroAttestation} from "../attestation/NitroAttestation.sol";
import {SliceLib} from "../attestation/Slice.sol";
import {Certificate, X509} from "../attestation/X509.sol";

/// @notice The parsers, callable from outside, with what they found copied out.
contract AttestationHarness {
    struct ParsedCertificate {
        bytes tbs;
        bytes32 issuer;
        bytes32 subject;
        uint256 serial;
        uint256 notBefore;
        uint256 notAfter;
        bytes publicKey;
        bool isCa;
        uint256 pathLength;
        uint256 keyUsage;
        bytes signature;
    }

    struct ParsedDocument {
        bytes signedData;
        bytes signature;
        bytes moduleId;
        uint64 timestamp;
        bytes[32] pcrs;
        bytes certificate;
        bytes[] cabundle;
        bytes publicKey;
        bytes userData;
        bytes nonce;
        bool debug;
    }

    function parseCertificate(bytes memory der) external pure returns (ParsedCertificate memory) {
        Certificate memory c = X509.parse(SliceLib.from(der));
        return
            ParsedCertificate({
                tbs: c.tbs.toBytes(),
                issuer: c.issuer,
                subject: c.subject,
                serial: c.serial,
                notBefore: c.notBefore,
                notAfter: c.notAfter,
                publicKey: c.publicKey.toBytes(),
                isCa: c.isCa,
                pathLength: c.pathLength,
                keyUsage: c.keyUsage,
                signature: c.signature
            });
    }

    function parseDocument(bytes memory data) external pure returns (ParsedDocument memory parsed) {
        Document memory d = NitroAttestation.parse(data);
        parsed.signedData = NitroAttestation.signedData(d);
        parsed.signature = d.signature.toBytes();
        parsed.moduleId = d.moduleId.toBytes();
        parsed.timestamp = d.timestamp;
        for (uint256 i; i < 32; ++i) parsed.pcrs[i] = d.pcrs[i].toBytes();
        parsed.certificate = d.certificate.toBytes();
        parsed.cabundle = new bytes[](d.cabundle.length);
        for (uint256 i; i < d.cabundle.length; ++i) parsed.cabundle[i] = d.cabundle[i].toBytes();
        parsed.publicKey = d.publicKey.toBytes();
        parsed.userData = d.userData.toBytes();
        parsed.nonce = d.nonce.toBytes();
        parsed.debug = NitroAttestation.isDebug(d);
    }

    function gasParseCertificate(bytes memory der) external view returns (uint256) {
        uint256 before = gasleft();
        X509.parse(SliceLib.from(der));
        return before - gasleft();
    }

    function gasParseDocument(bytes memory data) external view returns (uint256) {
        uint256 before = gasleft();
        NitroAttestation.parse(data);
        return before - gasleft();
    }
}
