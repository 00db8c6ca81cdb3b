pragma circom 2.1.6;

include "conv2d.circom";
include "range.circom";

// The mean of every size × size window, rounded down; the windows do not overlap, and what is left at the right and at the
// bottom is not seen. Arrays are flat, the last index running fastest; `out` is channels × (height \ size) × (width \ size).
//
// The sum of a window is decomposed, and the mean is its upper bits; range.circom argues that there is one decomposition.
// Enforces 0 <= sum < 2^(bits + 2·log2(size)), which inputs in [0, 2^bits) meet: whoever uses the layer sees to it that they
// are. 0 <= out < 2^bits.
//
// Bounds: size a power of two; bits + 2·log2(size) <= 252.
// Constraints: windows · (bits + 2·log2(size)), and one more for each window where circom cannot express an input by the bits.
template AveragePool2d(channels, height, width, size, bits) {
    var SHIFT = 0;
    while ((1 << SHIFT) < size * size) {
        SHIFT++;
    }
    assert((1 << SHIFT) == size * size);
    var ROWS = windows(height, size, size);
    var COLUMNS = windows(width, size, size);
    var SUM_BITS = bits + SHIFT;
    signal input in[channels * height * width];
    signal output out[channels * ROWS * COLUMNS];

    component sum[channels * ROWS * COLUMNS];
    for (var c = 0; c < channels; c++) {
        for (var y = 0; y < ROWS; y++) {
            for (var x = 0; x < COLUMNS; x++) {
                var at = (c * ROWS + y) * COLUMNS + x;
                var total = 0;
                for (var v = 0; v < size; v++) {
                    for (var u = 0; u < size; u++) {
                        total += in[(c * height + size * y + v) * width + size * x + u];
                    }
                }
                sum[at] = UnsignedBits(1, SUM_BITS);
                sum[at].in[0] <== total;
                var mean = 0;
                for (var b = SHIFT; b < SUM_BITS; b++) {
                    mean += sum[at].out[b] * (1 << (b - SHIFT));
                }
                out[at] <== mean;
            }
        }
    }
}
