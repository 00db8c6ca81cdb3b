// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "../../interfaces/IGroth16Verifier.sol";

/// @dev The order of the base field of BN254 (EIP-196).
uint256 constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
/// @dev The order of the groups and of the scalar field of BN254 (EIP-196).
uint256 constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

/// @dev A point of the curve; (0, 0) is the point at infinity (EIP-196).
struct G1 {
    uint256 x;
    uint256 y;
}

/// @title Bn254
/// @notice The group G1 and the pairing of BN254 by the precompiles of EIP-196 and EIP-197.
library Bn254 {
    /// @dev What the pairing precompile charges: once, and per pair (EIP-1108).
    uint256 private constant PAIRING_BASE_GAS = 45_000;
    uint256 private constant PAIR_GAS = 34_000;

    /// @dev More than a call of the pairing precompile costs besides its price.
    uint256 private constant CALL_GAS = 1_000;

    /// @notice Whether the coordinates are canonical and satisfy the curve's equation, which infinity, (0, 0), does not.
    /// @dev Such a point is in the group, whose order is prime.
    function isOnCurve(G1 memory p) internal pure returns (bool) {
        (uint256 x, uint256 y) = (p.x, p.y);
        return x < P && y < P && mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @notice Adds q to p, in place. Both are valid: then only gas can make the precompile fail.
    function add(G1 memory p, G1 memory q) internal view {
        bool success;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mcopy(m, p, 0x40)
            mcopy(add(m, 0x40), q, 0x40)
            success := staticcall(gas(), 6, m, 0x80, p, 0x40)
        }
        if (!success) revert IGroth16Verifier.Groth16_InsufficientGas();
    }

    /// @notice Multiplies p by a scalar, in place. It is valid: then only gas can make the precompile fail.
    function scale(G1 memory p, uint256 scalar) internal view {
        bool success;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mcopy(m, p, 0x40)
            mstore(add(m, 0x40), scalar)
            success := staticcall(gas(), 7, m, 0x60, p, 0x40)
        }
        if (!success) revert IGroth16Verifier.Groth16_InsufficientGas();
    }

    /// @notice Takes p to -p, in place.
    function negate(G1 memory p) internal pure {
        if (p.y != 0) p.y = P - p.y;
    }

    /// @notice Whether the product of the pairings is one; false if a point is not valid.
    /// @dev The precompile consumes all the gas that it is given when it is given an invalid point: it gets its price and no
    /// more. That a point is to blame is said only where the same gas does for points that are valid.
    /// @param pairs (G1, G2) pairs, 192 bytes each, in the encoding of EIP-197.
    function pairing(bytes memory pairs) internal view returns (bool isOne) {
        bool success;
        (success, isOne) = _pairing(pairs);
        if (success) return isOne;
        (success, ) = _pairing(new bytes(192)); // both points at infinity
        if (!success) revert IGroth16Verifier.Groth16_InsufficientGas();
    }

    function _pairing(bytes memory pairs) private view returns (bool success, bool isOne) {
        uint256 price = PAIRING_BASE_GAS + PAIR_GAS * (pairs.length / 192);
        // A call gets at most 63/64 of what there is (EIP-150).
        uint256 available = (gasleft() / 64) * 63;
        if (available < price + CALL_GAS) revert IGroth16Verifier.Groth16_InsufficientGas();
        assembly ("memory-safe") {
            success := staticcall(price, 8, add(pairs, 0x20), mload(pairs), 0x00, 0x20)
            isOne := and(success, mload(0x00))
        }
    }
}
