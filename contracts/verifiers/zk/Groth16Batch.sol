// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// R is used in assembly only.
// solhint-disable-next-line no-unused-import
import {Bn254, G1, R} from "./Bn254.sol";

/// @title Groth16Batch
/// @notice Checks Groth16 proofs under one key together: n proofs take n + 3 pairings instead of 4·n.
/// @dev The equation of proof i, e(-A, B) · e(alpha, beta) · e(IC(s), gamma) · e(C, delta) = 1, is raised to a coefficient
/// r[i], and the product of all of them is checked; the pairs that share a point of the key merge. A product of equations
/// one of which does not hold is 1 for one coefficient in the group's order, about 2^254, so that coefficients that are
/// fixed after the proofs make it as good as n equations (the small exponents test: Bellare, Garay, Rabin 1998).
/// When the product is not 1, its halves are checked, and theirs.
library Groth16Batch {
    using Bn254 for G1;

    /// @dev Offsets into a key; see `IGroth16Verifier`. Behind alpha stands beta, and behind IC[0] gamma.
    uint256 private constant DELTA = 0x60;
    uint256 private constant ALPHA = 0xe0;
    uint256 private constant IC_0 = 0x1a0;
    uint256 private constant IC_1 = 0x260;

    /// @dev Offsets into a row.
    uint256 private constant C = 0xc0;
    uint256 private constant INDEX = 0x100;
    uint256 private constant WEIGHTS = 0x120;

    /// @dev Proofs, each scaled by its coefficient, one row after another in memory.
    /// A row is -r·A ‖ B ‖ r·C (0x100) ‖ the proof's index in the batch as it was given (0x20) ‖ what multiplies IC[0], IC[1],
    /// IC[2] …: r, r·s[0], r·s[1] …, modulo the group's order.
    /// @param key The verifying key.
    /// @param weights How many weights a row has: one more than the key has signals.
    /// @param rows Where the rows start.
    /// @param stride The bytes of a row.
    struct Batch {
        bytes key;
        uint256 weights;
        uint256 rows;
        uint256 stride;
    }

    /// @notice Which of the proofs do not prove their signals.
    /// @param key The verifying key, encoded as `IGroth16Verifier` says, its points valid; or nothing, and no proof is good.
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
        Batch memory batch = _allocate(key, proofs.length);
        uint256 n;
        for (uint256 i = 0; i < proofs.length; ++i) {
            uint256 row = batch.rows + n * batch.stride;
            isBad[i] = !_scale(row, batch.weights, signals[i], proofs[i], _coefficient(seed, i));
            if (isBad[i]) continue;
            assembly ("memory-safe") {
                mstore(add(row, INDEX), i)
            }
            ++n;
        }
        count = proofs.length - n;
        if (n != 0 && !_holds(batch, 0, n)) count += _bisect(batch, 0, n, isBad);
    }

    /// @dev Takes memory for as many rows.
    function _allocate(bytes memory key, uint256 capacity) private pure returns (Batch memory batch) {
        batch.key = key;
        // Without a key there are none, which no number of signals asks for: no proof makes a row.
        if (key.length != 0) batch.weights = (key.length - IC_1) / 64 + 1;
        batch.stride = WEIGHTS + 32 * batch.weights;
        uint256 size = batch.stride * capacity;
        uint256 rows;
        assembly ("memory-safe") {
            rows := mload(0x40)
            mstore(0x40, add(rows, size))
        }
        batch.rows = rows;
    }

    function _coefficient(bytes32 seed, uint256 index) private pure returns (uint256 coefficient) {
        assembly ("memory-safe") {
            mstore(0x00, seed)
            mstore(0x20, index)
            coefficient := mod(keccak256(0x00, 0x40), R)
        }
    }

    /// @dev Makes a row of a proof, unless it is none: what the precompiles would refuse, but for B, and what is only another
    /// representation of something else.
    function _scale(
        uint256 row,
        uint256 weights,
        uint256[] calldata signals,
        bytes calldata proof,
        uint256 coefficient
    ) private view returns (bool) {
        if (proof.length != 256 || signals.length + 1 != weights) return false;
        bool canonical = true;
        assembly ("memory-safe") {
            calldatacopy(row, proof.offset, 0x100)
            let weight := add(row, WEIGHTS)
            mstore(weight, coefficient)
            let end := add(signals.offset, shl(5, signals.length))
            for {
                let signal := signals.offset
            } lt(signal, end) {
                signal := add(signal, 0x20)
            } {
                let value := calldataload(signal)
                canonical := and(canonical, lt(value, R))
                weight := add(weight, 0x20)
                mstore(weight, mulmod(coefficient, value, R))
            }
        }
        (G1 memory a, G1 memory c) = (_g1(row), _g1(row + C));
        // Infinity is no A, as in a proof alone, where -A would have no representation; C it may be.
        if (!canonical || !a.isOnCurve() || !(c.isOnCurve() || c.x | c.y == 0)) return false;
        a.scale(coefficient);
        a.negate();
        c.scale(coefficient);
        return true;
    }

    /// @dev Marks the bad ones of a range that does not hold, and counts them.
    function _bisect(
        Batch memory batch,
        uint256 from,
        uint256 to,
        bool[] memory isBad
    ) private view returns (uint256 count) {
        if (to - from == 1) {
            uint256 row = batch.rows + from * batch.stride;
            uint256 index;
            assembly ("memory-safe") {
                index := mload(add(row, INDEX))
            }
            isBad[index] = true;
            return 1;
        }
        uint256 middle = (from + to) / 2;
        bool leftHolds = _holds(batch, from, middle);
        if (!leftHolds) count = _bisect(batch, from, middle, isBad);
        // If the left half holds, it is the right one that made the whole not hold.
        if (leftHolds || !_holds(batch, middle, to)) count += _bisect(batch, middle, to, isBad);
    }

    /// @dev Whether the product of the equations of a range holds.
    function _holds(Batch memory batch, uint256 from, uint256 to) private view returns (bool) {
        uint256[] memory sums = new uint256[](batch.weights);
        bytes memory pairs = new bytes(192 * (to - from + 3));
        uint256 start = _at(pairs);
        G1 memory c;
        uint256 end = batch.rows + to * batch.stride;
        uint256 target = start + 3 * 192;
        for (uint256 row = batch.rows + from * batch.stride; row < end; row += batch.stride) {
            c.add(_g1(row + C));
            assembly ("memory-safe") {
                mcopy(target, row, 192)
                target := add(target, 192)
                let weight := add(row, WEIGHTS)
                for {
                    let sum := add(sums, 0x20)
                    let last := add(sum, shl(5, mload(sums)))
                } lt(sum, last) {
                    sum := add(sum, 0x20)
                    weight := add(weight, 0x20)
                } {
                    mstore(sum, addmod(mload(sum), mload(weight), R))
                }
            }
        }

        // (alpha, beta) (IC, gamma) (C, delta), with the key's points scaled.
        uint256 key = _at(batch.key);
        uint256 spare = start + 384;
        _copy(start, key + ALPHA, 192);
        _g1(start).scale(sums[0]);
        _copy(start + 192, key + IC_0, 192);
        _g1(start + 192).scale(sums[0]);
        for (uint256 i = 1; i < sums.length; ++i) {
            _copy(spare, key + IC_1 + 64 * (i - 1), 64);
            _g1(spare).scale(sums[i]);
            _g1(start + 192).add(_g1(spare));
        }
        (_g1(spare).x, _g1(spare).y) = (c.x, c.y);
        _copy(spare + 64, key + DELTA, 128);
        return Bn254.pairing(pairs);
    }

    /// @dev The point whose coordinates are at `pointer`.
    function _g1(uint256 pointer) private pure returns (G1 memory point) {
        assembly ("memory-safe") {
            point := pointer
        }
    }

    /// @dev Where some bytes start.
    function _at(bytes memory data) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := add(data, 0x20)
        }
    }

    function _copy(uint256 to, uint256 from, uint256 size) private pure {
        assembly ("memory-safe") {
            mcopy(to, from, size)
        }
    }
}
