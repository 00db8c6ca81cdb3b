pragma circom 2.1.6;

include "lib/argmax.circom";
include "lib/commitment.circom";
include "lib/dense.circom";
include "lib/relu.circom";
include "lib/slice.circom";

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
    var PIXEL_BITS = 4;
    var SUM_BITS = 14;
    var LOGIT_BITS = 21;

    signal input claimHash;
    signal input weightsCommitment;
    signal input inputHash;
    signal input outputHash;
    signal input pixels[PIXELS];
    signal input salt;
    // Hidden weights, output weights, hidden bias, output bias.
    var LENGTHS[4] = [HIDDEN * PIXELS, CLASSES * HIDDEN, HIDDEN, CLASSES];
    var BITS[4] = [4, 4, 10, 14];
    var FROM[5];
    for (var k = 0; k < 4; k++) {
        FROM[k + 1] = FROM[k] + LENGTHS[k];
    }
    signal input parameters[FROM[4]];

    // The proof is of this claim and no other: a public signal in no constraint could be exchanged.
    signal claimSquare <== claimHash * claimHash;

    signal committedInput <== InputCommitment(PIXELS, PIXEL_BITS)(pixels, salt);
    inputHash === committedInput;

    signal committedParameters <== ParametersCommitment(4, LENGTHS, BITS)(parameters);
    weightsCommitment === committedParameters;
    signal hiddenWeights[LENGTHS[0]] <== Slice(FROM[4], FROM[0], LENGTHS[0])(parameters);
    signal outputWeights[LENGTHS[1]] <== Slice(FROM[4], FROM[1], LENGTHS[1])(parameters);
    signal hiddenBias[LENGTHS[2]] <== Slice(FROM[4], FROM[2], LENGTHS[2])(parameters);
    signal outputBias[LENGTHS[3]] <== Slice(FROM[4], FROM[3], LENGTHS[3])(parameters);

    signal sums[HIDDEN] <== Dense(HIDDEN, PIXELS)(pixels, hiddenWeights, hiddenBias);
    signal activations[HIDDEN] <== Relu(HIDDEN, SUM_BITS)(sums);
    signal logits[CLASSES] <== Dense(CLASSES, HIDDEN)(activations, outputWeights, outputBias);
    signal digit <== ArgMax(CLASSES, LOGIT_BITS)(logits);
    outputHash === digit;
}

component main {public [claimHash, weightsCommitment, inputHash, outputHash]} = Digits();
