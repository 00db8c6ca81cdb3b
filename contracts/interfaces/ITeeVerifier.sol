// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEnclaveRegistry} from "./IEnclaveRegistry.sol";
import {IProofVerifier} from "./IProofVerifier.sol";

/// @notice What a measured image is trusted for.
/// - NONE: the parameters are malformed, and prove nothing.
/// - LOCAL: the image contains weights and runtime; a claim proves execution.
/// - GATEWAY: the image relays to a named backend; a claim proves the prompt and the relayed answer, not execution.
enum Trust {
    NONE,
    LOCAL,
    GATEWAY
}

/// @title ITeeVerifier
/// @notice The TEE route: a claim is proven by the signature of an attested enclave's key over its hash.
/// @dev A proof is 69 bytes: the secp256k1 signature r ‖ s ‖ v over the claim hash as it is, then the number, as a
/// big-endian uint32, of the attestation in the node's history that the key is valid by. What the enclave signs
/// includes the metered units. Of a signature and its twin (r, n − s) both prove the claim; it settles once.
///
/// A model's parameters for this route are a set of measurements and what they are trusted for, packed: the trust (one
/// byte), the length of the backend's name (one byte), the name (a gateway's only, such as a host name), then the
/// measurements, 32 bytes each: keccak256(PCR0 ‖ PCR1 ‖ PCR2). The model registry versions them, and a request names
/// the version that it is proven under.
interface ITeeVerifier is IEnclaveRegistry, IProofVerifier {
    /// @notice Reads a model's parameters. Never reverts: malformed ones come back as NONE, without measurements.
    function decodeParameters(
        bytes calldata parameters
    ) external pure returns (Trust trust, string memory backend, bytes32[] memory measurements);
}
