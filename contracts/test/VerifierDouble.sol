// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceClaim, IProofVerifier} from "../interfaces/IProofVerifier.sol";

/// @title VerifierDouble
/// @notice Stands in for a proof system in unit tests of the money side: a proof is the encoding of everything that it
/// is asked about, so a settlement that passes anything else than the claim, its digest and the model's parameters is
/// refused. A proof may end with the time at which the claim has to have come on chain.
contract VerifierDouble is IProofVerifier {
    /// @notice The nodes whose claims of any time are void.
    mapping(bytes32 nodeId => bool) private _voided;

    /// @notice Declares what a node's claims depend on revoked, or not.
    function setVoid(bytes32 nodeId, bool voided) external {
        _voided[nodeId] = voided;
    }

    /// @notice Itself, as what takes its enclaves' attestations: see {rootHash}.
    function verifier() external view returns (address) {
        return address(this);
    }

    /// @notice The root of AWS Nitro enclaves, so that what it verifies counts as what AWS attests.
    function rootHash() external pure returns (bytes32) {
        return 0x641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b;
    }

    /// @inheritdoc IProofVerifier
    function isVoid(bytes32 nodeId, uint64) external view returns (bool) {
        return _voided[nodeId];
    }

    /// @inheritdoc IProofVerifier
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external pure returns (bool) {
        bytes32 given = keccak256(proof);
        return
            given == keccak256(abi.encode(claim, claimHash, parameters)) ||
            given == keccak256(abi.encode(claim, claimHash, parameters, claimedAt));
    }
}
