pragma circom 2.1.6;

include "lib/argmax.circom";
include "lib/commitment.circom";
include "lib/dense.circom";
include "lib/range.circom";

// A model small enough to be proven by PLONK in seconds, with all that a circuit of the ZK route has: which of two classes
// fits four features of 4 bits better, by signed weights and biases of 4 bits.
//
//   score          4·(-8)·15 - 8 = -488  …  4·7·15 + 7 = 427     a difference of two is within (-2^10, 2^10)
//
// Public signals, in this order: claimHash, weightsCommitment, inputHash, outputHash. outputHash is the class itself.
template PlonkModel() {
    var FEATURES = 4;
    var CLASSES = 2;
    var BITS = 4;
    var WEIGHTS = CLASSES * FEATURES;

    signal input claimHash;
    signal input weightsCommitment;
    signal input inputHash;
    signal input outputHash;
    signal input features[FEATURES];
    signal input salt;
    signal input weights[WEIGHTS];
    signal input bias[CLASSES];

    // The proof is of this claim and no other: a public signal in no constraint could be exchanged.
    signal claimSquare <== claimHash * claimHash;

    component committedInput = InputCommitment(FEATURES, BITS);
    committedInput.in <== features;
    committedInput.salt <== salt;
    inputHash === committedInput.out;

    component committedParameters = BitsCommitment((WEIGHTS + CLASSES) * BITS);
    signal weightBits[WEIGHTS * BITS] <== SignedBits(WEIGHTS, BITS)(weights);
    signal biasBits[CLASSES * BITS] <== SignedBits(CLASSES, BITS)(bias);
    for (var i = 0; i < WEIGHTS * BITS; i++) {
        committedParameters.in[i] <== weightBits[i];
    }
    for (var i = 0; i < CLASSES * BITS; i++) {
        committedParameters.in[WEIGHTS * BITS + i] <== biasBits[i];
    }
    weightsCommitment === committedParameters.out;

    component class = ArgMax(CLASSES, 10);
    class.in <== Dense(CLASSES, FEATURES)(features, weights, bias);
    outputHash === class.out;
}

component main {public [claimHash, weightsCommitment, inputHash, outputHash]} = PlonkModel();
