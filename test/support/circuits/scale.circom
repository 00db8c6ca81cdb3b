pragma circom 2.1.6;

// A model small enough for a ceremony in a test: output = weight · input + bias. Its commitments bind no secrets: they are
// polynomials, where a circuit for production has hashes.
template Scale() {
    signal input claimHash;
    signal input weightsCommitment;
    signal input inputHash;
    signal input outputHash;
    signal input x;
    signal input salt;
    signal input weight;
    signal input bias;

    signal claimSquare <== claimHash * claimHash;
    signal weightSquare <== weight * weight;
    weightsCommitment === weightSquare * weight + bias;
    inputHash === x * salt + x;
    outputHash === weight * x + bias;
}

component main {public [claimHash, weightsCommitment, inputHash, outputHash]} = Scale();
