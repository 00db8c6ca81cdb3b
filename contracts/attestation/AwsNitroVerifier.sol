// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {NitroVerifier} from "./NitroVerifier.sol";
import {IP384Verifier} from "./P384.sol";

/// @title AwsNitroVerifier
/// @notice The verifier of attestation documents for production: it cannot be deployed with another root than AWS's.
contract AwsNitroVerifier is NitroVerifier {
    /// @notice The root's SHA-256 hash is `actual`, not the one that AWS publishes.
    error AwsNitroVerifier_NotAwsRoot(bytes32 actual);

    /// @notice The SHA-256 hash that AWS publishes for its root "G1", valid to 28 October 2049.
    bytes32 public constant AWS_ROOT_HASH = 0x641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b;

    /// @param manager The AccessManager that says who may revoke certificates.
    /// @param p384_ The verifier of P-384 signatures.
    /// @param root AWS's root certificate in DER.
    constructor(address manager, IP384Verifier p384_, bytes memory root) NitroVerifier(manager, p384_, root) {
        if (rootHash != AWS_ROOT_HASH) revert AwsNitroVerifier_NotAwsRoot(rootHash);
    }
}
