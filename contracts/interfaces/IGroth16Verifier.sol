// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IProofVerifier, InferenceClaim} from "./IProofVerifier.sol";

/// @title IGroth16Verifier
/// @notice Verifies Groth16 proofs over BN254 (alt_bn128, EIP-196 and EIP-197) for every circuit: anyone registers a
/// verifying key, which is kept as contract code and addressed by its hash.
/// @dev The proof system is Groth16 (ePrint 2016/260), in snarkjs's form: a proof (A, B, C) of the public signals s holds
/// if e(A, B) = e(alpha, beta) · e(IC[0] + Σ s[i]·IC[i+1], gamma) · e(C, delta).
///
/// Encodings. A G1 point is x ‖ y, a G2 point is x.imaginary ‖ x.real ‖ y.imaginary ‖ y.real (the order of EIP-197 and of
/// snarkjs's Solidity calldata), every coordinate 32 bytes, big-endian, below the base field's prime. A proof is A ‖ B ‖ C,
/// 256 bytes. A key of n public signals is 0x260 + 64·n bytes:
///
/// | offset | bytes | content                                                                                 |
/// | ------ | ----- | --------------------------------------------------------------------------------------- |
/// | 0x000  | 32    | "opg.groth16.bn254.v1" (20) ‖ development (1) ‖ zero (3) ‖ contributions (4) ‖ n (4)    |
/// | 0x020  | 32    | beacon                                                                                  |
/// | 0x040  | 32    | zkeyHash                                                                                |
/// | 0x060  | 128   | delta, G2                                                                               |
/// | 0x0e0  | 64    | alpha, G1                                                                               |
/// | 0x120  | 128   | beta, G2                                                                                |
/// | 0x1a0  | 64    | IC[0], G1                                                                               |
/// | 0x1e0  | 128   | gamma, G2                                                                               |
/// | 0x260  | 64·n  | IC[1] … IC[n], G1                                                                       |
///
/// Gas. The functions that verify forward all their gas to the precompiles, so that a repricing of these never breaks
/// the contract; a precompile that is given an invalid point consumes it, less the 1/64 that EIP-150 keeps back.
interface IGroth16Verifier is IProofVerifier {
    /// @notice What a key says of the ceremony that made it. It is a part of the key and of its hash: it cannot be changed,
    /// and the same points with another declaration are another key. The contract cannot check that it is true; anyone
    /// can, by fetching the .zkey file with this hash and running `snarkjs zkey verify` on it.
    /// @param development Whether the setup's secrets are public or were known to one party: whoever knows them can prove
    /// anything. For tests and local chains only.
    /// @param contributions How many parties contributed to the circuit's own phase, the beacon not counted.
    /// @param beacon The public randomness that closed the ceremony; zero if there was none.
    /// @param zkeyHash The SHA-256 of the final .zkey file, which carries every contribution's transcript.
    struct Ceremony {
        bool development;
        uint32 contributions;
        bytes32 beacon;
        bytes32 zkeyHash;
    }

    /// @notice A model's parameters for the ZK route: `abi.encode` of this struct, 96 bytes.
    /// @param keyId The verifying key of the model's circuit, which must have four public signals.
    /// @param weightsCommitment The circuit's commitment to the model's weights, below the scalar field's order.
    /// @param units What one inference meters; fixed, because the circuit is.
    struct ZkParameters {
        bytes32 keyId;
        bytes32 weightsCommitment;
        uint64 units;
    }

    /// @notice A key was registered. Emitted once per key.
    /// @param keyId The Keccak-256 of the key's bytes.
    /// @param pointer The contract whose code, after one STOP byte, is the key, or its first 24,544 bytes.
    /// @param numPublic The number of public signals of the circuit.
    /// @param ceremony What the key says of its ceremony.
    event KeyRegistered(bytes32 indexed keyId, address pointer, uint256 numPublic, Ceremony ceremony);

    /// @notice The key is not of the form above: another header, or a length that its number of signals does not give.
    error Groth16_MalformedKey(uint256 length, bytes32 header);
    /// @notice A key that is not marked as a development key names no contribution or no .zkey file.
    error Groth16_UndeclaredCeremony(uint32 contributions, bytes32 zkeyHash);
    /// @notice The G1 point at this offset of the key has a coordinate that is not canonical, is not on the curve, or is the
    /// point at infinity.
    error Groth16_InvalidG1(uint256 offset);
    /// @notice The G2 point at this offset of the key has a coordinate that is not canonical, is not on the twist or not in
    /// the subgroup of order r, or is the point at infinity.
    error Groth16_InvalidG2(uint256 offset);
    /// @notice No key with this hash is registered.
    error Groth16_UnknownKey(bytes32 keyId);
    /// @notice The call was given so little gas that a valid proof could fail: nothing can be said of the proof.
    error Groth16_InsufficientGas();
    /// @notice A batch has another number of proofs than of statements.
    error Groth16_LengthMismatch(uint256 statements, uint256 proofs);

