pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";

// Range checks. Every other template of this library relies on the ranges that these enforce.
//
// A number of at most 252 bits has one decomposition and no other: two would have the same sum modulo the field's order r,
// and sums below 2^252 are below r, so they would be the same sum of distinct powers of two. An input outside the range has
// no decomposition at all, as no sum of the bits is congruent to it. circomlib's Num2Bits enforces that every bit is 0 or 1
// and that their sum is the input.

// The bits of n numbers, the lowest first: enforces 0 <= in < 2^bits.
//
// Bounds: bits <= 252. Constraints: n · (bits + 1) as written; n · bits where circom can express the inputs by their bits.
template UnsignedBits(n, bits) {
    assert(bits >= 1 && bits <= 252);
    signal input in[n];
    signal output out[n * bits];

    component decomposed[n];
    for (var i = 0; i < n; i++) {
        decomposed[i] = Num2Bits(bits);
        decomposed[i].in <== in[i];
        for (var b = 0; b < bits; b++) {
            out[i * bits + b] <== decomposed[i].out[b];
        }
    }
}

// The bits of n signed numbers in offset binary (in + 2^(bits-1)), the lowest first: enforces
// -2^(bits-1) <= in < 2^(bits-1). The highest bit of each says whether it is >= 0.
//
// Bounds and constraints as those of UnsignedBits.
template SignedBits(n, bits) {
    assert(bits >= 1 && bits <= 252);
    signal input in[n];
    signal output out[n * bits];

    component decomposed[n];
    for (var i = 0; i < n; i++) {
        decomposed[i] = Num2Bits(bits);
        decomposed[i].in <== in[i] + (1 << (bits - 1));
        for (var b = 0; b < bits; b++) {
            out[i * bits + b] <== decomposed[i].out[b];
        }
    }
}
