pragma circom 2.1.6;

include "range.circom";

// Requantisation: back to few bits, by a division by a power of two that rounds down (towards minus infinity).
//
// Quotient and remainder are two ends of one decomposition, x + 2^(bits-1) = high · 2^shift + low with low < 2^shift, which
// range.circom argues to be unique: no other quotient can be proven, and in particular not quotient - 1 with
// remainder + 2^shift. As 2^shift divides 2^(bits-1), floor(x / 2^shift) = high - 2^(bits-1-shift).

// floor(in / 2^shift) for each of n signed numbers. Enforces -2^(bits-1) <= in < 2^(bits-1);
// -2^(bits-1-shift) <= out < 2^(bits-1-shift).
//
// Bounds: shift < bits <= 252. Constraints: n · bits, and n more where circom cannot express `in` by its bits.
template Requantise(n, bits, shift) {
    assert(shift >= 0 && shift < bits);
    signal input in[n];
    signal output out[n];

    signal inBits[n * bits] <== SignedBits(n, bits)(in);
    for (var i = 0; i < n; i++) {
        var quotient = -(1 << (bits - 1 - shift));
        for (var b = shift; b < bits; b++) {
            quotient += inBits[i * bits + b] * (1 << (b - shift));
        }
        out[i] <== quotient;
    }
}

// max(0, floor(in / 2^shift)) for each of n signed numbers: ReLU and requantisation by one decomposition. Rounding down
// keeps the sign, so that this is Requantise after Relu as well as Relu after Requantise. Enforces
// -2^(bits-1) <= in < 2^(bits-1); 0 <= out < 2^(bits-1-shift).
//
// Bounds: shift < bits <= 252. Constraints: n · (bits + 1), and n more where circom cannot express `in` by its bits.
template RequantiseRelu(n, bits, shift) {
    assert(shift >= 0 && shift < bits);
    signal input in[n];
    signal output out[n];

    signal inBits[n * bits] <== SignedBits(n, bits)(in);
    for (var i = 0; i < n; i++) {
        // Of a number that is not negative the highest bit is 1 and weighs as much as the offset.
        var quotient = 0;
        for (var b = shift; b < bits - 1; b++) {
            quotient += inBits[i * bits + b] * (1 << (b - shift));
        }
        out[i] <== inBits[i * bits + bits - 1] * quotient;
    }
}
