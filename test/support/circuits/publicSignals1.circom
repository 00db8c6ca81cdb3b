pragma circom 2.1.6;

// The public signal is the product of two private numbers.
template Product() {
    signal input factors[2];
    signal output product;

    product <== factors[0] * factors[1];
}

component main = Product();
