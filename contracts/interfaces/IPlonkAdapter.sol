// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IProofVerifier, InferenceClaim} from "./IProofVerifier.sol";

/// @notice What snarkjs generates for a PLONK circuit of four public signals.
interface IPlonkVerifier {
    /// @notice Whether `proof` proves `publicSignals`.
    function verifyProof(uint256[24] calldata proof, uint256[4] calldata publicSignals) external view returns (bool);
}

/// @title IPlonkAdapter
/// @notice PLONK (ePrint 2019/953) over BN254 for the ZK route: proofs by snarkjs, verified by the contract that snarkjs
/// generates for the model's circuit. The circuit has the public signals of every circuit of the route; see
/// {IGroth16Verifier-verify}. The setup is universal: there is no ceremony per circuit.
/// @dev A model names any contract, which is a matter of trust in the model, as its circuit is. That it is the generated
/// one, anybody can tell by generating it; that it stays what it is, this contract sees to: the model names the hash of
/// its code, and code that can be exchanged (an account that delegates, EIP-7702) is refused.
interface IPlonkAdapter is IProofVerifier {
    /// @notice A model's parameters: `abi.encode` of this struct, 128 bytes.
    /// @param verifier The contract that snarkjs generated.
    /// @param codeHash The Keccak-256 of its code.
    /// @param weightsCommitment The circuit's commitment to the model's weights, below the scalar field's order.
    /// @param units What one inference meters; fixed, because the circuit is.
    struct PlonkParameters {
        address verifier;
        bytes32 codeHash;
        bytes32 weightsCommitment;
        uint64 units;
    }

    /// @notice The call was given so little gas that a valid proof could fail: nothing can be said of the proof.
    error Plonk_InsufficientGas();

    /// @notice The gas that the model's contract gets, all of which it may use: what it does not decide with that, is false.
    function VERIFIER_GAS() external view returns (uint256);

    /// @inheritdoc IProofVerifier
    /// @dev `parameters` is an encoded `PlonkParameters`, and `proof` the 24 words that snarkjs's contract takes, 768 bytes.
    /// All signals are below the scalar field's order, which the generated contract does not check itself.
    /// False as well for a contract that is not there, has other code, reverts, runs out of its gas or returns anything but
    /// one word that is one. Reverts only with {Plonk_InsufficientGas}.
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool);
}
