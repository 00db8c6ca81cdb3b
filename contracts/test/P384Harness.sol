// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IP384Verifier, P384} from "../attestation/P384.sol";

/// @notice The P384 library, callable from outside, with its gas.
contract P384Harness {
    error P384Harness_Invalid();

    function verify(
        IP384Verifier verifier,
        uint256 hashHi,
        uint256 hashLo,
        bytes memory signature,
        bytes memory publicKey,
        bytes calldata hint
    ) public view returns (bool) {
        return P384.verify(verifier, hashHi, hashLo, signature, publicKey, hint);
    }

    /// @notice The gas that one verification takes, the hint in calldata, verifier and table cold. Reverts if the
    /// signature is not valid.
    function gasOf(
        IP384Verifier verifier,
        uint256 hashHi,
        uint256 hashLo,
        bytes memory signature,
        bytes memory publicKey,
        bytes calldata hint
    ) external view returns (uint256 gas) {
        gas = gasleft();
        bool valid = verify(verifier, hashHi, hashLo, signature, publicKey, hint);
        gas -= gasleft();
        if (!valid) revert P384Harness_Invalid();
    }
}