    /// @notice Registers a verifying key. Anyone may; a key that is registered already is left as it is.
    /// @dev Refuses every key with a point that is not canonical, off its curve or subgroup, or at infinity: with alpha or
    /// beta, gamma, delta or an IC at infinity, some part of the statement would not be proven. That the key belongs to a
    /// sound ceremony of the right circuit is for whoever names its `keyId` to know.
    /// Costs about 200 gas per byte; some 1,000 public signals fit a transaction of 2^24 gas.
    /// @param key The key, encoded as above.
    /// @return keyId The Keccak-256 of `key`.
    function registerKey(bytes calldata key) external returns (bytes32 keyId);

    /// @notice What is known of a registered key. Reverts with `Groth16_UnknownKey`.
    /// @param keyId The Keccak-256 of the key's bytes.
    /// @return pointer The contract that holds the key, or the start of it.
    /// @return numPublic The number of public signals of the circuit.
    /// @return ceremony What the key says of its ceremony.
    function keyInfo(
        bytes32 keyId
    ) external view returns (address pointer, uint256 numPublic, Ceremony memory ceremony);

    /// @notice Whether `proof` proves `publicSignals` under the registered key. False for an unknown key, a wrong number of
    /// signals, a signal that is not below the scalar field's order, a proof of another length, and invalid points.
    /// @dev Reverts only with `Groth16_InsufficientGas`.
    /// Groth16 proofs can be re-randomised by anyone: a valid proof is not an identifier of anything.
    /// @param keyId The Keccak-256 of the key's bytes.
    /// @param publicSignals The public signals, in snarkjs's order: the circuit's outputs, then its public inputs.
    /// @param proof The proof, encoded as above.
    function verifyProof(
        bytes32 keyId,
        uint256[] calldata publicSignals,
        bytes calldata proof
    ) external view returns (bool);

    /// @notice What {verify} takes a proof of a claim to prove.
    /// @param claim The claim.
    /// @param claimHash Its EIP-712 digest.
    /// @param parameters The model's, an encoded `ZkParameters`.
    /// @return keyId The key of the model's circuit; zero for parameters of another form.
    /// @return signals The four public signals; none for parameters of another form or a claim of other units.
    function publicSignals(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        bytes calldata parameters
    ) external pure returns (bytes32 keyId, uint256[] memory signals);

    /// @notice Verifies many proofs under one key together, n + 3 pairings for n of them, and remembers until the end of the
    /// transaction what they prove: {verify} then needs no proof of it. A bad proof does not spoil the others.
    /// @dev What was proven is a fact, whoever asks for it and in whichever frame of the transaction.
    /// The proofs are combined with coefficients of 254 bits, from a hash of the key's and of everything in the call; when the
    /// combination fails, its halves are tried, and theirs. One bad proof of 64 costs about twice the batch, each further
    /// one up to as much again: {badProofs} tells before it is sent.
    /// The pairing precompile is given its price (EIP-1108) and no more, so that an invalid point does not take all gas
    /// with it. Reverts with `Groth16_InsufficientGas` where that is not what it costs, or not there; and with
    /// `Groth16_LengthMismatch`.
    /// @param keyId The Keccak-256 of the key's bytes.
    /// @param publicSignals The public signals of each proof.
    /// @param proofs The proofs, encoded as above.
    /// @return bad Which proofs {verifyProof} would call false, in ascending order.
    function verifyBatch(
        bytes32 keyId,
        uint256[][] calldata publicSignals,
        bytes[] calldata proofs
    ) external returns (uint256[] memory bad);

    /// @notice {verifyBatch} without remembering anything.
    function badProofs(
        bytes32 keyId,
        uint256[][] calldata publicSignals,
        bytes[] calldata proofs
    ) external view returns (uint256[] memory bad);

    /// @inheritdoc IProofVerifier
    /// @dev `parameters` is an encoded `ZkParameters`. The public signals are rebuilt here, the caller supplies none:
    /// [claimHash mod r, weightsCommitment, claim.inputHash, claim.outputHash], where r is the scalar field's order. All but
    /// the first must be canonical (< r) as they stand, so that no two claims share a proof. The first is reduced: r has 254
    /// bits, so that finding two claims with one residue still takes about 2^127 hashes.
    /// `claim.units` must be the model's. `claimedAt` is not used: keys do not expire.
    /// An empty proof is taken where {verifyBatch} has found a proof of these signals valid in the same transaction.
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool);
}
