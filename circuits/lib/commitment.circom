pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "range.circom";

// Commitments by Poseidon (eprint 2019/458, with circomlib's parameters for BN254). What is packed into a word has at most
// 252 bits, below the field's order: no two lists of words stand for the same bits.

// Poseidon of a list of words that may be longer than its 16 inputs: the first 16 words, then again and again the hash so
// far with the next 15. The number of words is a constant of the circuit, so no two lists of different lengths meet.
template PoseidonChain(words) {
    signal input in[words];
    signal output out;

    var BLOCKS = words <= 16 ? 1 : 1 + (words - 2) \ 15;
    component hash[BLOCKS];
    var at = 0;
    for (var i = 0; i < BLOCKS; i++) {
        var CHAINED = i == 0 ? 0 : 1;
        var TAKEN = words - at < 16 - CHAINED ? words - at : 16 - CHAINED;
        hash[i] = Poseidon(CHAINED + TAKEN);
        if (CHAINED) {
            hash[i].inputs[0] <== hash[i - 1].out;
        }
        for (var j = 0; j < TAKEN; j++) {
            hash[i].inputs[CHAINED + j] <== in[at + j];
        }
        at += TAKEN;
    }
    out <== hash[BLOCKS - 1].out;
}

// The commitment to bits in an order that the circuit fixes: cut into words of 252 bits with the lowest bit first, through
// PoseidonChain.
//
// Bounds: each input has to be 0 or 1, which UnsignedBits and SignedBits enforce; then the packing is injective.
// Constraints: those of Poseidon only, about 610 for 16 words.
template BitsCommitment(bits) {
    signal input in[bits];
    signal output out;

    var WORD = 252;
    var WORDS = (bits + WORD - 1) \ WORD;
    var words[WORDS];
    for (var i = 0; i < bits; i++) {
        words[i \ WORD] += in[i] * (1 << (i % WORD));
    }
    component chain = PoseidonChain(WORDS);
    for (var i = 0; i < WORDS; i++) {
        chain.in[i] <== words[i];
    }
    out <== chain.out;
}

// The sum of the first n of some numbers, each as often as its factor says.
function weightedSum(n, values, factors) {
    var sum = 0;
    for (var i = 0; i < n; i++) {
        sum += values[i] * factors[i];
    }
    return sum;
}

// The commitment to a model's parameters: `kinds` kinds one after the other, lengths[k] numbers of bits[k] bits each, packed
// in offset binary. Enforces -2^(bits[k]-1) <= in < 2^(bits[k]-1) for all of them, so that no two models share a commitment
// unless Poseidon collides. It has no salt: whoever has a candidate for all parameters can check it.
//
// Bounds: bits[k] <= 252. Constraints: one for each bit, and those of Poseidon.
template ParametersCommitment(kinds, lengths, bits) {
    var ONES[kinds];
    for (var k = 0; k < kinds; k++) {
        ONES[k] = 1;
    }
    var COUNT = weightedSum(kinds, lengths, ONES);
    signal input in[COUNT];
    signal output out;

    component commitment = BitsCommitment(weightedSum(kinds, lengths, bits));
    component checked[COUNT];
    var number = 0;
    var bit = 0;
    for (var k = 0; k < kinds; k++) {
        for (var i = 0; i < lengths[k]; i++) {
            checked[number] = SignedBits(1, bits[k]);
            checked[number].in[0] <== in[number];
            for (var b = 0; b < bits[k]; b++) {
                commitment.in[bit] <== checked[number].out[b];
                bit++;
            }
            number++;
        }
    }
    out <== commitment.out;
}

// The salted commitment to an input of n numbers: Poseidon of its words and the salt. The numbers are spread evenly over as
// few words of at most 252 bits as hold them whole, the first number lowest. Enforces 0 <= in < 2^bits.
//
// Bounds: bits <= 252; at most 15 words. The salt is any field element.
// Constraints: n · bits, and those of Poseidon.
template InputCommitment(n, bits) {
    signal input in[n];
    signal input salt;
    signal output out;

    var MOST = 252 \ bits;
    var WORDS = (n + MOST - 1) \ MOST;
    var EACH = (n + WORDS - 1) \ WORDS;
    assert(WORDS <= 15);
    var words[WORDS];
    signal inBits[n * bits] <== UnsignedBits(n, bits)(in);
    for (var i = 0; i < n; i++) {
        words[i \ EACH] += in[i] * (1 << (bits * (i % EACH)));
    }
    component hash = Poseidon(WORDS + 1);
    for (var i = 0; i < WORDS; i++) {
        hash.inputs[i] <== words[i];
    }
    hash.inputs[WORDS] <== salt;
    out <== hash.out;
}
