pragma circom 2.1.6;

// The side of what a window of `size` leaves of `side` when it moves by `stride`, without padding.
function windows(side, size, stride) {
    return (side - size) \ stride + 1;
}

// A two-dimensional convolution (as in machine learning: the filters are not mirrored), without padding:
//
//   out[f][y][x] = bias[f] + sum over c, v, u of weights[f][c][v][u] · in[c][stride·y + v][stride·x + u]
//
// Every array is flat, the last index running fastest; `out` is filters × windows(height) × windows(width).
//
// Bounds: none are checked here. With |in| <= X, |weights| <= W and |bias| <= B, |out| <= channels · kernel² · W · X + B;
// whoever uses the layer sees to it that this is below 2^251, and range-checks `in` and `weights` where they come from.
// Constraints: filters · channels · kernel² · windows(height) · windows(width).
template Conv2d(channels, height, width, filters, kernel, stride) {
    assert(stride >= 1 && kernel >= 1 && kernel <= height && kernel <= width);
    var ROWS = windows(height, kernel, stride);
    var COLUMNS = windows(width, kernel, stride);
    var TAPS = channels * kernel * kernel;
    signal input in[channels * height * width];
    signal input weights[filters * TAPS];
    signal input bias[filters];
    signal output out[filters * ROWS * COLUMNS];

    signal products[filters * ROWS * COLUMNS * TAPS];
    for (var f = 0; f < filters; f++) {
        for (var y = 0; y < ROWS; y++) {
            for (var x = 0; x < COLUMNS; x++) {
                var at = (f * ROWS + y) * COLUMNS + x;
                var sum = bias[f];
                for (var tap = 0; tap < TAPS; tap++) {
                    var c = tap \ (kernel * kernel);
                    var v = (tap \ kernel) % kernel;
                    var u = tap % kernel;
                    products[at * TAPS + tap] <== weights[f * TAPS + tap] *
                        in[(c * height + stride * y + v) * width + stride * x + u];
                    sum += products[at * TAPS + tap];
                }
                out[at] <== sum;
            }
        }
    }
}
