// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IP384Verifier} from "./P384.sol";

/// @title P384Verifier
/// @notice ECDSA over P-384 in EVM arithmetic.
/// @dev docs/attestation/arithmetic.md explains the method and proves the bounds that the comments here name.
///
/// **Numbers.** A number a modulo p = 2^384 - C is a pair (a1, a0) with a ≡ a1 · 2^224 + a0. Both limbs have room to
/// spare: sums need no carry, and a difference adds a multiple of p that dominates the subtrahend in both limbs. `fmul`
/// takes limbs a0 < 2^239 and 3 <= a1 < 2^208 and returns a · b / 2^224 (Montgomery's form) with a0 < 2^224.
///
/// **Points.** The running sum is in Jacobian coordinates at X1 to Z0, its limbs (X0, Y0, Z0 < 2^230, and X1, Y1, Z1
/// between 2^160 and 2^166) are an invariant of `double` and `addAffine`.
///
/// **Memory.** Everything lives at fixed addresses from 0x80: no Solidity allocation happens in `verify`.
contract P384Verifier is IP384Verifier {
    /// @notice The address given is not a P384Table with the bytes that the SDK's `p384Table` computes.
    error P384Verifier_BadTable(address table, bytes32 codehash);

    /// @notice keccak256 of the table's bytes.
    bytes32 public constant TABLE_HASH = 0x821a58693f165f99e56df78dadbf300e4233b628fd4350c2f499f55e70fe2de4;
    /// @notice The data contract with the odd combinations of G's powers.
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
    // 2^167, what the high limb of a subtrahend of `fmulsub` may be at most.
    uint256 private constant LIMIT = 0x800000000000000000000000000000000000000000;
    // 2^32 p = (2^192 - 16, 16 · 2^224 - 2^32 C): dominates limbs (< 2^191, < 15 · 2^224).
    uint256 private constant L1 = 0xfffffffffffffffffffffffffffffffffffffffffffffff0;
    uint256 private constant L0 = 0xffffffffffffffffeffffffff0000000000000000ffffffff00000000;
    // 64 n = (S1, 64 · 2^224 - 64 D).
    uint256 private constant SN0 = 0x3ffffffff1d8d3607d0dcb77d606836c922c29debb3b065ab3314a5cc0;
    // The low limbs of 2^448 + p modulo p and 2^672 modulo p, which take a number and the inverse of a Montgomery
    // number into Montgomery's form; the first one's high limb is TOP.
    uint256 private constant SQUARE0 = 0x10000000100000000fffffffefffffffe0000000100000000ffffffff;
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
    // The signed digits, one byte per power of two: 0 or |d|, plus 128 if d < 0.
    uint256 private constant DIGITS_Q = 0xc00;
    uint256 private constant DIGITS_R = 0xdc0;
    uint256 private constant DIGITS_SIZE = 0x1c0;

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
    ) external view returns (bool) {
        if (hash.length != 48 || signature.length != 96 || publicKey.length != 96) return false;
        address table = TABLE;
        assembly {
            /// Ends the call: `valid` is what `verify` returns.
            function answer(valid) {
                mstore(0, valid)
                return(0, 0x20)
            }

            /// a · b / 2^224 modulo p. With T = a · b and B = 2^224: q = -T/p modulo B makes T - q · p a multiple of
            /// B, and t - 3, within 2 to 3 below T / (B · 2^384), takes off the top: r = (T - q · p) / B - (t - 3) · p
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

            /// a · b / 2^224 - s modulo p, for s0 < 2^230 and s1 <= LIMIT, which may be all that keeps a chain of
            /// subtractions from growing: `fmul` with t made smaller by the s1 / 2^160 that is subtracted.
            function fmulsub(a1, a0, b1, b0, s1, s0) -> r1, r0 {
                let q := and(mul(mul(a0, b0), C_INVERSE), MASK)
                r1 := shl(48, a1)
                r0 := shl(48, b1)
                let t := add(sub(mulmod(r1, r0, M256), mul(r1, r0)), shr(160, sub(LIMIT, s1)))
                r0 := and(
                    sub(
                        add(
                            add(
                                mulmod(add(mulmod(a0, b0, M254), mulmod(q, C, M254)), 0x40000000, M254),
                                mul(sub(t, 131), C)
                            ),
                            add(mul(a0, b1), mul(a1, b0))
                        ),
                        add(shl(160, q), s0)
                    ),
                    MASK
                )
                r1 := addmod(
                    add(mulmod(add(a0, a1), add(b0, b1), MASK), mulmod(add(q, t), C_FOLD, MASK)),
                    sub(C_BACK131, add(r0, add(s1, s0))),
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

            /// The canonical limbs of a modulo 2^384 - c (c = C or D), for a1 < 2^208 and a0 < 2^240.
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

            /// The multiple that `digit` names of the point whose table is at `base`.
            function multiple(base, digit) -> x1, x0, y1, y0 {
                base := add(base, shl(6, sub(and(digit, 0x7f), 1)))
                x1 := mload(base)
                x0 := mload(add(base, 0x20))
                y1 := mload(add(base, 0x40))
                y0 := mload(add(base, 0x60))
                if shr(7, digit) {
                    y1 := sub(S1, y1)
                    y0 := sub(S0, y0)
                }
            }

            /// The comb's column j: Σ ±2^(43 i + j) G, the signs by bit j of the nine rows.
            function column(table_, j) -> x1, x0, y1, y0 {
                x1 := mul(
                    and(shr(j, mload(COMB)), 0x1000000000000000100000000000000010000000000000001),
                    0x1000000000000000200000000000000040000000000000008
                )
                x0 := mul(
                    and(shr(j, mload(add(COMB, 0x20))), 0x1000000000000000100000000000000010000000000000001),
                    0x1000000000000000200000000000000040000000000000008
                )
                x0 := or(shr(192, x1), shl(4, shr(192, x0)))
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
                    let digit := byte(0, mload(add(DIGITS_Q, i)))
                    if digit {
                        let x1, x0, y1, y0 := multiple(TABLE_Q, digit)
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

            /// Like `accumulate`, for both tables, in affine coordinates with the hint's slopes. Answers false where an
            /// addition would be an exceptional one.
            function accumulateBySlopes(table_, i) {
                // Where the sum stands: EMPTY, TO_DOUBLE before the first addition of a power, DOUBLED after it.
                let state := EMPTY
                for {} 1 {
                    i := sub(i, 1)
                    state := TO_DOUBLE
                } {
                    let digit := byte(0, mload(add(DIGITS_Q, i)))
                    if digit {
                        let x1, x0, y1, y0 := multiple(TABLE_Q, digit)
                        addBySlope(state, x1, x0, y1, y0)
                        state := DOUBLED
                    }
                    digit := byte(0, mload(add(DIGITS_R, i)))
                    if digit {
                        let x1, x0, y1, y0 := multiple(TABLE_R, digit)
                        addBySlope(state, x1, x0, y1, y0)
                        state := DOUBLED
                    }
                    if lt(i, 43) {
                        let x1, x0, y1, y0 := column(table_, i)
                        addBySlope(state, x1, x0, y1, y0)
                        if iszero(i) {
                            leave
                        }
                        continue
                    }
                    if iszero(state) {
                        let x1 := mload(X1)
                        let x0 := mload(X0)
                        let y1 := mload(Y1)
                        let y0 := mload(Y0)
                        let m1, m0 := tangent(x1, x0, y1, y0)
                        follow(m1, m0, x1, x0, y1, y0, x1, x0, X1)
                    }
                }
            }

            /// Adds (u, w) to the affine running sum P, in the state TO_DOUBLE after adding P to itself: 2 P + (u, w) is
            /// P + (P + (u, w)), which does without the ordinate of the sum in the middle.
            function addBySlope(state, u1, u0, w1, w0) {
                if eq(state, EMPTY) {
                    begin(X1, u1, u0, w1, w0)
                    leave
                }
                let x1 := mload(X1)
                let x0 := mload(X0)
                w1 := sub(add(w1, S1), mload(Y1))
                w0 := sub(add(w0, S0), mload(Y0))
                w1, w0 := chord(w1, w0, sub(add(u1, S1), x1), sub(add(u0, S0), x0))
                if iszero(state) {
                    // With v the abscissa of P + (u, w) and m' the next slope: (m + m') (x - v) = 2 y.
                    u1, u0 := fmulsub(w1, w0, w1, w0, add(u1, x1), add(u0, x0))
                    let v1, v0 := nextSlope()
                    w1, w0 := fmulsub(
                        add(w1, v1),
                        add(w0, v0),
                        sub(add(x1, E1), u1),
                        sub(add(x0, E0), u0),
                        shl(1, mload(Y1)),
                        shl(1, mload(Y0))
                    )
                    assertZero(w1, w0)
                    w1 := v1
                    w0 := v0
                }
                follow(w1, w0, x1, x0, mload(Y1), mload(Y0), u1, u0, X1)
            }

            /// Writes the signed digits (wNAF of width 5: odd, below 16, at least five powers apart) of the number
            /// v1 · 2^224 + v0 at `digits`, and returns the larger of `top` and the highest power used.
            function recode(v1, v0, digits, top) -> top_ {
                top_ := top
                calldatacopy(digits, calldatasize(), DIGITS_SIZE)
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
                            d := xor(0x80, sub(32, d))
                        }
                        mstore8(add(digits, i), d)
                        if gt(i, top_) {
                            top_ := i
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

            /// Limbs with a0 < 2^224 (and a carry, if there is one, in a1), a1 between 2^160 and 2^161.
            function normalise(a1, a0) -> r1, r0 {
                a1 := add(a1, shr(224, a0))
                let t := sub(shr(160, a1), 1)
                r1 := sub(a1, shl(160, t))
                r0 := add(and(a0, MASK), mul(t, C))
            }

            /// Answers false unless a ≡ 0 modulo p, for a result of `fmulsub`: a must be k p, whose limbs are k 2^160 - 1
            /// and 2^224 - k C.
            function assertZero(a1, a0) {
                a1 := add(a1, 1)
                let k := shr(160, a1)
                if or(xor(a1, shl(160, k)), and(add(a0, mul(k, C)), MASK)) {
                    answer(0)
                }
            }

            /// The hint's next slope.
            function nextSlope() -> m1, m0 {
                m0 := mload(SLOPES)
                mstore(SLOPES, add(m0, 48))
                m1 := shr(96, calldataload(m0))
                m0 := shr(32, calldataload(add(m0, 20)))
            }

            /// The slope n / d of a chord: from the hint, if there is one, and checked, or else found. Answers false where
            /// d ≡ 0; the quick test is for multiples of p up to 2^11 p, whose low limb is close below 2^224.
            function chord(n1, n0, d1, d0) -> m1, m0 {
                if iszero(shr(140, and(sub(0, d0), MASK))) {
                    if isZero(d1, d0) {
                        answer(0)
                    }
                }
                switch mload(SLOPES)
                case 0 {
                    m1, m0 := divide(n1, n0, d1, d0)
                }
                default {
                    m1, m0 := nextSlope()
                    d1, d0 := fmulsub(m1, m0, d1, d0, n1, n0)
                    assertZero(d1, d0)
                }
            }

            /// The slope of the tangent at (x, y), (3 x² - 3) / 2 y, like `chord`.
            function tangent(x1, x0, y1, y0) -> m1, m0 {
                x1, x0 := fsqr(x1, x0)
                x1 := add(mul(3, x1), MINUS3_1)
                x0 := add(mul(3, x0), P0)
                switch mload(SLOPES)
                case 0 {
                    m1, m0 := divide(x1, x0, shl(1, y1), shl(1, y0))
                }
                default {
                    m1, m0 := nextSlope()
                    x1, x0 := fmulsub(m1, m0, shl(1, y1), shl(1, y0), x1, x0)
                    assertZero(x1, x0)
                }
            }

            /// n / d modulo p, for d not 0.
            function divide(n1, n0, d1, d0) -> r1, r0 {
                d1, d0 := reduce(d1, d0, C)
                d1, d0 := invert(d1, d0, P0)
                d1, d0 := fmul(add(d1, S1), add(d0, S0), CUBE1, CUBE0)
                d1, d0 := fmul(n1, n0, d1, d0)
                r1, r0 := reduce(d1, d0, C)
            }

            /// Stores the third point of the line of slope m through (x, y) and one with the abscissa u, mirrored.
            function follow(m1, m0, x1, x0, y1, y0, u1, u0, to) {
                u1, u0 := fmulsub(m1, m0, m1, m0, add(x1, u1), add(x0, u0))
                mstore(to, u1)
                mstore(add(to, 0x20), u0)
                x1, x0 := fmulsub(m1, m0, sub(add(x1, E1), u1), sub(add(x0, E0), u0), y1, y0)
                mstore(add(to, 0x40), x1)
                mstore(add(to, 0x60), x0)
            }

            /// Completes the table at `base`, whose first entry is P: 3P, 5P … 15P. No line here is vertical, since the
            /// multiples of a point of large prime order that meet here are neither equal nor opposite.
            function multiples(base) {
                let x1 := mload(base)
                let x0 := mload(add(base, 0x20))
                let y1 := mload(add(base, 0x40))
                let y0 := mload(add(base, 0x60))
                {
                    let m1, m0 := tangent(x1, x0, y1, y0)
                    follow(m1, m0, x1, x0, y1, y0, x1, x0, TWICE)
                }
                for {
                    let end := add(base, 0x380)
                } lt(base, end) {} {
                    let u1 := mload(TWICE)
                    let u0 := mload(add(TWICE, 0x20))
                    let m1, m0 := chord(
                        sub(add(mload(add(TWICE, 0x40)), S1), y1),
                        sub(add(mload(add(TWICE, 0x60)), S0), y0),
                        sub(add(u1, S1), x1),
                        sub(add(u0, S0), x0)
                    )
                    base := add(base, 0x80)
                    follow(m1, m0, x1, x0, y1, y0, u1, u0, base)
                    x1 := mload(base)
                    x0 := mload(add(base, 0x20))
                    y1 := mload(add(base, 0x40))
                    y0 := mload(add(base, 0x60))
                }
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
                r1, r0 := fmul(add(a1, S1), add(a0, S0), TOP, SQUARE0)
                r1, r0 := normalise(r1, r0)
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
                s1, s0 := nmul(add(s1, S1), add(s0, SN0), add(SQUARE_N1, S1), add(SQUARE_N0, SN0))
                let a1, a0 := limbs(hash_)
                a1, a0 := nmul(add(a1, S1), add(a0, SN0), s1, s0)
                a1, a0 := reduce(a1, a0, D)
                comb(a1, a0)
                let r1, r0 := limbs(signature_)
                a1, a0 := nmul(add(r1, S1), add(r0, SN0), s1, s0)
                a1, a0 := reduce(a1, a0, D)
                s1 := recode(a1, a0, DIGITS_Q, 42)
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

            /// The path with a hint: t G + v1 Q + (v2 - 1) R = -R, where v1 ≡ ±v2 u2 and t ≡ ±v2 u1 modulo n,
            /// 0 < v2 < n, and R is a point of the curve whose x is r modulo n.
            function verifyHinted(hash_, signature_, hint_, end, table_) {
                let top
                {
                    let flags := byte(0, calldataload(hint_))
                    let v2 := shr(56, calldataload(add(hint_, 26)))
                    if or(gt(flags, 3), iszero(v2)) {
                        answer(0)
                    }
                    // ±r and ±z, then v1 s ≡ ±v2 r and t s ≡ ±v2 z.
                    let s1, s0 := limbs(add(signature_, 48))
                    s1 := add(s1, S1)
                    s0 := add(s0, SN0)
                    let v1 := shr(56, calldataload(add(hint_, 1)))
                    let a1, a0 := limbs(signature_)
                    if and(flags, 1) {
                        a1 := sub(S1, a1)
                        a0 := sub(SN0, a0)
                    }
                    a1, a0 := nmul(add(a1, S1), add(a0, SN0), S1, add(v2, SN0))
                    {
                        let b1, b0 := nmul(s1, s0, S1, add(v1, SN0))
                        if iszero(isEqual(a1, a0, b1, b0, D)) {
                            answer(0)
                        }
                    }
                    top := recode(0, v1, DIGITS_Q, 42)
                    top := recode(0, sub(v2, 1), DIGITS_R, top)
                    a1, a0 := limbs(hash_)
                    if and(flags, 1) {
                        a1 := sub(S1, a1)
                        a0 := sub(SN0, a0)
                    }
                    a1, a0 := nmul(add(a1, S1), add(a0, SN0), S1, add(v2, SN0))
                    v1, v2 := limbs(add(hint_, 51))
                    comb(v1, v2)
                    v1, v2 := nmul(s1, s0, add(v1, S1), add(v2, SN0))
                    if iszero(isEqual(a1, a0, v1, v2, D)) {
                        answer(0)
                    }
                }
                {
                    let x1, x0 := limbs(signature_)
                    if and(byte(0, calldataload(hint_)), 2) {
                        x1, x0 := plusOrder(x1, x0)
                        if iszero(isBelow(x1, x0, P0)) {
                            answer(0)
                        }
                    }
                    x1, x0 := montgomery(x1, x0)
                    let y1, y0 := limbs(add(hint_, 99))
                    y1, y0 := normalise(add(y1, S1), add(y0, S0))
                    if iszero(isOnCurve(x1, x0, y1, y0)) {
                        answer(0)
                    }
                    begin(TABLE_R, x1, x0, y1, y0)
                }
                mstore(SLOPES, add(hint_, 147))
                multiples(TABLE_Q)
                multiples(TABLE_R)
                accumulateBySlopes(table_, top)
                if xor(mload(SLOPES), end) {
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
