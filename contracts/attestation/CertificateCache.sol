// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ICertificateCache} from "../interfaces/INitroVerifier.sol";
import {IP384Verifier} from "./P384.sol";
import {Sha384} from "./Sha384.sol";
import {Slice, SliceLib} from "./Slice.sol";
import {Certificate, X509} from "./X509.sol";

/// @title CertificateCache
/// @notice Path validation of RFC 5280, section 6, for paths of P-384 certificates from one root, with a memory of
/// signatures.
abstract contract CertificateCache is ICertificateCache, AccessManaged {
    /// @inheritdoc ICertificateCache
    bytes32 public immutable rootHash;
    /// @notice Verifies the signatures.
    IP384Verifier public immutable p384;

    // What the root says, read once. Whatever has its hash says the same, and has its key at the same place.
    bytes32 private immutable _rootSubject;
    uint256 private immutable _rootSerial;
    uint256 private immutable _rootNotBefore;
    uint256 private immutable _rootNotAfter;
    uint256 private immutable _rootPathLength;
    uint256 private immutable _rootKeyOffset;

    mapping(bytes32 pathId => bool) private _verified;
    mapping(bytes32 identity => bool) private _revoked;

    /// @notice A path that has been checked at the current block time.
    /// @param last The last certificate.
    /// @param pathLength How many further authorities may follow it.
    /// @param ids What each certificate is remembered by; the root's is its hash.
    struct Path {
        Certificate last;
        uint256 pathLength;
        bytes32[] ids;
    }

    /// @param p384_ The verifier of P-384 signatures.
    /// @param root The root certificate in DER. It is trusted as given: its signature proves nothing.
    constructor(IP384Verifier p384_, bytes memory root) {
        Slice der = SliceLib.from(root);
        Certificate memory certificate = X509.parse(der);
        if (
            !certificate.isCa ||
            certificate.keyUsage & X509.KEY_CERT_SIGN == 0 ||
            certificate.issuer != certificate.subject
        ) revert CertificateCache_NotARoot();
        _rootSubject = certificate.subject;
        _rootSerial = certificate.serial;
        _rootNotBefore = certificate.notBefore;
        _rootNotAfter = certificate.notAfter;
        _rootPathLength = certificate.pathLength;
        _rootKeyOffset = certificate.publicKey.start() - der.start();
        rootHash = sha256(root);
        p384 = p384_;
    }

    /// @inheritdoc ICertificateCache
    function cacheCertificates(bytes[] calldata path, bytes[] calldata hints) external returns (bytes32 pathId) {
        Slice[] memory certificates = new Slice[](path.length);
        for (uint256 i; i < path.length; ++i) certificates[i] = SliceLib.from(path[i]);
        Path memory checked = _checkPath(certificates, hints, 0);
        _remember(checked);
        return checked.ids[path.length - 1];
    }

    /// @inheritdoc ICertificateCache
    function revokeCertificate(bytes32 issuer, uint256 serial) external restricted {
        _revoked[X509.identity(issuer, serial)] = true;
        emit CertificateRevoked(issuer, serial);
    }

    /// @inheritdoc ICertificateCache
    function isCached(bytes32 pathId) external view returns (bool) {
        return _verified[pathId];
    }

    /// @inheritdoc ICertificateCache
    function isRevoked(bytes32 issuer, uint256 serial) external view returns (bool) {
        return _revoked[X509.identity(issuer, serial)];
    }

    /// @dev Remembers the signatures of a path that `_checkPath` has accepted.
    function _remember(Path memory path) internal {
        bytes32[] memory ids = path.ids;
        for (uint256 i = 1; i < ids.length; ++i) {
            if (_verified[ids[i]]) continue;
            _verified[ids[i]] = true;
            emit CertificateVerified(ids[i], ids[i - 1]);
        }
    }

    /// @dev Checks a whole path at the current block time, from the root down, and reverts with what is wrong.
    /// Signatures that are remembered are not checked again; everything else is.
    /// @param following How many signatures come after the path's last, for the alignment of the hints.
    function _checkPath(
        Slice[] memory certificates,
        bytes[] calldata hints,
        uint256 following
    ) internal view returns (Path memory path) {
        uint256 count = certificates.length;
        if (count == 0) revert CertificateCache_EmptyPath();
        path.ids = new bytes32[](count);
        path.ids[0] = sha256(certificates[0].toBytes());
        if (path.ids[0] != rootHash) revert CertificateCache_UnknownRoot(path.ids[0]);
        path.last = _root(certificates[0]);
        path.pathLength = path.last.pathLength;
        _requireUsable(path.last, 0);

        for (uint256 i = 1; i < count; ++i) {
            Certificate memory certificate = X509.parse(certificates[i]);
            _requireIssuable(path, certificate, i);
            _requireUsable(certificate, i);
            // The path's identity binds every certificate in it by what is signed, never by a signature: the twin
            // (r, n - s) of a signature is another encoding of the same certificate, and has the same identity.
            bytes32 id = keccak256(abi.encode(path.ids[i - 1], certificate.tbs.hash()));
            path.ids[i] = id;
            if (!_verified[id]) {
                bytes calldata hint = _hint(hints, count - 1 - i + following);
                if (!_isSigned(certificate.tbs.toBytes(), certificate.signature, path.last.publicKey, hint)) {
                    revert CertificateCache_BadSignature(i);
                }
            }
            path.last = certificate;
        }
    }

    /// @dev The root, whose DER has the pinned hash; what nobody asks of a root is left out.
    function _root(Slice der) private view returns (Certificate memory root) {
        root.issuer = _rootSubject;
        root.subject = _rootSubject;
        root.serial = _rootSerial;
        root.notBefore = _rootNotBefore;
        root.notAfter = _rootNotAfter;
        root.isCa = true;
        root.pathLength = _rootPathLength;
        root.keyUsage = X509.KEY_CERT_SIGN;
        (, Slice rest) = der.split(_rootKeyOffset);
        (root.publicKey, ) = rest.split(X509.POINT_LENGTH);
    }

    /// @dev Whether `signature` is `publicKey`'s over `signed`.
    function _isSigned(
        bytes memory signed,
        bytes memory signature,
        Slice publicKey,
        bytes calldata hint
    ) internal view returns (bool) {
        (uint256 hi, uint256 lo) = Sha384.hash(signed);
        // Not through a function that takes the hint in memory: hints are long, and memory for five gets dear.
        return p384.verify(abi.encodePacked(uint128(hi), lo), signature, publicKey.toBytes(), hint);
    }

    /// @dev The hint for the signature that has `following` after it; empty when none is given for it.
    function _hint(bytes[] calldata hints, uint256 following) internal pure returns (bytes calldata) {
        return following < hints.length ? hints[hints.length - 1 - following] : msg.data[:0];
    }

    /// @dev Requires that the path's last certificate may issue `certificate`, and takes the step off `pathLength`.
    function _requireIssuable(Path memory path, Certificate memory certificate, uint256 index) private pure {
        Certificate memory issuer = path.last;
        if (!issuer.isCa || issuer.keyUsage & X509.KEY_CERT_SIGN == 0) {
            revert CertificateCache_NotAnAuthority(index - 1);
        }
        if (certificate.issuer != issuer.subject) revert CertificateCache_WrongIssuer(index);
        if (!certificate.isCa) return;
        // Each authority uses up one step, and may only shorten what is left (section 6.1.4, l and m). UNLIMITED less
        // a few steps stays out of reach of any path.
        if (path.pathLength == 0) revert CertificateCache_PathTooLong(index);
        --path.pathLength;
        if (certificate.pathLength < path.pathLength) path.pathLength = certificate.pathLength;
    }

    function _requireUsable(Certificate memory certificate, uint256 index) private view {
        if (block.timestamp < certificate.notBefore || block.timestamp > certificate.notAfter) {
            revert CertificateCache_NotValidNow(index, certificate.notBefore, certificate.notAfter, block.timestamp);
        }
        if (_revoked[X509.identity(certificate)]) {
            revert CertificateCache_Revoked(index, certificate.issuer, certificate.serial);
        }
    }
}
