// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Attestation} from "./INitroVerifier.sol";

/// @title IOpenGradientAudit
/// @notice Verifies, for audit, what OpenGradient's own enclaves publish: attestation documents that bind a TLS
/// certificate and an RSA signing key, and receipts that this key signs.
/// @dev Documents and receipts bind no chain, request or node. They can be shown again anywhere, by anyone, so nothing
/// that moves money may rest on them; nothing here does.
interface IOpenGradientAudit {
    /// @notice The enclave ran in debug mode.
    error OpenGradientAudit_DebugMode();
    /// @notice The user data is not 2 + 32 + 2 + 32 bytes long.
    error OpenGradientAudit_BadUserData(bytes userData);
    /// @notice The document binds another TLS certificate.
    error OpenGradientAudit_WrongTlsCertificate(bytes32 expected, bytes32 actual);
    /// @notice The document binds another signing key.
    error OpenGradientAudit_WrongSigningKey(bytes32 expected, bytes32 actual);

    /// @notice Verifies that an attestation document, valid now, binds a TLS certificate and a signing key: its
    /// `user_data` is a 2-byte prefix, sha256(tlsCertificate), a 2-byte prefix, sha256(signingKey).
    /// @dev The prefixes name the hash and are not interpreted. Reverts with the reason when anything is wrong.
    /// @param document The attestation document.
    /// @param hints Hints for its signatures (see {ICertificateCache}).
    /// @param tlsCertificate The enclave's TLS certificate in DER.
    /// @param signingKey The enclave's RSA key in DER, as SubjectPublicKeyInfo.
    /// @return attestation What the document says; its measurement and age are the reader's to judge.
    function verifyEnclave(
        bytes calldata document,
        bytes[] calldata hints,
        bytes calldata tlsCertificate,
        bytes calldata signingKey
    ) external view returns (Attestation memory attestation);

    /// @notice Whether a receipt is signed by a key: RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 8017), over
    /// keccak256(inputHash ‖ outputHash ‖ timestamp).
    /// @dev False for a wrong signature; reverts only for a key that is none.
    /// @param signingKey The RSA key in DER, as SubjectPublicKeyInfo.
    /// @param inputHash The hash of the request.
    /// @param outputHash The hash of the answer.
    /// @param timestamp When the enclave answered, by its own clock, in seconds.
    /// @param signature The signature, as long as the key's modulus.
    function verifyReceipt(
        bytes calldata signingKey,
        bytes32 inputHash,
        bytes32 outputHash,
        uint256 timestamp,
        bytes calldata signature
    ) external view returns (bool);
}
