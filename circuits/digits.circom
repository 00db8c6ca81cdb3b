pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";

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

// The bits of n signed numbers in offset binary (x + 2^(bits-1)), lowest first: enforces -2^(bits-1) <= x < 2^(bits-1).
// The highest bit of each says whether it is >= 0.
template SignedBits(n, bits) {
    signal input in[n];
    signal output out[n * bits];

    component decomposed[n];
    for (var i = 0; i < n; i++) {
        decomposed[i] = Num2Bits(bits);
        decomposed[i].in <== in[i] + (1 << (bits - 1));
        for (var b = 0; b < bits; b++) {
            out[i * bits + b] <== decomposed[i].out[b];
        }
    }
}

// weights · in + bias, the weights row by row.
template Linear(rows, columns) {
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

// The commitment to the parameters: their offset-binary bits in the order of the inputs below, cut into
// words of 252 bits with the lowest bit first (so that no word wraps around the field and the packing is injective), then
// Poseidon(Poseidon(w[0] … w[15]), w[16] … w[19]).
template ParametersCommitment(bits) {
    signal input in[bits];
    signal output out;

    var WORD = 252;
    var words[20];
    assert(bits <= 20 * WORD);
    for (var i = 0; i < bits; i++) {
        words[i \ WORD] += in[i] * (1 << (i % WORD));
    }

    component head = Poseidon(16);
    component tail = Poseidon(5);
    for (var i = 0; i < 16; i++) {
        head.inputs[i] <== words[i];
    }
    tail.inputs[0] <== head.out;
    for (var i = 0; i < 4; i++) {
        tail.inputs[1 + i] <== words[16 + i];
    }
    out <== tail.out;
}

// The commitment to the input: Poseidon(pixels 0 … 31, pixels 32 … 63, salt), four bits a pixel, the first pixel lowest.
template InputCommitment() {
    signal input pixels[64];
    signal input salt;
    signal output out;

    var words[2];
    signal bits[64][4];
    for (var i = 0; i < 64; i++) {
        bits[i] <== Num2Bits(4)(pixels[i]); // 0 <= pixel <= 15
        words[i \ 32] += pixels[i] * (1 << (4 * (i % 32)));
    }
    out <== Poseidon(3)([words[0], words[1], salt]);
}

// The index of the greatest of n values; of equal ones, the first. Any two values differ by less than 2^bits.
template ArgMax(n, bits) {
    signal input in[n];
    signal output out;

    signal best[n];
    signal index[n];
    component ahead[n];
    best[0] <== in[0];
    index[0] <== 0;
    for (var i = 1; i < n; i++) {
        // in[i] > best[i - 1] if and only if their difference less one is not negative.
        ahead[i] = SignedBits(1, bits + 1);
        ahead[i].in[0] <== in[i] - best[i - 1] - 1;
        best[i] <== best[i - 1] + ahead[i].out[bits] * (in[i] - best[i - 1]);
        index[i] <== index[i - 1] + ahead[i].out[bits] * (i - index[i - 1]);
    }
    out <== index[n - 1];
}

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

    component committedInput = InputCommitment();
    committedInput.pixels <== pixels;
    committedInput.salt <== salt;
    inputHash === committedInput.out;

    // The range checks and the commitment share the parameters' bits.
    var WEIGHTS = HIDDEN * PIXELS;
    var OUTPUTS = CLASSES * HIDDEN;
    signal bits1[WEIGHTS * WEIGHT_BITS] <== SignedBits(WEIGHTS, WEIGHT_BITS)(hiddenWeights);
    signal bits2[OUTPUTS * WEIGHT_BITS] <== SignedBits(OUTPUTS, WEIGHT_BITS)(outputWeights);
    signal bits3[HIDDEN * HIDDEN_BIAS_BITS] <== SignedBits(HIDDEN, HIDDEN_BIAS_BITS)(hiddenBias);
    signal bits4[CLASSES * OUTPUT_BIAS_BITS] <== SignedBits(CLASSES, OUTPUT_BIAS_BITS)(outputBias);
    component committedParameters = ParametersCommitment(
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
    signal sums[HIDDEN] <== Linear(HIDDEN, PIXELS)(pixels, hiddenWeights, hiddenBias);
    signal sumBits[HIDDEN * SUM_BITS] <== SignedBits(HIDDEN, SUM_BITS)(sums);
    signal activations[HIDDEN];
    for (var j = 0; j < HIDDEN; j++) {
        activations[j] <== sumBits[j * SUM_BITS + SUM_BITS - 1] * sums[j];
    }

    signal logits[CLASSES] <== Linear(CLASSES, HIDDEN)(activations, outputWeights, outputBias);
    component digit = ArgMax(CLASSES, LOGIT_BITS);
    digit.in <== logits;
    outputHash === digit.out;
}

component main {public [claimHash, weightsCommitment, inputHash, outputHash]} = Digits();
