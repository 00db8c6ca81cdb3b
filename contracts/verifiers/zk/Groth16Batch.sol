// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254, G1, P, R} from "./Bn254.sol";

/// @title Groth16Batch
/// @notice Checks Groth16 proofs under one key together: n proofs take n + 3 pairings instead of 4·n.
/// @dev The equation of proof i, e(-A, B) · e(alpha, beta) · e(IC(s), gamma) · e(C, delta) = 1, is raised to a coefficient
/// r[i], and the product of all of them is checked; the pairs that share a point of the key merge. A product of equations
/// one of which does not hold is 1 for one coefficient in the group's order, about 2^254, so that coefficients that are
/// fixed after the proofs make it as good as n equations (the small exponents test: Bellare, Garay, Rabin 1998).
/// When the product is not 1, its halves are checked, and theirs.
library Groth16Batch {
    using Bn254 for G1;

    /// @dev Offsets into a key; see `IGroth16Verifier`.
    uint256 private constant DELTA = 0x60;
    uint256 private constant ALPHA = 0xe0;
    uint256 private constant BETA = 0x120;
    uint256 private constant IC_0 = 0x1a0;
    uint256 private constant GAMMA = 0x1e0;
    uint256 private constant IC_1 = 0x260;

    /// @dev A proof and its signals, scaled by its coefficient.
    /// @param index Its place in the batch as it was given.
    /// @param pair (-r·A, B), as the pairing precompile takes it.
    /// @param c r·C.
    /// @param weights r, r·s[0], r·s[1] …, modulo the group's order: what multiplies IC[0], IC[1], IC[2] ….
    struct Scaled {
        uint256 index;
        bytes pair;
        G1 c;
        uint256[] weights;
    }

    /// @notice Which of the proofs do not prove their signals.
    /// @param key The verifying key, encoded as `IGroth16Verifier` says; its points are valid.
    /// @param signals The public signals of each proof.
    /// @param proofs As many proofs, encoded as `IGroth16Verifier` says.
    /// @param seed What the coefficients follow from: a hash of all the above.
    /// @return isBad For each proof whether it does not.
    /// @return count How many do not.
    function check(
        bytes memory key,
        uint256[][] calldata signals,
        bytes[] calldata proofs,
        bytes32 seed
    ) internal view returns (bool[] memory isBad, uint256 count) {
        isBad = new bool[](proofs.length);
        Scaled[] memory batch = new Scaled[](proofs.length);
        uint256 n;
        for (uint256 i = 0; i < proofs.length; ++i) {
            uint256 coefficient = uint256(keccak256(abi.encode(seed, i))) % R;
            if (_scale(batch, n, key, signals[i], proofs[i], coefficient)) batch[n++].index = i;
            else isBad[i] = true;
        }
        count = proofs.length - n;
        if (n != 0 && !_holds(key, batch, 0, n)) count += _bisect(key, batch, 0, n, isBad);
    }

    /// @dev Puts a proof at `batch[n]`, unless it is none: what the precompiles would refuse, but for B, and what only has
    /// another representation than it should.
    function _scale(
        Scaled[] memory batch,
        uint256 n,
        bytes memory key,
        uint256[] calldata signals,
        bytes calldata proof,
        uint256 coefficient
    ) private view returns (bool) {
        if (proof.length != 256 || key.length != IC_1 + 64 * signals.length) return false;
        (G1 memory a, , G1 memory c) = abi.decode(proof, (G1, bytes32[4], G1));
        if (!a.isOnCurve() || !(c.isOnCurve() || c.x | c.y == 0)) return false;

        uint256[] memory weights = new uint256[](signals.length + 1);
        weights[0] = coefficient;
        for (uint256 i = 0; i < signals.length; ++i) {
            if (signals[i] >= R) return false;
            weights[i + 1] = mulmod(coefficient, signals[i], R);
        }
        a = a.mul(coefficient);
        batch[n].pair = abi.encodePacked(a.x, (P - a.y) % P, proof[64:192]);
        batch[n].c = c.mul(coefficient);
        batch[n].weights = weights;
        return true;
    }

    /// @dev Marks the bad ones of a range that does not hold, and counts them.
    function _bisect(
        bytes memory key,
        Scaled[] memory batch,
        uint256 from,
        uint256 to,
        bool[] memory isBad
    ) private view returns (uint256 count) {
        if (to - from == 1) {
            isBad[batch[from].index] = true;
            return 1;
        }
        uint256 middle = (from + to) / 2;
        bool leftHolds = _holds(key, batch, from, middle);
        if (!leftHolds) count = _bisect(key, batch, from, middle, isBad);
        // If the left half holds, it is the right one that made the whole not hold.
        if (leftHolds || !_holds(key, batch, middle, to)) count += _bisect(key, batch, middle, to, isBad);
    }

    /// @dev Whether the product of the equations of a range holds.
    function _holds(bytes memory key, Scaled[] memory batch, uint256 from, uint256 to) private view returns (bool) {
        uint256[] memory sums = new uint256[](batch[from].weights.length);
        G1 memory c;
        bytes memory pairs = new bytes(192 * (to - from + 3));
        for (uint256 i = from; i < to; ++i) {
            Scaled memory scaled = batch[i];
            c = c.add(scaled.c);
            for (uint256 j = 0; j < sums.length; ++j) sums[j] = addmod(sums[j], scaled.weights[j], R);
            _copy(pairs, 192 * (i - from + 3), scaled.pair, 0, 192);
        }
        G1 memory ic = _point(key, IC_0).mul(sums[0]);
        for (uint256 j = 1; j < sums.length; ++j) ic = ic.add(_point(key, IC_1 + 64 * (j - 1)).mul(sums[j]));

        _put(pairs, 0, _point(key, ALPHA).mul(sums[0]), key, BETA);
        _put(pairs, 192, ic, key, GAMMA);
        _put(pairs, 384, c, key, DELTA);
        return Bn254.pairing(pairs);
    }

    /// @dev Writes a pair of a point and the G2 point at an offset of the key.
    function _put(bytes memory pairs, uint256 offset, G1 memory point, bytes memory key, uint256 g2) private pure {
        assembly ("memory-safe") {
            mcopy(add(add(pairs, 0x20), offset), point, 0x40)
        }
        _copy(pairs, offset + 64, key, g2, 128);
    }

    function _copy(bytes memory to, uint256 toOffset, bytes memory from, uint256 offset, uint256 size) private pure {
        assembly ("memory-safe") {
            mcopy(add(add(to, 0x20), toOffset), add(add(from, 0x20), offset), size)
        }
    }

    /// @dev The G1 point at an offset of the key, in place.
    function _point(bytes memory key, uint256 offset) private pure returns (G1 memory point) {
        assembly ("memory-safe") {
            point := add(add(key, 0x20), offset)
        }
    }
}
