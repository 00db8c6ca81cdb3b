// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPlonkAdapter, IPlonkVerifier} from "../../interfaces/IPlonkAdapter.sol";
import {InferenceClaim, IProofVerifier} from "../../interfaces/IProofVerifier.sol";
import {R} from "./Bn254.sol";

/// @title PlonkAdapter
/// @notice See {IPlonkAdapter}.
contract PlonkAdapter is IPlonkAdapter {
    /// @inheritdoc IPlonkAdapter
    /// @dev Generated contracts use some 300,000 (EIP-1108).
    uint256 public constant VERIFIER_GAS = 600_000;

    /// @dev More than is needed around the call of a model's contract.
    uint256 private constant RESERVE = 10_000;

    /// @inheritdoc IPlonkAdapter
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool) {
        if (parameters.length != 128 || proof.length != 768) return false;
        // Decoded as words, so that dirty high bits make a comparison fail instead of the call revert.
        (uint256 verifier, bytes32 codeHash, uint256 weightsCommitment, uint256 units) = abi.decode(
            parameters,
            (uint256, bytes32, uint256, uint256)
        );
        if (units != claim.units || verifier > type(uint160).max) return false;
        uint256[4] memory signals = [
            uint256(claimHash) % R,
            weightsCommitment,
            uint256(claim.inputHash),
            uint256(claim.outputHash)
        ];
        for (uint256 i = 1; i < 4; ++i) {
            if (signals[i] >= R) return false;
        }
        // casting to 'uint160' is safe: it was compared above
        address target = address(uint160(verifier));
        return _isFixed(target, codeHash) && _call(target, signals, proof);
    }

    /// @inheritdoc IProofVerifier
    /// @dev There are no keys to revoke.
    function isVoid(bytes32, uint64) external pure returns (bool) {
        return false;
    }

    /// @dev Whether there is code of this hash, for good. Code cannot vanish (EIP-6780), but an account that delegates can
    /// turn elsewhere; its code begins with 0xef0100 (EIP-7702), which that of a contract cannot (EIP-3541).
    function _isFixed(address target, bytes32 codeHash) private view returns (bool) {
        bytes32 start;
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(target, 0x00, 0, 0x20)
            start := mload(0x00)
        }
        return target.code.length != 0 && target.codehash == codeHash && bytes3(start) != 0xef0100;
    }

    /// @dev The contract gets exactly its gas, of which EIP-150 withholds nothing where there is enough, and one word to
    /// answer in.
    function _call(address target, uint256[4] memory signals, bytes calldata proof) private view returns (bool valid) {
        bytes memory data = bytes.concat(IPlonkVerifier.verifyProof.selector, proof, abi.encode(signals));
        if ((gasleft() / 64) * 63 < VERIFIER_GAS + RESERVE) revert Plonk_InsufficientGas();
        assembly ("memory-safe") {
            mstore(0x00, 0)
            valid := staticcall(VERIFIER_GAS, target, add(data, 0x20), mload(data), 0x00, 0x20)
            valid := and(valid, and(eq(returndatasize(), 0x20), eq(mload(0x00), 1)))
        }
    }
}
