pragma circom 2.1.6;

// 400 public numbers, the last of them the product of the first two: a key that does not fit one contract's code.
template Many() {
    signal input numbers[400];

    signal squares[400];
    for (var i = 0; i < 400; i++) {
        squares[i] <== numbers[i] * numbers[i];
    }
    numbers[399] === numbers[0] * numbers[1];
}

component main {public [numbers]} = Many();
