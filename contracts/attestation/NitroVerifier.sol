// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Attestation, INitroVerifier} from "../interfaces/INitroVerifier.sol";
import {CertificateCache} from "./CertificateCache.sol";
import {Document, NitroAttestation} from "./NitroAttestation.sol";
import {IP384Verifier} from "./P384.sol";
import {Slice} from "./Slice.sol";
import {X509} from "./X509.sol";

/// @title NitroVerifier
/// @notice Verifies attestation documents of AWS Nitro enclaves from a pinned root down.
contract NitroVerifier is INitroVerifier, CertificateCache {
    /// @param manager The AccessManager that says who may revoke certificates.
    /// @param p384_ The verifier of P-384 signatures.
    /// @param root The root certificate in DER.
    constructor(
        address manager,
        IP384Verifier p384_,
        bytes memory root
    ) AccessManaged(manager) CertificateCache(p384_, root) {}

    /// @inheritdoc INitroVerifier
    function verify(bytes calldata document, bytes[] calldata hints) external returns (Attestation memory attestation) {
        Path memory path;
        (attestation, path) = _check(document, hints);
        _remember(path);
    }

    /// @inheritdoc INitroVerifier
    function check(
        bytes calldata document,
        bytes[] calldata hints
    ) external view returns (Attestation memory attestation) {
        (attestation, ) = _check(document, hints);
    }

    function _check(
        bytes calldata data,
        bytes[] calldata hints
    ) private view returns (Attestation memory attestation, Path memory path) {
        Document memory document = NitroAttestation.parse(data);
        path = _checkPath(_path(document), hints, 1);
        if (path.last.isCa || path.last.keyUsage & X509.DIGITAL_SIGNATURE == 0) revert NitroVerifier_NotASigner();
        bytes memory signed = NitroAttestation.signedData(document);
        Slice publicKey = path.last.publicKey;
        if (!_isSigned(signed, document.signature.toBytes(), publicKey, _hint(hints, 0))) {
            revert NitroVerifier_BadSignature();
        }
        attestation = _attestation(document);
    }

    /// @dev The certificates from the root to the document's own.
    function _path(Document memory document) private pure returns (Slice[] memory path) {
        uint256 count = document.cabundle.length;
        path = new Slice[](count + 1);
        for (uint256 i; i < count; ++i) path[i] = document.cabundle[i];
        path[count] = document.certificate;
    }

    function _attestation(Document memory document) private pure returns (Attestation memory attestation) {
        attestation.moduleId = string(document.moduleId.toBytes());
        attestation.timestamp = document.timestamp;
        attestation.debug = NitroAttestation.isDebug(document);
        bytes memory pcrs = new bytes(32 * NitroAttestation.PCR_LENGTH);
        uint256 size;
        for (uint256 i; i < 32; ++i) {
            Slice pcr = document.pcrs[i];
            if (pcr.isAbsent()) continue;
            attestation.pcrBitmap |= uint32(1 << i);
            pcr.copyTo(pcrs, size);
            size += NitroAttestation.PCR_LENGTH;
        }
        assembly ("memory-safe") {
            // Shrinks the array to what was written.
            mstore(pcrs, size)
        }
        attestation.pcrs = pcrs;
        attestation.publicKey = document.publicKey.toBytes();
        attestation.userData = document.userData.toBytes();
        attestation.nonce = document.nonce.toBytes();
    }
}
