pragma circom 2.1.6;

// The `length` numbers of `in` from `from` on. Constraints: none.
template Slice(n, from, length) {
    assert(from + length <= n);
    signal input in[n];
    signal output out[length];

    for (var i = 0; i < length; i++) {
        out[i] <== in[from + i];
    }
}
