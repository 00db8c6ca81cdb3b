// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Enclave, IEnclaveRegistry} from "../../interfaces/IEnclaveRegistry.sol";
import {InferenceClaim, IProofVerifier} from "../../interfaces/IProofVerifier.sol";
import {MeasurementSets} from "./MeasurementSets.sol";

/// @title TeeVerifier
/// @notice The TEE route: a claim is proven by the signature of an attested enclave's key over its hash.
/// @dev A model's parameters are `abi.encode(setId)`: the set of measurements that it trusts. A proof is 69 bytes: the
/// secp256k1 signature r ‖ s ‖ v over the claim hash, then the number, as a big-endian uint32, of the attestation in
/// the node's history that the key is valid by. What the enclave signs includes the metered units.
contract TeeVerifier is IProofVerifier, MeasurementSets {
    uint256 private constant SIGNATURE_LENGTH = 65;
    uint256 private constant PROOF_LENGTH = 69;

    /// @notice Where enclaves' keys are registered.
    IEnclaveRegistry public immutable enclaves;

    constructor(IEnclaveRegistry enclaves_) {
        enclaves = enclaves_;
    }

    /// @inheritdoc IProofVerifier
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool) {
        if (parameters.length != 32 || proof.length != PROOF_LENGTH) return false;
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(claimHash, proof[:SIGNATURE_LENGTH]);
        if (failure != ECDSA.RecoverError.NoError) return false;
        Enclave memory enclave = enclaves.enclaveAt(claim.nodeId, uint32(bytes4(proof[SIGNATURE_LENGTH:])));
        return
            enclave.key == signer &&
            enclave.validFrom <= claimedAt &&
            claimedAt < enclave.validUntil &&
            contains[bytes32(parameters)][enclave.measurement];
    }
}
