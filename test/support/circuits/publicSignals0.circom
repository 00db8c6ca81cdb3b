pragma circom 2.1.6;

// A square root of 49: a statement without public signals.
template Root() {
    signal input root;

    signal square <== root * root;
    square === 49;
}

component main = Root();
