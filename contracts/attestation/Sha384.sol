// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Sha384
/// @notice SHA-384 (FIPS 180-4) of bytes in memory.
/// @dev Two tricks carry the speed. A clean 64-bit x times 2^64 + 1 is x beside itself, so that one plain shift of the
/// product is a rotation of x (in its low 64 bits). And the message schedule computes two words at once, in the two
/// 128-bit lanes of an EVM word: W[t] in the high one, W[t+1] in the low one; a pair that straddles two stored words is
/// one unaligned `mload`. Nothing is assumed about memory beyond `data`: whatever is read there was written here.
library Sha384 {
    /// @notice The slice asked for does not lie inside the bytes given.
    error Sha384_OutOfBounds(uint256 offset, uint256 length, uint256 available);

    /// @notice The SHA-384 digest of `data`.
    /// @return hi The digest's first 16 bytes, as a number below 2^128.
    /// @return lo The digest's last 32 bytes: digest = hi · 2^256 + lo.
    function hash(bytes memory data) internal pure returns (uint256 hi, uint256 lo) {
        return _hash(data, 0, data.length);
    }

    /// @notice The SHA-384 digest of `length` bytes of `data` from `offset`, hashed in place.
    /// @dev Reverts with Sha384_OutOfBounds if the slice does not lie inside `data`.
    /// @return hi The digest's first 16 bytes, as a number below 2^128.
    /// @return lo The digest's last 32 bytes.
    function hash(bytes memory data, uint256 offset, uint256 length) internal pure returns (uint256 hi, uint256 lo) {
        if (offset > data.length || length > data.length - offset) {
            revert Sha384_OutOfBounds(offset, length, data.length);
        }
        return _hash(data, offset, length);
    }

    /// @dev `offset + length <= data.length` is the caller's to know. Scratch memory, from the free pointer on and
    /// never allocated: 0x000 schedule (40 pairs), 0x500 constants (40 pairs), 0xa00 state (8 words), 0xb00 padded tail
    /// (2 blocks).
    function _hash(bytes memory data, uint256 offset, uint256 length) private pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            /// Adds the compression of the 128 bytes at `block` to the state. Every word of the state and every
            /// schedule lane is below 2^64 when it is stored; sums are masked before they are rotated.
            function compress(m, blk) {
                let p := m
                // The block's 16 words, as 8 pairs.
                for {
                    let end := add(blk, 0x80)
                } lt(blk, end) {
                    blk := add(blk, 0x20)
                    p := add(p, 0x40)
                } {
                    let w := mload(blk)
                    mstore(p, or(and(shr(64, w), shl(128, 0xffffffffffffffff)), and(shr(128, w), 0xffffffffffffffff)))
                    mstore(add(p, 0x20), or(and(shl(64, w), shl(128, 0xffffffffffffffff)), and(w, 0xffffffffffffffff)))
                }
                // W[t] = σ1(W[t-2]) + W[t-7] + σ0(W[t-15]) + W[t-16], which lie 0x20, 0x70, 0xf0 and 0x100 before it. A
                // shift lets bits of the high lane fall into the upper half of the low one, hence a mask on each σ. y is
                // the pair before.
                let y := mload(sub(p, 0x20))
                for {} lt(p, add(m, 0x500)) {
                    p := add(p, 0x80)
                } {
                    {
                        let x := mload(sub(p, 0xf0))
                        let xx := mul(x, 0x10000000000000001)
                        let yy := mul(y, 0x10000000000000001)
                        y := and(
                            add(
                                add(
                                    and(
                                        xor(xor(shr(1, xx), shr(8, xx)), shr(7, x)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    ),
                                    and(
                                        xor(xor(shr(19, yy), shr(61, yy)), shr(6, y)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    )
                                ),
                                add(mload(sub(p, 0x70)), mload(sub(p, 0x100)))
                            ),
                            0xffffffffffffffff0000000000000000ffffffffffffffff
                        )
                        mstore(p, y)
                    }
                    {
                        let x := mload(sub(p, 0xd0))
                        let xx := mul(x, 0x10000000000000001)
                        let yy := mul(y, 0x10000000000000001)
                        y := and(
                            add(
                                add(
                                    and(
                                        xor(xor(shr(1, xx), shr(8, xx)), shr(7, x)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    ),
                                    and(
                                        xor(xor(shr(19, yy), shr(61, yy)), shr(6, y)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    )
                                ),
                                add(mload(sub(p, 0x50)), mload(sub(p, 0xe0)))
                            ),
                            0xffffffffffffffff0000000000000000ffffffffffffffff
                        )
                        mstore(add(p, 0x20), y)
                    }
                    {
                        let x := mload(sub(p, 0xb0))
                        let xx := mul(x, 0x10000000000000001)
                        let yy := mul(y, 0x10000000000000001)
                        y := and(
                            add(
                                add(
                                    and(
                                        xor(xor(shr(1, xx), shr(8, xx)), shr(7, x)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    ),
                                    and(
                                        xor(xor(shr(19, yy), shr(61, yy)), shr(6, y)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    )
                                ),
                                add(mload(sub(p, 0x30)), mload(sub(p, 0xc0)))
                            ),
                            0xffffffffffffffff0000000000000000ffffffffffffffff
                        )
                        mstore(add(p, 0x40), y)
                    }
                    {
                        let x := mload(sub(p, 0x90))
                        let xx := mul(x, 0x10000000000000001)
                        let yy := mul(y, 0x10000000000000001)
                        y := and(
                            add(
                                add(
                                    and(
                                        xor(xor(shr(1, xx), shr(8, xx)), shr(7, x)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    ),
                                    and(
                                        xor(xor(shr(19, yy), shr(61, yy)), shr(6, y)),
                                        0xffffffffffffffff0000000000000000ffffffffffffffff
                                    )
                                ),
                                add(mload(sub(p, 0x10)), mload(sub(p, 0xa0)))
                            ),
                            0xffffffffffffffff0000000000000000ffffffffffffffff
                        )
                        mstore(add(p, 0x60), y)
                    }
                }

                let a := mul(mload(add(m, 0xa00)), 0x10000000000000001)
                let b := mul(mload(add(m, 0xa20)), 0x10000000000000001)
                let c := mul(mload(add(m, 0xa40)), 0x10000000000000001)
                let d := mul(mload(add(m, 0xa60)), 0x10000000000000001)
                let e := mul(mload(add(m, 0xa80)), 0x10000000000000001)
                let f := mul(mload(add(m, 0xaa0)), 0x10000000000000001)
                let g := mul(mload(add(m, 0xac0)), 0x10000000000000001)
                let h := mul(mload(add(m, 0xae0)), 0x10000000000000001)
                // Eight rounds an iteration: the roles of the eight words rotate, the words do not. The low lane of a
                // pair is used with the high lane above it, which the mask at the end of the sum removes.
                for {
                    p := m
                } lt(p, add(m, 0x500)) {
                    p := add(p, 0x80)
                } {
                    {
                        let k := add(mload(p), mload(add(p, 0x500)))
                        h := add(
                            add(add(h, shr(128, k)), xor(g, and(e, xor(f, g)))),
                            xor(xor(shr(14, e), shr(18, e)), shr(41, e))
                        )
                        d := mul(and(add(d, h), 0xffffffffffffffff), 0x10000000000000001)
                        h := mul(
                            and(
                                add(
                                    add(h, xor(xor(shr(28, a), shr(34, a)), shr(39, a))),
                                    or(and(a, b), and(c, or(a, b)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                        g := add(
                            add(add(g, k), xor(f, and(d, xor(e, f)))),
                            xor(xor(shr(14, d), shr(18, d)), shr(41, d))
                        )
                        c := mul(and(add(c, g), 0xffffffffffffffff), 0x10000000000000001)
                        g := mul(
                            and(
                                add(
                                    add(g, xor(xor(shr(28, h), shr(34, h)), shr(39, h))),
                                    or(and(h, a), and(b, or(h, a)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                    }
                    {
                        let k := add(mload(add(p, 0x20)), mload(add(p, 0x520)))
                        f := add(
                            add(add(f, shr(128, k)), xor(e, and(c, xor(d, e)))),
                            xor(xor(shr(14, c), shr(18, c)), shr(41, c))
                        )
                        b := mul(and(add(b, f), 0xffffffffffffffff), 0x10000000000000001)
                        f := mul(
                            and(
                                add(
                                    add(f, xor(xor(shr(28, g), shr(34, g)), shr(39, g))),
                                    or(and(g, h), and(a, or(g, h)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                        e := add(
                            add(add(e, k), xor(d, and(b, xor(c, d)))),
                            xor(xor(shr(14, b), shr(18, b)), shr(41, b))
                        )
                        a := mul(and(add(a, e), 0xffffffffffffffff), 0x10000000000000001)
                        e := mul(
                            and(
                                add(
                                    add(e, xor(xor(shr(28, f), shr(34, f)), shr(39, f))),
                                    or(and(f, g), and(h, or(f, g)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                    }
                    {
                        let k := add(mload(add(p, 0x40)), mload(add(p, 0x540)))
                        d := add(
                            add(add(d, shr(128, k)), xor(c, and(a, xor(b, c)))),
                            xor(xor(shr(14, a), shr(18, a)), shr(41, a))
                        )
                        h := mul(and(add(h, d), 0xffffffffffffffff), 0x10000000000000001)
                        d := mul(
                            and(
                                add(
                                    add(d, xor(xor(shr(28, e), shr(34, e)), shr(39, e))),
                                    or(and(e, f), and(g, or(e, f)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                        c := add(
                            add(add(c, k), xor(b, and(h, xor(a, b)))),
                            xor(xor(shr(14, h), shr(18, h)), shr(41, h))
                        )
                        g := mul(and(add(g, c), 0xffffffffffffffff), 0x10000000000000001)
                        c := mul(
                            and(
                                add(
                                    add(c, xor(xor(shr(28, d), shr(34, d)), shr(39, d))),
                                    or(and(d, e), and(f, or(d, e)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                    }
                    {
                        let k := add(mload(add(p, 0x60)), mload(add(p, 0x560)))
                        b := add(
                            add(add(b, shr(128, k)), xor(a, and(g, xor(h, a)))),
                            xor(xor(shr(14, g), shr(18, g)), shr(41, g))
                        )
                        f := mul(and(add(f, b), 0xffffffffffffffff), 0x10000000000000001)
                        b := mul(
                            and(
                                add(
                                    add(b, xor(xor(shr(28, c), shr(34, c)), shr(39, c))),
                                    or(and(c, d), and(e, or(c, d)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                        a := add(
                            add(add(a, k), xor(h, and(f, xor(g, h)))),
                            xor(xor(shr(14, f), shr(18, f)), shr(41, f))
                        )
                        e := mul(and(add(e, a), 0xffffffffffffffff), 0x10000000000000001)
                        a := mul(
                            and(
                                add(
                                    add(a, xor(xor(shr(28, b), shr(34, b)), shr(39, b))),
                                    or(and(b, c), and(d, or(b, c)))
                                ),
                                0xffffffffffffffff
                            ),
                            0x10000000000000001
                        )
                    }
                }
                m := add(m, 0xa00)
                mstore(m, and(add(mload(m), a), 0xffffffffffffffff))
                mstore(add(m, 0x20), and(add(mload(add(m, 0x20)), b), 0xffffffffffffffff))
                mstore(add(m, 0x40), and(add(mload(add(m, 0x40)), c), 0xffffffffffffffff))
                mstore(add(m, 0x60), and(add(mload(add(m, 0x60)), d), 0xffffffffffffffff))
                mstore(add(m, 0x80), and(add(mload(add(m, 0x80)), e), 0xffffffffffffffff))
                mstore(add(m, 0xa0), and(add(mload(add(m, 0xa0)), f), 0xffffffffffffffff))
                mstore(add(m, 0xc0), and(add(mload(add(m, 0xc0)), g), 0xffffffffffffffff))
                mstore(add(m, 0xe0), and(add(mload(add(m, 0xe0)), h), 0xffffffffffffffff))
            }

            let m := mload(0x40)
            // K[t]: the first 64 bits of the fractional part of the cube root of the t-th prime, as pairs.
            mstore(add(m, 0x500), 0x0000000000000000428a2f98d728ae2200000000000000007137449123ef65cd)
            mstore(add(m, 0x520), 0x0000000000000000b5c0fbcfec4d3b2f0000000000000000e9b5dba58189dbbc)
            mstore(add(m, 0x540), 0x00000000000000003956c25bf348b538000000000000000059f111f1b605d019)
            mstore(add(m, 0x560), 0x0000000000000000923f82a4af194f9b0000000000000000ab1c5ed5da6d8118)
            mstore(add(m, 0x580), 0x0000000000000000d807aa98a3030242000000000000000012835b0145706fbe)
            mstore(add(m, 0x5a0), 0x0000000000000000243185be4ee4b28c0000000000000000550c7dc3d5ffb4e2)
            mstore(add(m, 0x5c0), 0x000000000000000072be5d74f27b896f000000000000000080deb1fe3b1696b1)
            mstore(add(m, 0x5e0), 0x00000000000000009bdc06a725c712350000000000000000c19bf174cf692694)
            mstore(add(m, 0x600), 0x0000000000000000e49b69c19ef14ad20000000000000000efbe4786384f25e3)
            mstore(add(m, 0x620), 0x00000000000000000fc19dc68b8cd5b50000000000000000240ca1cc77ac9c65)
            mstore(add(m, 0x640), 0x00000000000000002de92c6f592b027500000000000000004a7484aa6ea6e483)
            mstore(add(m, 0x660), 0x00000000000000005cb0a9dcbd41fbd4000000000000000076f988da831153b5)
            mstore(add(m, 0x680), 0x0000000000000000983e5152ee66dfab0000000000000000a831c66d2db43210)
            mstore(add(m, 0x6a0), 0x0000000000000000b00327c898fb213f0000000000000000bf597fc7beef0ee4)
            mstore(add(m, 0x6c0), 0x0000000000000000c6e00bf33da88fc20000000000000000d5a79147930aa725)
            mstore(add(m, 0x6e0), 0x000000000000000006ca6351e003826f0000000000000000142929670a0e6e70)
            mstore(add(m, 0x700), 0x000000000000000027b70a8546d22ffc00000000000000002e1b21385c26c926)
            mstore(add(m, 0x720), 0x00000000000000004d2c6dfc5ac42aed000000000000000053380d139d95b3df)
            mstore(add(m, 0x740), 0x0000000000000000650a73548baf63de0000000000000000766a0abb3c77b2a8)
            mstore(add(m, 0x760), 0x000000000000000081c2c92e47edaee6000000000000000092722c851482353b)
            mstore(add(m, 0x780), 0x0000000000000000a2bfe8a14cf103640000000000000000a81a664bbc423001)
            mstore(add(m, 0x7a0), 0x0000000000000000c24b8b70d0f897910000000000000000c76c51a30654be30)
            mstore(add(m, 0x7c0), 0x0000000000000000d192e819d6ef52180000000000000000d69906245565a910)
            mstore(add(m, 0x7e0), 0x0000000000000000f40e35855771202a0000000000000000106aa07032bbd1b8)
            mstore(add(m, 0x800), 0x000000000000000019a4c116b8d2d0c800000000000000001e376c085141ab53)
            mstore(add(m, 0x820), 0x00000000000000002748774cdf8eeb99000000000000000034b0bcb5e19b48a8)
            mstore(add(m, 0x840), 0x0000000000000000391c0cb3c5c95a6300000000000000004ed8aa4ae3418acb)
            mstore(add(m, 0x860), 0x00000000000000005b9cca4f7763e3730000000000000000682e6ff3d6b2b8a3)
            mstore(add(m, 0x880), 0x0000000000000000748f82ee5defb2fc000000000000000078a5636f43172f60)
            mstore(add(m, 0x8a0), 0x000000000000000084c87814a1f0ab7200000000000000008cc702081a6439ec)
            mstore(add(m, 0x8c0), 0x000000000000000090befffa23631e280000000000000000a4506cebde82bde9)
            mstore(add(m, 0x8e0), 0x0000000000000000bef9a3f7b2c679150000000000000000c67178f2e372532b)
            mstore(add(m, 0x900), 0x0000000000000000ca273eceea26619c0000000000000000d186b8c721c0c207)
            mstore(add(m, 0x920), 0x0000000000000000eada7dd6cde0eb1e0000000000000000f57d4f7fee6ed178)
            mstore(add(m, 0x940), 0x000000000000000006f067aa72176fba00000000000000000a637dc5a2c898a6)
            mstore(add(m, 0x960), 0x0000000000000000113f9804bef90dae00000000000000001b710b35131c471b)
            mstore(add(m, 0x980), 0x000000000000000028db77f523047d84000000000000000032caab7b40c72493)
            mstore(add(m, 0x9a0), 0x00000000000000003c9ebe0a15c9bebc0000000000000000431d67c49c100d4c)
            mstore(add(m, 0x9c0), 0x00000000000000004cc5d4becb3e42b60000000000000000597f299cfc657e2a)
            mstore(add(m, 0x9e0), 0x00000000000000005fcb6fab3ad6faec00000000000000006c44198c4a475817)
            // H[i]: the same of the square roots of the 9th to the 16th prime.
            mstore(add(m, 0xa00), 0xcbbb9d5dc1059ed8)
            mstore(add(m, 0xa20), 0x629a292a367cd507)
            mstore(add(m, 0xa40), 0x9159015a3070dd17)
            mstore(add(m, 0xa60), 0x152fecd8f70e5939)
            mstore(add(m, 0xa80), 0x67332667ffc00b31)
            mstore(add(m, 0xaa0), 0x8eb44a8768581511)
            mstore(add(m, 0xac0), 0xdb0c2e0d64f98fa7)
            mstore(add(m, 0xae0), 0x47b5481dbefa4fa4)

            let p := add(add(data, 0x20), offset)
            for {
                let end := add(p, and(length, not(0x7f)))
            } lt(p, end) {
                p := add(p, 0x80)
            } {
                compress(m, p)
            }
            // The tail: the last length mod 128 bytes, 0x80, zeros, and the length in bits as a 128-bit number.
            let tail := and(length, 0x7f)
            let buffer := add(m, 0xb00)
            calldatacopy(buffer, calldatasize(), 0x100)
            mcopy(buffer, p, tail)
            mstore8(add(buffer, tail), 0x80)
            if gt(tail, 0x6f) {
                compress(m, buffer)
                buffer := add(buffer, 0x80)
            }
            mstore(add(buffer, 0x60), or(mload(add(buffer, 0x60)), shl(3, length)))
            compress(m, buffer)

            m := add(m, 0xa00)
            hi := or(shl(64, mload(m)), mload(add(m, 0x20)))
            lo := or(
                or(shl(192, mload(add(m, 0x40))), shl(128, mload(add(m, 0x60)))),
                or(shl(64, mload(add(m, 0x80))), mload(add(m, 0xa0)))
            )
        }
    }
}
