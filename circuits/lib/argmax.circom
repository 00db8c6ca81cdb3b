pragma circom 2.1.6;

include "range.circom";

// The index of the greatest of n values; of equal ones, the lowest.
//
// The values are looked at one after the other: the next one takes the lead if and only if it is greater than the best so
// far, that is, if their difference less one is not negative. The sign of that comes from a range check to bits + 1 bits,
// which is unique (range.circom), so that no other index can be proven.
//
// Bounds: any two values differ by less than 2^bits, bits <= 251. A greater difference is refused, not mistaken, as long as
// all values are below 2^251 in absolute value.
// Constraints: (n - 1) · (bits + 3).
template ArgMax(n, bits) {
    assert(bits <= 251);
    signal input in[n];
    signal output out;

    signal best[n];
    signal index[n];
    component ahead[n];
    best[0] <== in[0];
    index[0] <== 0;
    for (var i = 1; i < n; i++) {
        ahead[i] = SignedBits(1, bits + 1);
        ahead[i].in[0] <== in[i] - best[i - 1] - 1;
        best[i] <== best[i - 1] + ahead[i].out[bits] * (in[i] - best[i - 1]);
        index[i] <== index[i - 1] + ahead[i].out[bits] * (i - index[i - 1]);
    }
    out <== index[n - 1];
}
