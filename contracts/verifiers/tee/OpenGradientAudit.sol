// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RsaPss} from "../../attestation/RsaPss.sol";
import {Attestation, INitroVerifier} from "../../interfaces/INitroVerifier.sol";
import {IOpenGradientAudit} from "../../interfaces/IOpenGradientAudit.sol";

/// @title OpenGradientAudit
/// @notice Verifies attestations and receipts of OpenGradient's own enclaves, for audit only.
contract OpenGradientAudit is IOpenGradientAudit {
    uint256 private constant PREFIX_LENGTH = 2;
    uint256 private constant USER_DATA_LENGTH = 2 * (PREFIX_LENGTH + 32);

    /// @notice The verifier of documents, and with it the root that is trusted.
    INitroVerifier public immutable verifier;

    constructor(INitroVerifier verifier_) {
        verifier = verifier_;
    }

    /// @inheritdoc IOpenGradientAudit
    function verifyEnclave(
        bytes calldata document,
        bytes[] calldata hints,
        bytes calldata tlsCertificate,
        bytes calldata signingKey
    ) external view returns (Attestation memory attestation) {
        attestation = verifier.check(document, hints);
        if (attestation.debug) revert OpenGradientAudit_DebugMode();
        bytes memory userData = attestation.userData;
        if (userData.length != USER_DATA_LENGTH) revert OpenGradientAudit_BadUserData(userData);
        bytes32 tlsHash;
        bytes32 keyHash;
        assembly ("memory-safe") {
            tlsHash := mload(add(userData, add(0x20, PREFIX_LENGTH)))
            keyHash := mload(add(userData, add(0x40, mul(2, PREFIX_LENGTH))))
        }
        bytes32 actual = sha256(tlsCertificate);
        if (actual != tlsHash) revert OpenGradientAudit_WrongTlsCertificate(tlsHash, actual);
        actual = sha256(signingKey);
        if (actual != keyHash) revert OpenGradientAudit_WrongSigningKey(keyHash, actual);
    }

    /// @inheritdoc IOpenGradientAudit
    function verifyReceipt(
        bytes calldata signingKey,
        bytes32 inputHash,
        bytes32 outputHash,
        uint256 timestamp,
        bytes calldata signature
    ) external view returns (bool) {
        (bytes memory modulus, bytes memory exponent) = RsaPss.parseKey(signingKey);
        bytes32 message = keccak256(abi.encodePacked(inputHash, outputHash, timestamp));
        return RsaPss.verify(sha256(abi.encodePacked(message)), signature, modulus, exponent);
    }
}
