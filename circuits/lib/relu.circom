pragma circom 2.1.6;

include "range.circom";

// max(0, in) for each of n signed numbers. Enforces -2^(bits-1) <= in < 2^(bits-1), so that the sign is the highest bit of
// a decomposition that is unique; 0 <= out < 2^(bits-1).
//
// Bounds: bits <= 252. Constraints: n · (bits + 1), and n more where circom cannot express `in` by its bits.
template Relu(n, bits) {
    signal input in[n];
    signal output out[n];

    signal inBits[n * bits] <== SignedBits(n, bits)(in);
    for (var i = 0; i < n; i++) {
        out[i] <== inBits[i * bits + bits - 1] * in[i];
    }
}
