pragma circom 2.1.6;

// A fully connected layer: weights · in + bias, the weights row by row.
//
// Bounds: none are checked here. With |in| <= X, |weights| <= W and |bias| <= B, |out| <= columns · W · X + B; whoever uses
// the layer sees to it that this is below 2^251, and range-checks `in` and `weights` where they come from.
// Constraints: rows · columns.
template Dense(rows, columns) {
    signal input in[columns];
    signal input weights[rows * columns];
    signal input bias[rows];
    signal output out[rows];

    signal products[rows * columns];
    for (var r = 0; r < rows; r++) {
        var sum = bias[r];
        for (var c = 0; c < columns; c++) {
            products[r * columns + c] <== weights[r * columns + c] * in[c];
            sum += products[r * columns + c];
        }
        out[r] <== sum;
    }
}
