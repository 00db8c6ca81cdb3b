// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a verified attestation document says.
/// @param moduleId The name that AWS gives the enclave: the instance's id and the enclave's.
/// @param timestamp When the document was made, in Unix time and milliseconds, not seconds.
/// @param debug Whether the enclave ran in debug mode: PCR0, PCR1 and PCR2 are absent or zero, and attest nothing.
/// @param pcrBitmap Bit i is set when register i is present.
/// @param pcrs The registers that are present, 48 bytes each, in ascending order.
/// @param publicKey What the enclave put in as its public key; empty when absent.
/// @param userData What the enclave put in as user data; empty when absent.
/// @param nonce What the enclave put in as nonce; empty when absent.
struct Attestation {
    string moduleId;
    uint64 timestamp;
    bool debug;
    uint32 pcrBitmap;
    bytes pcrs;
    bytes publicKey;
    bytes userData;
    bytes nonce;
}

/// @title ICertificateCache
/// @notice Verifies certificate paths from one pinned root and remembers which signatures it has checked.
/// @dev A path is the certificates in DER from the root to the one of interest, as `cabundle` and `certificate` of an
/// attestation document are. What is remembered is only that one certificate's signed part was signed by the key of
/// its issuer, under this very path. Everything else, above all that every certificate of the path is valid now, not
/// revoked and entitled to issue the next, is judged anew at each use.
///
/// Hints make signature checks cheaper (see `P384Verifier`). There is one for each signature in the order of the path, a
/// document's own last. They are aligned at the end: when fewer are given, they belong to the last signatures, and the
/// others are checked without. Signatures that are remembered need none. A hint can never make a false signature pass.
interface ICertificateCache {
    /// @notice The signature of a certificate under the path `parentId` has been verified and remembered as `pathId`.
    event CertificateVerified(bytes32 indexed pathId, bytes32 indexed parentId);
    /// @notice The certificate with this issuer and serial number is revoked.
    event CertificateRevoked(bytes32 indexed issuer, uint256 indexed serial);

    /// @notice The constructor was given a certificate that cannot be a root: not an authority's, or not self-issued.
    error CertificateCache_NotARoot();
    /// @notice The path is empty.
    error CertificateCache_EmptyPath();
    /// @notice The path begins with a certificate of this SHA-256 hash, not with the pinned root.
    error CertificateCache_UnknownRoot(bytes32 hash);
    /// @notice The certificate at `index` of the path names another issuer than the subject of the one before.
    error CertificateCache_WrongIssuer(uint256 index);
    /// @notice The certificate at `index` has issued the next, but is not an authority's or its key may not sign
    /// certificates.
    error CertificateCache_NotAnAuthority(uint256 index);
    /// @notice The certificate at `index` is an authority's, but the path length of one before allows none here.
    error CertificateCache_PathTooLong(uint256 index);
    /// @notice The certificate at `index` is valid only from `notBefore` to `notAfter`, and it is now `time`.
    error CertificateCache_NotValidNow(uint256 index, uint256 notBefore, uint256 notAfter, uint256 time);
    /// @notice The certificate at `index` is revoked.
    error CertificateCache_Revoked(uint256 index, bytes32 issuer, uint256 serial);
    /// @notice The signature of the certificate at `index` is wrong.
    error CertificateCache_BadSignature(uint256 index);

    /// @notice Verifies a path and remembers its signatures, so that a long path can be brought in by several
    /// transactions: each with the path up to one more certificate.
    /// @param path The certificates in DER, from the root on.
    /// @param hints Hints for the signatures of the path, aligned at the end.
    /// @return pathId What the last certificate is remembered by.
    function cacheCertificates(bytes[] calldata path, bytes[] calldata hints) external returns (bytes32 pathId);

    /// @notice Revokes the certificate that `issuer` has issued under `serial`, for ever: every path through it is
    /// refused, remembered or not.
    /// @dev Restricted to the role that AccessManager gives.
    /// @param issuer The keccak256 hash of the contents of the issuer's name in DER.
    /// @param serial The serial number.
    function revokeCertificate(bytes32 issuer, uint256 serial) external;

    /// @notice The SHA-256 hash of the root certificate in DER: the fingerprint under which AWS publishes its own.
    function rootHash() external view returns (bytes32);

    /// @notice Whether the signatures of a path up to `pathId` are remembered. Says nothing about validity.
    function isCached(bytes32 pathId) external view returns (bool);

    /// @notice Whether the certificate with this issuer and serial number is revoked.
    function isRevoked(bytes32 issuer, uint256 serial) external view returns (bool);
}

/// @title INitroVerifier
/// @notice Verifies attestation documents of AWS Nitro enclaves from a pinned root down, wholly in the EVM.
/// @dev It trusts the root, the clock of the chain and the revocation role; nothing else. It does not judge what a
/// document says: its age, whether it was used before, its measurement, and debug mode are the caller's to check.
interface INitroVerifier is ICertificateCache {
    /// @notice The document's certificate is an authority's, or its key may not sign documents.
    error NitroVerifier_NotASigner();
    /// @notice The document's signature is wrong.
    error NitroVerifier_BadSignature();

    /// @notice Verifies a document at the current block time and remembers the signatures of its certificates.
    /// @dev Reverts with the reason when anything is wrong: an error of this interface, or of the parsers in
    /// `contracts/attestation`.
    /// @param document The COSE_Sign1 message.
    /// @param hints Hints for the signatures of `cabundle` after the root, `certificate` and the document, aligned at
    /// the end.
    function verify(bytes calldata document, bytes[] calldata hints) external returns (Attestation memory);

    /// @notice The same, without remembering anything.
    function check(bytes calldata document, bytes[] calldata hints) external view returns (Attestation memory);
}
