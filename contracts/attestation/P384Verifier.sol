// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IP384Verifier} from "./P384.sol";

/// @title P384Verifier
/// @notice ECDSA over P-384 in EVM arithmetic.
/// @dev docs/attestation/arithmetic.md explains the method and proves the bounds that the comments here name.
///
/// **Numbers.** A number a modulo p = 2^384 - C is a pair (a1, a0) with a ≡ a1 · 2^224 + a0. Both limbs have room to
/// spare: sums need no carry, and a difference adds a multiple of p that dominates the subtrahend in both limbs. `fmul`
/// takes limbs a0 < 2^238 and a1 < 2^207 and returns a · b / 2^224 (Montgomery's form) with a0 < 2^224.
///
/// **Points.** With a hint the running sum is affine, at X1 to Y0, x below 7 · 2^384 and y below 30 · 2^384. Without one
/// it is in Jacobian coordinates, at X1 to Z0, low limbs at most 2^230 and high limbs between 2^160 and 2^166.
///
/// **Memory.** Everything lives at fixed addresses from 0x80: no Solidity allocation happens in `verify`.
///
/// **Gas.** Bounded for every input: below 1,500,000 with a hint of whatever content, below 5,000,000 without.
contract P384Verifier is IP384Verifier {
    /// @notice The address given is not a P384Table with the bytes that the SDK's `p384Table` computes.
    error P384Verifier_BadTable(address table, bytes32 codehash);

    /// @notice keccak256 of the table's bytes.
    bytes32 public constant TABLE_HASH = 0x821a58693f165f99e56df78dadbf300e4233b628fd4350c2f499f55e70fe2de4;
    /// @notice The P384Table: 256 sums of the teeth of G's comb.
    address public immutable TABLE;

    // p = 2^384 - C.
    uint256 private constant C = 0x100000000ffffffffffffffff00000001;
    // -1/C modulo 2^224, by which Montgomery's quotient is found.
    uint256 private constant C_INVERSE = 0x50000000400000001fffffffffffffffefffffffeffffffff;
    // C - 2^160 ≡ -p modulo MASK.
    uint256 private constant C_FOLD = 0xffffffffffffffff0000000100000000ffffffffffffffff00000000;
    // -3 C_FOLD and -131 C_FOLD modulo MASK, plus MASK and 2^20 MASK.
    uint256 private constant C_BACK = 0x10000000000000002fffffffcfffffffd0000000000000002fffffffc;
    uint256 private constant C_BACK131 = 0x1000000000000000000082ffffff7cffffff7d0000000000000082ffefff7d;
    // The same for n = 2^384 - D, the order of the group.
    uint256 private constant D = 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68d;
    uint256 private constant D_INVERSE = 0x9929e878119371c20ba9db31ab577a66a2df44d4912b9f76177023bb;
    uint256 private constant D_FOLD = 0x389cb27d0bc8d220a7e5f24db74f58851313e695333ad68d;
    uint256 private constant D_BACK = 0x1ffffffff5629e888dca5899e084e2916da11f670c6c44c40664f7c57;

    // 2^224 - 1: the mask of a low limb, and a modulus under which 2^224 is 1.
    uint256 private constant MASK = 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffff;
    // 2^254 - 1, under which 2^30 is the inverse of 2^224.
    uint256 private constant M254 = 0x3fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;
    uint256 private constant M256 = 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;

    // p and n as limbs; both have the high limb 2^160 - 1.
    uint256 private constant TOP = 0x00ffffffffffffffffffffffffffffffffffffffff;
    uint256 private constant P0 = 0xfffffffffffffffffffffffeffffffff0000000000000000ffffffff;
    uint256 private constant N0 = 0xffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973;
    // 64 p = (64 · 2^160 - 64, 64 · 2^224 - 64 C): dominates limbs (< 63 · 2^160, < 63 · 2^224).
    uint256 private constant S1 = 0x3fffffffffffffffffffffffffffffffffffffffc0;
    uint256 private constant S0 = 0x3fffffffffffffffffffffffbfffffffc0000000000000003fffffffc0;
    // 8 p = (8 · 2^160 - 8, 8 · 2^224 - 8 C): dominates limbs (< 7 · 2^160, < 7 · 2^224).
    uint256 private constant E1 = 0x007fffffffffffffffffffffffffffffffffffffff8;
    uint256 private constant E0 = 0x7fffffffffffffffffffffff7fffffff80000000000000007fffffff8;
    // 2^167, what the high limb of a number that is subtracted inside a product may be at most.
    uint256 private constant LIMIT = 0x800000000000000000000000000000000000000000;
    // 2^32 p = (2^192 - 16, 16 · 2^224 - 2^32 C): dominates limbs (< 2^191, < 15 · 2^224).
    uint256 private constant L1 = 0xfffffffffffffffffffffffffffffffffffffffffffffff0;
    uint256 private constant L0 = 0xffffffffffffffffeffffffff0000000000000000ffffffff00000000;
    // 64 n = (S1, 64 · 2^224 - 64 D).
    uint256 private constant SN0 = 0x3ffffffff1d8d3607d0dcb77d606836c922c29debb3b065ab3314a5cc0;
    // 2^448 (its high limb is 0) and 2^672 modulo p, which take a number and the inverse of a Montgomery number into
    // Montgomery's form.
    uint256 private constant SQUARE0 = 0x100000000ffffffffffffffff000000010000000000000000;
    uint256 private constant CUBE1 = 0x00ffffffffffffffff000000010000000000000000;
    uint256 private constant CUBE0 = 0x00100000000ffffffffffffffff0000000100000000;
    // 2^448 modulo n.
    uint256 private constant SQUARE_N1 = 0x389cb27e;
    uint256 private constant SQUARE_N0 = 0xbc8d220a7e5f24db74f58851313e695333ad68d0000000000000000;
    // -3 and the curve's b in Montgomery's form. One is 2^224 + p, with the limbs (2^160, P0).
    uint256 private constant MINUS3_1 = 0x00fffffffffffffffffffffffffffffffffffffffc;
    uint256 private constant B1 = 0x005013875b798769361f9ee929a552b63d9d412dcc;
    uint256 private constant B0 = 0xcd08114b604fbff9b62b21f3ceee9939199c5b5cfb6d38830314088f;
    uint256 private constant ONE1 = 0x0010000000000000000000000000000000000000000;

    // The states of `accumulateBySlopes`.
    uint256 private constant TO_DOUBLE = 0;
    uint256 private constant DOUBLED = 1;
    uint256 private constant EMPTY = 2;

    // The running sum.
    uint256 private constant X1 = 0x80;
    uint256 private constant X0 = 0xa0;
    uint256 private constant Y1 = 0xc0;
    uint256 private constant Y0 = 0xe0;
    uint256 private constant Z1 = 0x100;
    uint256 private constant Z0 = 0x120;
    // Whether additions look for the exceptional cases.
    uint256 private constant COMPLETE = 0x140;
    // The comb's nine 43-bit rows: four in a word, four in the next, the one that carries the sign.
    uint256 private constant COMB = 0x160;
    // 2P while P's table is built.
    uint256 private constant TWICE = 0x1c0;
    // One entry of the fixed-base table.
    uint256 private constant ENTRY = 0x240;
    // Where the hint's next slope lies in the calldata; 0 if there is no hint.
    uint256 private constant SLOPES = 0x2a0;
    // MODEXP's input.
    uint256 private constant MODEXP = 0x2c0;
    // P, 3P, 5P … 15P as limbs x1, x0, y1, y0, for P = Q and R.
    uint256 private constant TABLE_Q = 0x400;
    uint256 private constant TABLE_R = 0x800;
    // The signed digits of u2 in the path without a hint, one byte per power of two, as `multiple` takes them.
    uint256 private constant DIGITS = 0xc00;

    /// @param table A P384Table; reverts with P384Verifier_BadTable if its code is not the table.
    constructor(address table) {
        if (table.codehash != TABLE_HASH) revert P384Verifier_BadTable(table, table.codehash);
        TABLE = table;
    }

    /// @inheritdoc IP384Verifier
    function verify(
        bytes calldata hash,
        bytes calldata signature,
        bytes calldata publicKey,
        bytes calldata hint
    ) external view returns (bool valid) {
        if (hash.length != 48 || signature.length != 96 || publicKey.length != 96) return false;
        address table = TABLE;
        assembly {
            /// Ends the call: `yes` is what `verify` returns.
            function answer(yes) {
                mstore(0, yes)
                return(0, 0x20)
            }

            /// a · b / 2^224 modulo p. With T = a · b and B = 2^224: q = T/p modulo B makes T - q · p a multiple of B,
            /// and t - 3, 2 or 3 below T / (B · 2^384), takes off the top: r = (T - q · p) / B - (t - 3) · p
            /// lies between 2^384 and a few 2^384. Its low limb is r modulo B, its high limb follows from r modulo
            /// B - 1.
            function fmul(a1, a0, b1, b0) -> r1, r0 {
                let q := and(mul(mul(a0, b0), C_INVERSE), MASK)
                let t := shl(48, a1)
                r0 := shl(48, b1)
                t := sub(mulmod(t, r0, M256), mul(t, r0))
                r0 := and(
                    add(
                        add(mulmod(add(mulmod(a0, b0, M254), mulmod(q, C, M254)), 0x40000000, M254), mul(sub(t, 3), C)),
                        sub(add(mul(a0, b1), mul(a1, b0)), shl(160, q))
                    ),
                    MASK
                )
                r1 := addmod(
                    add(mulmod(add(a0, a1), add(b0, b1), MASK), mulmod(add(q, t), C_FOLD, MASK)),
                    sub(C_BACK, r0),
                    MASK
                )
            }

            /// a² / 2^224 modulo p.
            function fsqr(a1, a0) -> r1, r0 {
                let q := and(mul(mul(a0, a0), C_INVERSE), MASK)
                let t := shl(48, a1)
                t := sub(mulmod(t, t, M256), mul(t, t))
                r0 := and(
                    add(
                        add(mulmod(add(mulmod(a0, a0, M254), mulmod(q, C, M254)), 0x40000000, M254), mul(sub(t, 3), C)),
                        sub(shl(1, mul(a0, a1)), shl(160, q))
                    ),
                    MASK
                )
                r1 := add(a0, a1)
                r1 := addmod(add(mulmod(r1, r1, MASK), mulmod(add(q, t), C_FOLD, MASK)), sub(C_BACK, r0), MASK)
            }

            /// a · b / 2^224 modulo n: `fmul` with the other constants.
            function nmul(a1, a0, b1, b0) -> r1, r0 {
                let q := and(mul(mul(a0, b0), D_INVERSE), MASK)
                let t := shl(48, a1)
                r0 := shl(48, b1)
                t := sub(mulmod(t, r0, M256), mul(t, r0))
                r0 := and(
                    add(
                        add(mulmod(add(mulmod(a0, b0, M254), mulmod(q, D, M254)), 0x40000000, M254), mul(sub(t, 3), D)),
                        sub(add(mul(a0, b1), mul(a1, b0)), shl(160, q))
                    ),
                    MASK
                )
                r1 := addmod(
                    add(mulmod(add(a0, a1), add(b0, b1), MASK), mulmod(add(q, t), D_FOLD, MASK)),
                    sub(D_BACK, r0),
                    MASK
                )
            }

            /// The canonical limbs of a modulo 2^384 - c (c = C or D), for a1 < 2^207 and a0 < 2^240.
            function reduce(a1, a0, c) -> r1, r0 {
                for {
                    let i := 0
                } lt(i, 2) {
                    i := add(i, 1)
                } {
                    a0 := add(a0, mul(shr(160, a1), c))
                    a1 := add(and(a1, TOP), shr(224, a0))
                    a0 := and(a0, MASK)
                }
                r0 := add(a0, c)
                r1 := add(a1, shr(224, r0))
                switch shr(160, r1)
                case 0 {
                    r1 := a1
                    r0 := a0
                }
                default {
                    r1 := and(r1, TOP)
                    r0 := and(r0, MASK)
                }
            }

            /// Whether a ≡ 0 modulo p.
            function isZero(a1, a0) -> zero {
                a1, a0 := reduce(a1, a0, C)
                zero := iszero(or(a1, a0))
            }

            /// Whether a ≡ b modulo 2^384 - c.
            function isEqual(a1, a0, b1, b0, c) -> equal {
                a1, a0 := reduce(a1, a0, c)
                b1, b0 := reduce(b1, b0, c)
                equal := and(eq(a1, b1), eq(a0, b0))
            }

            /// 1 / a modulo m, for limbs a1 < 2^160 and a0 < 2^224 and a modulus whose high limb is TOP: a^(m - 2) by
            /// the MODEXP precompile (EIP-198). Its result is a mathematical fact that needs no check.
            function invert(a1, a0, m0) -> r1, r0 {
                mstore(MODEXP, 48)
                mstore(add(MODEXP, 0x20), 48)
                mstore(add(MODEXP, 0x40), 48)
                // Written from the end, 28 low bytes after 20 high ones: every later store overwrites zeros only.
                mstore(add(MODEXP, 0xd0), m0)
                mstore(add(MODEXP, 0xb4), TOP)
                mstore(add(MODEXP, 0xa0), sub(m0, 2))
                mstore(add(MODEXP, 0x84), TOP)
                mstore(add(MODEXP, 0x70), a0)
                mstore(add(MODEXP, 0x54), a1)
                mstore(add(MODEXP, 0x40), 48)
                if iszero(staticcall(gas(), 5, MODEXP, 0xf0, MODEXP, 48)) {
                    revert(0, 0)
                }
                r1 := shr(96, mload(MODEXP))
                r0 := shr(32, mload(add(MODEXP, 20)))
            }

            /// Doubles the running sum, which is not infinity ("dbl-2001-b" of the Explicit-Formulas Database).
            function double() {
                let x1 := mload(X1)
                let x0 := mload(X0)
                let y1 := mload(Y1)
                let y0 := mload(Y0)
                // γ = Y², δ = Z², Z' = 2 Y Z
                let g1, g0 := fsqr(y1, y0)
                let d1 := mload(Z1)
                let d0 := mload(Z0)
                y1, y0 := fmul(add(y1, y1), add(y0, y0), d1, d0)
                d1, d0 := fsqr(d1, d0)
                let t := sub(shr(160, y1), 1)
                mstore(Z1, sub(y1, shl(160, t)))
                mstore(Z0, add(y0, mul(t, C)))
                // α = 3 (X - δ) (X + δ), β = X γ
                y1, y0 := fmul(add(sub(x1, d1), S1), add(sub(x0, d0), S0), add(x1, d1), add(x0, d0))
                y1 := mul(3, y1)
                y0 := mul(3, y0)
                d1, d0 := fmul(x1, x0, g1, g0)
                // X' = α² - 8 β
                x1, x0 := fsqr(y1, y0)
                x1 := sub(add(x1, L1), shl(3, d1))
                t := sub(shr(160, x1), 1)
                x1 := sub(x1, shl(160, t))
                x0 := add(sub(add(x0, L0), shl(3, d0)), mul(t, C))
                mstore(X1, x1)
                mstore(X0, x0)
                // Y' = α (4 β - X') - 8 γ²
                y1, y0 := fmul(y1, y0, sub(add(shl(2, d1), S1), x1), sub(add(shl(2, d0), S0), x0))
                g1, g0 := fsqr(g1, g0)
                y1 := sub(add(y1, L1), shl(3, g1))
                t := sub(shr(160, y1), 1)
                mstore(Y1, sub(y1, shl(160, t)))
                mstore(Y0, add(sub(add(y0, L0), shl(3, g0)), mul(t, C)))
            }

            /// Adds the affine point (x, y) to the running sum. If COMPLETE is not set and the sum is ±(x, y), Z becomes
            /// a multiple of p and stays one, which the caller notices at the end.
            function addAffine(x1, x0, y1, y0) {
                let z1 := mload(Z1)
                let z0 := mload(Z0)
                if iszero(z1) {
                    mstore(X1, x1)
                    mstore(X0, x0)
                    mstore(Y1, y1)
                    mstore(Y0, y0)
                    mstore(Z1, ONE1)
                    mstore(Z0, P0)
                    leave
                }
                // H = x Z² - X, r = y Z³ - Y
                let v1, v0 := fsqr(z1, z0)
                x1, x0 := fmul(x1, x0, v1, v0)
                v1, v0 := fmul(v1, v0, z1, z0)
                y1, y0 := fmul(y1, y0, v1, v0)
                v1 := mload(X1)
                v0 := mload(X0)
                x1 := sub(add(x1, S1), v1)
                x0 := sub(add(x0, S0), v0)
                y1 := sub(add(y1, S1), mload(Y1))
                y0 := sub(add(y0, S0), mload(Y0))
                if mload(COMPLETE) {
                    if isZero(x1, x0) {
                        switch isZero(y1, y0)
                        case 0 {
                            mstore(Z1, 0)
                        }
                        default {
                            double()
                        }
                        leave
                    }
                }
                // Z' = Z H
                z1, z0 := fmul(z1, z0, x1, x0)
                let t := sub(shr(160, z1), 1)
                mstore(Z1, sub(z1, shl(160, t)))
                mstore(Z0, add(z0, mul(t, C)))
                // V = X H², H³
                z1, z0 := fsqr(x1, x0)
                v1, v0 := fmul(v1, v0, z1, z0)
                z1, z0 := fmul(z1, z0, x1, x0)
                // X' = r² - H³ - 2 V
                x1, x0 := fsqr(y1, y0)
                x1 := sub(sub(add(x1, L1), z1), add(v1, v1))
                t := sub(shr(160, x1), 1)
                x1 := sub(x1, shl(160, t))
                x0 := add(sub(sub(add(x0, L0), z0), add(v0, v0)), mul(t, C))
                mstore(X1, x1)
                mstore(X0, x0)
                // Y' = r (V - X') - Y H³
                y1, y0 := fmul(y1, y0, sub(add(v1, S1), x1), sub(add(v0, S0), x0))
                z1, z0 := fmul(mload(Y1), mload(Y0), z1, z0)
                y1 := sub(add(y1, L1), z1)
                t := sub(shr(160, y1), 1)
                mstore(Y1, sub(y1, shl(160, t)))
                mstore(Y0, add(sub(add(y0, L0), z0), mul(t, C)))
            }

            /// The multiple d P that `digit` (0x08 for one that is not 0, |d| >> 1 in the low three bits, 0x10 if d < 0) names
            /// of the point whose table is at `base`, and d.
            function multiple(base, digit) -> d, x1, x0, y1, y0 {
                d := and(digit, 7)
                base := add(base, shl(7, d))
                d := add(shl(1, d), 1)
                x1 := mload(base)
                x0 := mload(add(base, 0x20))
                y1 := mload(add(base, 0x40))
                y0 := mload(add(base, 0x60))
                if and(digit, 0x10) {
                    d := sub(0, d)
                    y1 := sub(S1, y1)
                    y0 := sub(S0, y0)
                }
            }

            /// The comb's column j: Σ ±2^(43 i + j) G, the signs by bit j of the nine rows.
            function column(table_, j) -> x1, x0, y1, y0 {
                // Four bits each, 64 apart, gathered by a product at bit 192, and at bit 196.
                x1 := mul(
                    and(shr(j, mload(COMB)), 0x1000000000000000100000000000000010000000000000001),
                    0x1000000000000000200000000000000040000000000000008
                )
                x0 := mul(
                    and(shr(j, mload(add(COMB, 0x20))), 0x1000000000000000100000000000000010000000000000001),
                    0x10000000000000002000000000000000400000000000000080
                )
                x0 := shr(192, or(x1, x0))
                let minus := iszero(and(shr(j, mload(add(COMB, 0x40))), 1))
                if minus {
                    x0 := xor(x0, 0xff)
                }
                extcodecopy(table_, ENTRY, mul(x0, 96), 96)
                x1 := shr(96, mload(ENTRY))
                x0 := shr(32, mload(add(ENTRY, 20)))
                y1 := shr(96, mload(add(ENTRY, 48)))
                y0 := shr(32, mload(add(ENTRY, 68)))
                if minus {
                    y1 := sub(S1, y1)
                    y0 := sub(S0, y0)
                }
            }

            /// The running sum := scalar of the comb · G + Σ digits · table, from the power 2^`i` down.
            function accumulate(table_, i) {
                mstore(Z1, 0)
                for {} 1 {
                    i := sub(i, 1)
                } {
                    if mload(Z1) {
                        double()
                    }
                    let digit := byte(0, mload(add(DIGITS, i)))
                    if digit {
                        let d, x1, x0, y1, y0 := multiple(TABLE_Q, digit)
                        addAffine(x1, x0, y1, y0)
                    }
                    if lt(i, 43) {
                        let x1, x0, y1, y0 := column(table_, i)
                        addAffine(x1, x0, y1, y0)
                        if iszero(i) {
                            leave
                        }
                    }
                }
            }

            /// The running sum := scalar of the comb · G + v1 Q + v2 R, in affine coordinates with the hint's slopes. v1 and
            /// v2 are what the digits at `at` in the calldata say, for `count` powers of two from the highest down, one
            /// byte for Q and one for R each. Answers false where an addition would be an exceptional one.
            function accumulateBySlopes(table_, count, at) -> v1, v2 {
                // Where the sum stands: EMPTY, TO_DOUBLE before the first addition of a power, DOUBLED after it.
                let state := EMPTY
                for {} count {} {
                    count := sub(count, 1)
                    state := and(state, EMPTY)
                    let digits := shr(240, calldataload(at))
                    at := add(at, 2)
                    if digits {
                        if shr(8, digits) {
                            let d, x1, x0, y1, y0 := multiple(TABLE_Q, shr(8, digits))
                            addBySlope(state, x1, x0, y1, y0)
                            state := DOUBLED
                            v1 := add(v1, shl(count, d))
                        }
                        if and(digits, 0xff) {
                            let d, x1, x0, y1, y0 := multiple(TABLE_R, digits)
                            addBySlope(state, x1, x0, y1, y0)
                            state := DOUBLED
                            v2 := add(v2, shl(count, d))
                        }
                    }
                    if lt(count, 43) {
                        let x1, x0, y1, y0 := column(table_, count)
                        addBySlope(state, x1, x0, y1, y0)
                        state := DOUBLED
                        continue
                    }
                    if iszero(state) {
                        doubleBySlope()
                    }
                }
            }

            /// Writes the signed digits (wNAF of width 5: odd, below 16, at least five powers apart) of the number
            /// v1 · 2^224 + v0 at DIGITS, and returns the highest power used, or the comb's if that is higher.
            function recode(v1, v0) -> top {
                top := 42
                v0 := or(v0, shl(224, v1))
                v1 := shr(32, v1)
                let i := 0
                for {} or(v1, v0) {} {
                    switch and(v0, 1)
                    case 0 {
                        v0 := or(shr(1, v0), shl(255, v1))
                        v1 := shr(1, v1)
                        i := add(i, 1)
                    }
                    default {
                        // The five low bits d, or d - 32 if that is nearer to zero, with a carry.
                        let d := and(v0, 31)
                        let minus := shr(4, d)
                        if minus {
                            d := sub(32, d)
                        }
                        mstore8(add(DIGITS, i), or(or(8, shl(4, minus)), shr(1, d)))
                        if gt(i, top) {
                            top := i
                        }
                        v0 := add(or(shr(5, v0), shl(251, v1)), minus)
                        v1 := add(shr(5, v1), lt(v0, minus))
                        i := add(i, 5)
                    }
                }
            }

            /// Stores the rows of the signed comb of the scalar k (limbs, below 2^384). Made odd by adding n if need be,
            /// k is Σ ±2^i over i < 387 with the signs of the bits of (k + 2^387 - 1) / 2.
            function comb(k1, k0) {
                if iszero(and(k0, 1)) {
                    k0 := add(k0, N0)
                    k1 := add(add(k1, TOP), shr(224, k0))
                    k0 := and(k0, MASK)
                }
                let low := or(shr(1, k0), shl(223, k1))
                let high := or(shr(33, k1), 0x400000000000000000000000000000000)
                mstore(
                    COMB,
                    or(
                        or(and(low, 0x7ffffffffff), shl(64, and(shr(43, low), 0x7ffffffffff))),
                        or(shl(128, and(shr(86, low), 0x7ffffffffff)), shl(192, and(shr(129, low), 0x7ffffffffff)))
                    )
                )
                mstore(
                    add(COMB, 0x20),
                    or(
                        or(
                            and(shr(172, low), 0x7ffffffffff),
                            shl(64, and(or(shr(215, low), shl(41, high)), 0x7ffffffffff))
                        ),
                        or(shl(128, and(shr(2, high), 0x7ffffffffff)), shl(192, and(shr(45, high), 0x7ffffffffff)))
                    )
                )
                mstore(add(COMB, 0x40), and(shr(88, high), 0x7ffffffffff))
            }

            /// Whether (x, y) is on the curve: y² = x³ - 3 x + b.
            function isOnCurve(x1, x0, y1, y0) -> yes {
                y1, y0 := fsqr(y1, y0)
                let r1, r0 := fsqr(x1, x0)
                r1, r0 := fmul(add(r1, MINUS3_1), add(r0, P0), x1, x0)
                yes := isZero(sub(add(y1, S1), add(r1, B1)), sub(add(y0, S0), add(r0, B0)))
            }

            /// Doubles the affine running sum P by the slope m of its tangent, the hint's next (or found, without a hint):
            /// answers false unless m · 2 y - 3 x² + 3 = 0, then moves on. The two products share one reduction.
            /// A result (r1, r0) is 0 modulo p if it is some k p, which has the limbs k 2^160 - 1 and 2^224 - k C; t here
            /// and in the other checks is r1 + 1.
            function doubleBySlope() {
                let m1
                let m0 := mload(SLOPES)
                switch m0
                case 0 {
                    m1, m0 := fsqr(mload(X1), mload(X0))
                    m1, m0 := divide(
                        add(mul(3, m1), MINUS3_1),
                        add(mul(3, m0), P0),
                        shl(1, mload(Y1)),
                        shl(1, mload(Y0))
                    )
                }
                default {
                    mstore(SLOPES, add(m0, 48))
                    m1 := shr(96, calldataload(m0))
                    m0 := shr(32, calldataload(add(m0, 20)))
                }
                let x1 := mload(X1)
                let x0 := mload(X0)
                {
                    let y1 := shl(1, mload(Y1))
                    let y0 := shl(1, mload(Y0))
                    let n1 := sub(S1, mul(3, x1))
                    let n0 := sub(S0, mul(3, x0))
                    let q := and(mul(add(mul(m0, y0), mul(x0, n0)), C_INVERSE), MASK)
                    let t := add(
                        sub(mulmod(shl(96, m1), y1, M256), shl(96, mul(m1, y1))),
                        sub(mulmod(shl(48, x1), shl(48, n1), M256), shl(96, mul(x1, n1)))
                    )
                    let r := mulmod(
                        add(mulmod(q, C, M254), add(mulmod(x0, n0, M254), mulmod(y0, m0, M254))),
                        0x40000000,
                        M254
                    )
                    r := and(
                        add(
                            add(r, mul(sub(t, 3), C)),
                            sub(add(add(mul(x0, n1), mul(x1, n0)), add(mul(y1, m0), mul(y0, m1))), shl(160, q))
                        ),
                        MASK
                    )
                    t := addmod(
                        sub(add(C_BACK, 4), r),
                        add(
                            mulmod(add(q, t), C_FOLD, MASK),
                            add(mulmod(add(x0, x1), add(n0, n1), MASK), mulmod(add(y0, y1), add(m0, m1), MASK))
                        ),
                        MASK
                    )
                    if or(and(t, TOP), and(add(r, mul(shr(160, t), C)), MASK)) {
                        answer(0)
                    }
                }
                follow(DOUBLED, m1, m0, x1, x0)
            }

            /// Adds (u, w) to the affine running sum P by the slope m of the chord, the hint's next (or found, without a
            /// hint): answers false unless u ≠ x and m (u - x) - (w - y) = 0, then moves on. In the state TO_DOUBLE it
            /// doubles P first; the EMPTY sum becomes (u, w). Slopes are below 2^384, so that m1 < 2^160.
            function addBySlope(state, u1, u0, w1, w0) {
                if eq(state, EMPTY) {
                    begin(X1, u1, u0, w1, w0)
                    leave
                }
                let m1
                let m0 := mload(SLOPES)
                {
                    let d1 := sub(add(u1, S1), mload(X1))
                    let d0 := sub(add(u0, S0), mload(X0))
                    // The quick test is for multiples of p up to 2^11 p, whose low limb is close below 2^224.
                    if iszero(shr(140, and(sub(0, d0), MASK))) {
                        if isZero(d1, d0) {
                            answer(0)
                        }
                    }
                    w1 := sub(add(w1, S1), mload(Y1))
                    w0 := sub(add(w0, S0), mload(Y0))
                    switch m0
                    case 0 {
                        m1, m0 := divide(w1, w0, d1, d0)
                    }
                    default {
                        mstore(SLOPES, add(m0, 48))
                        m1 := shr(96, calldataload(m0))
                        m0 := shr(32, calldataload(add(m0, 20)))
                    }
                    let q := and(mul(mul(m0, d0), C_INVERSE), MASK)
                    let t := add(sub(mulmod(shl(96, m1), d1, M256), shl(96, mul(m1, d1))), shr(160, sub(LIMIT, w1)))
                    let r := mulmod(add(mulmod(q, C, M254), mulmod(d0, m0, M254)), 0x40000000, M254)
                    r := and(
                        sub(add(add(r, mul(sub(t, 131), C)), add(mul(d1, m0), mul(d0, m1))), add(shl(160, q), w0)),
                        MASK
                    )
                    t := addmod(
                        sub(add(C_BACK131, 1), add(r, add(w1, w0))),
                        add(mulmod(add(q, t), C_FOLD, MASK), mulmod(add(d0, d1), add(m0, m1), MASK)),
                        MASK
                    )
                    if or(and(t, TOP), and(add(r, mul(shr(160, t), C)), MASK)) {
                        answer(0)
                    }
                }
                follow(state, m1, m0, u1, u0)
            }

            /// Moves the affine running sum P along the line of slope m through P and a point with the abscissa u: to
            /// (v, m (x - v) - y) with v = m² - x - u. In the state TO_DOUBLE that point, P + (u, w), is added to P once
            /// more; its ordinate is not needed, because with the next slope m' it must be that
            /// (m + m') (x - v) - 2 y = 0. Both subtractions are inside the product's reduction, whose t the subtrahend
            /// lowers, so that limbs do not grow from step to step.
            function follow(state, m1, m0, u1, u0) {
                for {} 1 {} {
                    u1 := add(u1, mload(X1))
                    u0 := add(u0, mload(X0))
                    {
                        let q := and(mul(mul(m0, m0), C_INVERSE), MASK)
                        let t := add(sub(mulmod(shl(96, m1), m1, M256), shl(96, mul(m1, m1))), shr(160, sub(LIMIT, u1)))
                        let r := and(
                            sub(
                                add(
                                    add(
                                        mulmod(add(mulmod(m0, m0, M254), mulmod(q, C, M254)), 0x40000000, M254),
                                        mul(sub(t, 131), C)
                                    ),
                                    shl(1, mul(m0, m1))
                                ),
                                add(shl(160, q), u0)
                            ),
                            MASK
                        )
                        q := mulmod(add(q, t), C_FOLD, MASK)
                        t := add(m0, m1)
                        u1 := addmod(add(mulmod(t, t, MASK), q), sub(C_BACK131, add(r, add(u1, u0))), MASK)
                        u0 := r
                    }
                    let d1 := sub(add(mload(X1), E1), u1)
                    let d0 := sub(add(mload(X0), E0), u0)
                    let s1 := mload(Y1)
                    let s0 := mload(Y0)
                    if iszero(state) {
                        let at := mload(SLOPES)
                        m1 := add(m1, shr(96, calldataload(at)))
                        m0 := add(m0, shr(32, calldataload(add(at, 20))))
                        s1 := shl(1, s1)
                        s0 := shl(1, s0)
                    }
                    let q := and(mul(mul(m0, d0), C_INVERSE), MASK)
                    let t := add(
                        sub(mulmod(shl(48, m1), shl(48, d1), M256), shl(96, mul(m1, d1))),
                        shr(160, sub(LIMIT, s1))
                    )
                    let r := mulmod(add(mulmod(q, C, M254), mulmod(d0, m0, M254)), 0x40000000, M254)
                    r := and(
                        sub(add(add(r, mul(sub(t, 131), C)), add(mul(d1, m0), mul(d0, m1))), add(shl(160, q), s0)),
                        MASK
                    )
                    t := addmod(
                        sub(C_BACK131, add(r, add(s1, s0))),
                        add(mulmod(add(q, t), C_FOLD, MASK), mulmod(add(d0, d1), add(m0, m1), MASK)),
                        MASK
                    )
                    if state {
                        mstore(X1, u1)
                        mstore(X0, u0)
                        mstore(Y1, t)
                        mstore(Y0, r)
                        leave
                    }
                    t := add(t, 1)
                    if or(and(t, TOP), and(add(r, mul(shr(160, t), C)), MASK)) {
                        answer(0)
                    }
                    m0 := mload(SLOPES)
                    mstore(SLOPES, add(m0, 48))
                    m1 := shr(96, calldataload(m0))
                    m0 := shr(32, calldataload(add(m0, 20)))
                    state := DOUBLED
                }
            }

            /// n / d modulo p, for d not 0.
            function divide(n1, n0, d1, d0) -> r1, r0 {
                d1, d0 := reduce(d1, d0, C)
                d1, d0 := invert(d1, d0, P0)
                d1, d0 := fmul(d1, d0, CUBE1, CUBE0)
                d1, d0 := fmul(n1, n0, d1, d0)
                r1, r0 := reduce(d1, d0, C)
            }

            /// Completes the table at `base`, whose first entry is P: 3P, 5P … 15P. No line here is vertical, since the
            /// multiples of a point of large prime order that meet here are neither equal nor opposite.
            function multiples(base) {
                copy(base, X1)
                doubleBySlope()
                copy(X1, TWICE)
                copy(base, X1)
                for {
                    let end := add(base, 0x380)
                } lt(base, end) {} {
                    addBySlope(
                        DOUBLED,
                        mload(TWICE),
                        mload(add(TWICE, 0x20)),
                        mload(add(TWICE, 0x40)),
                        mload(add(TWICE, 0x60))
                    )
                    base := add(base, 0x80)
                    copy(X1, base)
                }
            }

            /// Copies a point in memory.
            function copy(from, to) {
                mcopy(to, from, 0x80)
            }

            /// A number of 48 bytes in the calldata, as limbs.
            function limbs(at) -> a1, a0 {
                a1 := shr(96, calldataload(at))
                a0 := shr(32, calldataload(add(at, 20)))
            }

            /// Whether a number is below the modulus with the limbs (TOP, m0).
            function isBelow(a1, a0, m0) -> yes {
                yes := or(lt(a1, TOP), and(eq(a1, TOP), lt(a0, m0)))
            }

            /// A number below p, in Montgomery's form.
            function montgomery(a1, a0) -> r1, r0 {
                r1, r0 := fmul(a1, a0, 0, SQUARE0)
            }

            /// Stores (x, y) as the first entry of the table at `base`.
            function begin(base, x1, x0, y1, y0) {
                mstore(base, x1)
                mstore(add(base, 0x20), x0)
                mstore(add(base, 0x40), y1)
                mstore(add(base, 0x60), y0)
            }

            /// Whether the x of the running sum, which is not infinity, is the number a below p.
            function isAbscissa(a1, a0) -> yes {
                a1, a0 := montgomery(a1, a0)
                let z1, z0 := fsqr(mload(Z1), mload(Z0))
                a1, a0 := fmul(a1, a0, z1, z0)
                yes := isZero(sub(add(a1, S1), mload(X1)), sub(add(a0, S0), mload(X0)))
            }

            /// The number r + n of limbs; its high limb may exceed 2^160.
            function plusOrder(a1, a0) -> r1, r0 {
                r0 := add(a0, N0)
                r1 := add(add(a1, TOP), shr(224, r0))
                r0 := and(r0, MASK)
            }

            /// The path without a hint: x(u1 G + u2 Q) modulo n is r.
            function verifyPlain(hash_, signature_, table_) {
                let s1, s0 := limbs(add(signature_, 48))
                s1, s0 := invert(s1, s0, N0)
                s1, s0 := nmul(s1, s0, SQUARE_N1, SQUARE_N0)
                let a1, a0 := limbs(hash_)
                a1, a0 := nmul(a1, a0, s1, s0)
                a1, a0 := reduce(a1, a0, D)
                comb(a1, a0)
                let r1, r0 := limbs(signature_)
                a1, a0 := nmul(r1, r0, s1, s0)
                a1, a0 := reduce(a1, a0, D)
                s1 := recode(a1, a0)
                mstore(COMPLETE, 0)
                accumulate(table_, s1)
                if isZero(mload(Z1), mload(Z0)) {
                    mstore(COMPLETE, 1)
                    accumulate(table_, s1)
                    if iszero(mload(Z1)) {
                        answer(0)
                    }
                }
                if isAbscissa(r1, r0) {
                    answer(1)
                }
                r1, r0 := plusOrder(r1, r0)
                if isBelow(r1, r0, P0) {
                    answer(isAbscissa(r1, r0))
                }
                answer(0)
            }

            /// Whether u · s ≡ v · w modulo n, or ≡ -v · w if `minus`, for v < 2^224 and the numbers s and w at the places
            /// named in the calldata.
            function isProportional(minus, u1, u0, s, v, w) -> yes {
                let a1, a0 := limbs(s)
                u1, u0 := nmul(u1, u0, a1, a0)
                a1, a0 := limbs(w)
                a1, a0 := nmul(a1, a0, 0, v)
                if minus {
                    a1 := sub(S1, a1)
                    a0 := sub(SN0, a0)
                }
                yes := isEqual(u1, u0, a1, a0, D)
            }

            /// The path with a hint (its layout is `p384Hint`'s): t G + v1 Q + (v2 - 1) R = -R, where v1 ≡ ±v2 u2 and
            /// t ≡ ±v2 u1 modulo n, 0 < v2 < n, and R is a point of the curve whose x is r modulo n.
            function verifyHinted(hash_, signature_, hint_, end, table_) {
                let flags := byte(0, calldataload(hint_))
                let count := byte(0, calldataload(add(hint_, 865)))
                if or(gt(flags, 3), or(lt(count, 43), gt(count, 208))) {
                    answer(0)
                }
                {
                    let x1, x0 := limbs(signature_)
                    if and(flags, 2) {
                        x1, x0 := plusOrder(x1, x0)
                        if iszero(isBelow(x1, x0, P0)) {
                            answer(0)
                        }
                    }
                    x1, x0 := montgomery(x1, x0)
                    let y1, y0 := limbs(add(hint_, 49))
                    if iszero(isOnCurve(x1, x0, y1, y0)) {
                        answer(0)
                    }
                    begin(TABLE_R, x1, x0, y1, y0)
                }
                mstore(SLOPES, add(hint_, 97))
                multiples(TABLE_Q)
                multiples(TABLE_R)

                let t1, t0 := limbs(add(hint_, 1))
                comb(t1, t0)
                mstore(SLOPES, add(add(hint_, 866), shl(1, count)))
                let v1, v2 := accumulateBySlopes(table_, count, add(hint_, 866))
                v2 := add(v2, 1)
                // Both sums are below 2^213, so that a negative one is seen here.
                if or(or(iszero(v2), shr(213, or(v1, v2))), xor(mload(SLOPES), end)) {
                    answer(0)
                }
                flags := and(flags, 1)
                let s := add(signature_, 48)
                if iszero(
                    and(isProportional(flags, 0, v1, s, v2, signature_), isProportional(flags, t1, t0, s, v2, hash_))
                ) {
                    answer(0)
                }
                answer(
                    and(
                        isZero(
                            sub(add(mload(X1), S1), mload(TABLE_R)),
                            sub(add(mload(X0), S0), mload(add(TABLE_R, 0x20)))
                        ),
                        isZero(add(mload(Y1), mload(add(TABLE_R, 0x40))), add(mload(Y0), mload(add(TABLE_R, 0x60))))
                    )
                )
            }

            {
                // r and s in [1, n - 1]
                let a1, a0 := limbs(signature.offset)
                if or(iszero(or(a1, a0)), iszero(isBelow(a1, a0, N0))) {
                    answer(0)
                }
                a1, a0 := limbs(add(signature.offset, 48))
                if or(iszero(or(a1, a0)), iszero(isBelow(a1, a0, N0))) {
                    answer(0)
                }
            }
            {
                // x and y below p, and on the curve
                let x1, x0 := limbs(publicKey.offset)
                let y1, y0 := limbs(add(publicKey.offset, 48))
                if iszero(and(isBelow(x1, x0, P0), isBelow(y1, y0, P0))) {
                    answer(0)
                }
                x1, x0 := montgomery(x1, x0)
                y1, y0 := montgomery(y1, y0)
                if iszero(isOnCurve(x1, x0, y1, y0)) {
                    answer(0)
                }
                begin(TABLE_Q, x1, x0, y1, y0)
            }
            if hint.length {
                verifyHinted(hash.offset, signature.offset, hint.offset, add(hint.offset, hint.length), table)
            }
            multiples(TABLE_Q)
            verifyPlain(hash.offset, signature.offset, table)
        }
    }
}
