pragma circom 2.1.6;

include "lib/argmax.circom";
include "lib/commitment.circom";
include "lib/conv2d.circom";
include "lib/dense.circom";
include "lib/pool.circom";
include "lib/requantise.circom";
include "lib/slice.circom";

// A convolutional classifier of digits: 10×10 pixels, 6 filters of 3×3 with ReLU, average pooling of 2×2, a hidden layer of
// 24 with ReLU, argmax of 10. All arithmetic is on integers; every bound below follows from the range checks, so that nothing
// wraps around the field.
//
//   pixel          4 bits           [0, 15]
//   weight         4 bits           [-8, 7]
//   bias           10 bits          [-512, 511]
//   filtered       9·(-8)·15 - 512 = -1592  …  9·7·15 + 511 = 1456         within [-2^11, 2^11)
//   feature        ReLU of filtered / 2^4                                  within [0, 91], below 2^7
//   pooled         mean of four features                                   within [0, 91]
//   hidden sum     96·(-8)·91 - 512 = -70400  …  96·7·91 + 511 = 61663     within [-2^17, 2^17)
//   activation     ReLU of hidden sum / 2^6                                within [0, 963]
//   logit          24·(-8)·963 - 512 = -185408  …  24·7·963 + 511 = 162295
//   difference of two logits                                               within (-2^19, 2^19)
//
// Public signals, in this order: claimHash, weightsCommitment, inputHash, outputHash. outputHash is the digit itself.
template ConvNet() {
    var SIDE = 10;
    var FILTERS = 6;
    var KERNEL = 3;
    var POOL = 2;
    var HIDDEN = 24;
    var CLASSES = 10;

    var FILTERED = SIDE - KERNEL + 1;
    var POOLED = FILTERED \ POOL;
    var FEATURES = FILTERS * FILTERED * FILTERED;
    var MEANS = FILTERS * POOLED * POOLED;

    var PIXEL_BITS = 4;
    var FILTERED_BITS = 12;
    var FEATURE_SHIFT = 4;
    var FEATURE_BITS = 7;
    var SUM_BITS = 18;
    var ACTIVATION_SHIFT = 6;
    var LOGIT_BITS = 19;

    signal input claimHash;
    signal input weightsCommitment;
    signal input inputHash;
    signal input outputHash;
    signal input pixels[SIDE * SIDE];
    signal input salt;
    // Filters, their bias, hidden weights, their bias, output weights, their bias.
    var LENGTHS[6] = [FILTERS * KERNEL * KERNEL, FILTERS, HIDDEN * MEANS, HIDDEN, CLASSES * HIDDEN, CLASSES];
    var BITS[6] = [4, 10, 4, 10, 4, 10];
    var FROM[7];
    for (var k = 0; k < 6; k++) {
        FROM[k + 1] = FROM[k] + LENGTHS[k];
    }
    signal input parameters[FROM[6]];

    // The proof is of this claim and no other: a public signal in no constraint could be exchanged.
    signal claimSquare <== claimHash * claimHash;

    signal committedInput <== InputCommitment(SIDE * SIDE, PIXEL_BITS)(pixels, salt);
    inputHash === committedInput;

    signal committedParameters <== ParametersCommitment(6, LENGTHS, BITS)(parameters);
    weightsCommitment === committedParameters;
    signal filters[LENGTHS[0]] <== Slice(FROM[6], FROM[0], LENGTHS[0])(parameters);
    signal filterBias[LENGTHS[1]] <== Slice(FROM[6], FROM[1], LENGTHS[1])(parameters);
    signal hiddenWeights[LENGTHS[2]] <== Slice(FROM[6], FROM[2], LENGTHS[2])(parameters);
    signal hiddenBias[LENGTHS[3]] <== Slice(FROM[6], FROM[3], LENGTHS[3])(parameters);
    signal outputWeights[LENGTHS[4]] <== Slice(FROM[6], FROM[4], LENGTHS[4])(parameters);
    signal outputBias[LENGTHS[5]] <== Slice(FROM[6], FROM[5], LENGTHS[5])(parameters);

    signal filtered[FEATURES] <== Conv2d(1, SIDE, SIDE, FILTERS, KERNEL, 1)(pixels, filters, filterBias);
    signal features[FEATURES] <== RequantiseRelu(FEATURES, FILTERED_BITS, FEATURE_SHIFT)(filtered);
    signal means[MEANS] <== AveragePool2d(FILTERS, FILTERED, FILTERED, POOL, FEATURE_BITS)(features);

    signal sums[HIDDEN] <== Dense(HIDDEN, MEANS)(means, hiddenWeights, hiddenBias);
    signal activations[HIDDEN] <== RequantiseRelu(HIDDEN, SUM_BITS, ACTIVATION_SHIFT)(sums);
    signal logits[CLASSES] <== Dense(CLASSES, HIDDEN)(activations, outputWeights, outputBias);
    signal digit <== ArgMax(CLASSES, LOGIT_BITS)(logits);
    outputHash === digit;
}

component main {public [claimHash, weightsCommitment, inputHash, outputHash]} = ConvNet();
