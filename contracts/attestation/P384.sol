// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IP384Verifier
/// @notice ECDSA over NIST P-384 (FIPS 186-5), the signature of AWS's certificates and attestation documents.
interface IP384Verifier {
    /// @notice Whether `signature` is a valid ECDSA signature of the digest `hash` under `publicKey`.
    /// @dev Never reverts on bad input: anything malformed (a wrong length, r or s outside [1, n - 1], a coordinate that
    /// is not below p, a point that is not on the curve) is false. High and low s are both accepted.
    /// @param hash The digest, 48 bytes.
    /// @param signature r ‖ s, 96 bytes big-endian (IEEE P1363).
    /// @param publicKey x ‖ y, 96 bytes big-endian.
    /// @param hint Empty, or what `p384Hint` of the SDK made for exactly these inputs: it makes the verification
    /// cheaper. It is untrusted: whatever it says, an invalid signature never becomes valid.
    function verify(
        bytes calldata hash,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata hint
    ) external view returns (bool);
}

/// @title P384
/// @notice Verifies P-384 signatures over digests as `Sha384` returns them.
library P384 {
    /// @notice Whether `signature` is a valid signature of the digest (hashHi, hashLo) under `publicKey`.
    /// @param verifier The deployed P384Verifier, trusted by the caller.
    /// @param hashHi The digest's first 16 bytes, as a number below 2^128.
    /// @param hashLo The digest's last 32 bytes.
    /// @param signature r ‖ s, 96 bytes.
    /// @param publicKey x ‖ y, 96 bytes.
    /// @param hint See IP384Verifier; may be empty. In calldata, so that its 15 KB are copied once.
    function verify(
        IP384Verifier verifier,
        uint256 hashHi,
        uint256 hashLo,
        bytes memory signature,
        bytes memory publicKey,
        bytes calldata hint
    ) internal view returns (bool) {
        return verifier.verify(abi.encodePacked(uint128(hashHi), hashLo), signature, publicKey, hint);
    }
}
