pragma circom 2.1.6;

include "lib/argmax.circom";
include "lib/commitment.circom";
include "lib/dense.circom";
include "lib/range.circom";
include "lib/relu.circom";

// A digit classifier: 8×8 pixels, one hidden layer of 16 with ReLU, argmax of 10. All arithmetic is on integers; every
// bound below follows from the range checks, so that nothing wraps around the field.
//
//   pixel          4 bits           [0, 15]
//   weight         4 bits           [-8, 7]
//   hiddenBias     10 bits          [-512, 511]
//   outputBias     14 bits          [-8192, 8191]
//   hidden sum     64·(-8)·15 - 512 = -8192  …  64·7·15 + 511 = 7231     within [-2^13, 2^13)
//   activation     ReLU                                                  within [0, 7231]
//   logit          16·(-8)·7231 - 8192 = -933760  …  16·7·7231 + 8191 = 818063    within (-2^20, 2^20)
//   difference of two logits                                             within (-2^21, 2^21)
//
// Public signals, in this order: claimHash, weightsCommitment, inputHash, outputHash. outputHash is the digit itself.

template Digits() {
    var PIXELS = 64;
    var HIDDEN = 16;
    var CLASSES = 10;
    var WEIGHT_BITS = 4;
    var HIDDEN_BIAS_BITS = 10;
    var OUTPUT_BIAS_BITS = 14;
    var SUM_BITS = 14;
    var LOGIT_BITS = 21;

    signal input claimHash;
    signal input weightsCommitment;
    signal input inputHash;
    signal input outputHash;
    signal input pixels[PIXELS];
    signal input salt;
    signal input hiddenWeights[HIDDEN * PIXELS];
    signal input outputWeights[CLASSES * HIDDEN];
    signal input hiddenBias[HIDDEN];
    signal input outputBias[CLASSES];

    // The proof is of this claim and no other: a public signal in no constraint could be exchanged.
    signal claimSquare <== claimHash * claimHash;

    component committedInput = InputCommitment(PIXELS, 4);
    committedInput.in <== pixels;
    committedInput.salt <== salt;
    inputHash === committedInput.out;

    // The range checks and the commitment share the parameters' bits.
    var WEIGHTS = HIDDEN * PIXELS;
    var OUTPUTS = CLASSES * HIDDEN;
    signal bits1[WEIGHTS * WEIGHT_BITS] <== SignedBits(WEIGHTS, WEIGHT_BITS)(hiddenWeights);
    signal bits2[OUTPUTS * WEIGHT_BITS] <== SignedBits(OUTPUTS, WEIGHT_BITS)(outputWeights);
    signal bits3[HIDDEN * HIDDEN_BIAS_BITS] <== SignedBits(HIDDEN, HIDDEN_BIAS_BITS)(hiddenBias);
    signal bits4[CLASSES * OUTPUT_BIAS_BITS] <== SignedBits(CLASSES, OUTPUT_BIAS_BITS)(outputBias);
    component committedParameters = BitsCommitment(
        (WEIGHTS + OUTPUTS) * WEIGHT_BITS + HIDDEN * HIDDEN_BIAS_BITS + CLASSES * OUTPUT_BIAS_BITS
    );
    var at = 0;
    for (var i = 0; i < WEIGHTS * WEIGHT_BITS; i++) {
        committedParameters.in[at] <== bits1[i];
        at++;
    }
    for (var i = 0; i < OUTPUTS * WEIGHT_BITS; i++) {
        committedParameters.in[at] <== bits2[i];
        at++;
    }
    for (var i = 0; i < HIDDEN * HIDDEN_BIAS_BITS; i++) {
        committedParameters.in[at] <== bits3[i];
        at++;
    }
    for (var i = 0; i < CLASSES * OUTPUT_BIAS_BITS; i++) {
        committedParameters.in[at] <== bits4[i];
        at++;
    }
    weightsCommitment === committedParameters.out;

    // The hidden layer: activation = max(0, sum).
    signal sums[HIDDEN] <== Dense(HIDDEN, PIXELS)(pixels, hiddenWeights, hiddenBias);
    signal activations[HIDDEN] <== Relu(HIDDEN, SUM_BITS)(sums);

    signal logits[CLASSES] <== Dense(CLASSES, HIDDEN)(activations, outputWeights, outputBias);
    component digit = ArgMax(CLASSES, LOGIT_BITS);
    digit.in <== logits;
    outputHash === digit.out;
}

component main {public [claimHash, weightsCommitment, inputHash, outputHash]} = Digits();
