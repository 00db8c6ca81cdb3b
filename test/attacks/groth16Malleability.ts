import { expect } from "chai";
import { network } from "hardhat";
import { FIELD, toBytes32 } from "../../circuits/src/field.ts";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import type { Groth16Verifier } from "../../types/ethers-contracts/index.ts";
import { BASE_FIELD, CLAIM_HASH, provenDigit, withWord, wordAt } from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * One proof in many spellings. A public signal s and s + r are one field element: where both are accepted, one input or
 * output has several commitments, and whatever is counted by them is counted twice. The same for a point's coordinates and
 * p. And (A, B, C) can be turned into another valid proof of the same statement by anyone, so that a proof must never serve
 * as an identifier: the settlement identifies a claim by its `requestId`.
 */
describe("Attack: malleable Groth16 signals and proofs", function () {
  this.timeout(600_000);

  let verifier: Groth16Verifier;
  let made: Awaited<ReturnType<typeof provenDigit>>;
  const accepts = (proof: string, publicSignals: readonly bigint[] = made.publicSignals) =>
    verifier.verifyProof(made.keyId, [...publicSignals], proof);

  before(async () => {
    verifier = await ethers.deployContract("Groth16Verifier");
    made = await provenDigit(verifier);
    expect(await accepts(made.proof)).to.equal(true);
  });

  it("refuses a signal plus every multiple of r that fits 256 bits", async () => {
    for (const [i, signal] of made.publicSignals.entries()) {
      for (let alias = signal + FIELD; alias < 2n ** 256n; alias += FIELD) {
        expect(await accepts(made.proof, made.publicSignals.with(i, alias)), `signal ${i}`).to.equal(false);
      }
    }
  });

  it("refuses a coordinate plus every multiple of p that fits 256 bits", async () => {
    for (let offset = 0; offset < 256; offset += 32) {
      for (let alias = wordAt(made.proof, offset) + BASE_FIELD; alias < 2n ** 256n; alias += BASE_FIELD) {
        expect(await accepts(withWord(made.proof, offset, alias)), `word at ${offset}`).to.equal(false);
      }
    }
  });

  it("refuses claims whose commitments, or whose model's, are not canonical", async () => {
    const [, weights = 0n, input = 0n, output = 0n] = made.publicSignals;
    const { keyId } = made;
    const verify = (commitments: { weights: bigint; input: bigint; output: bigint }) => {
      const ids = { requestId: toBytes32(1n), modelId: toBytes32(2n), nodeId: toBytes32(3n), units: 1n };
      const claim = { ...ids, inputHash: toBytes32(commitments.input), outputHash: toBytes32(commitments.output) };
      const canonical = encodeZkParameters({ keyId, weightsCommitment: toBytes32(weights), units: 1n });
      return verifier.verify(claim, CLAIM_HASH, 0, withWord(canonical, 32, commitments.weights), made.proof);
    };
    expect(await verify({ weights, input, output })).to.equal(true);
    expect(await verify({ weights: weights + FIELD, input, output })).to.equal(false);
    expect(await verify({ weights, input: input + FIELD, output })).to.equal(false);
    expect(await verify({ weights, input, output: output + FIELD })).to.equal(false);
  });

  it("refuses a proof with one point negated", async () => {
    for (const words of [[32], [128, 160], [224], [32, 224], [128, 160, 224]]) {
      expect(await accepts(negated(made.proof, words)), `words at ${words}`).to.equal(false);
    }
  });

  it("accepts another proof of the same statement, and of no other", async () => {
    const twin = negated(made.proof, [32, 128, 160]); // e(-A, -B) = e(A, B)
    expect(twin).not.to.equal(made.proof);
    expect(await accepts(twin)).to.equal(true);
    for (const i of made.publicSignals.keys()) {
      const changed = made.publicSignals.with(i, (made.publicSignals[i] ?? 0n) + 1n);
      expect(await accepts(twin, changed)).to.equal(false);
    }
  });

  /** The proof with these y coordinates, or halves of them, negated. */
  function negated(proof: string, offsets: number[]): string {
    return offsets.reduce((bytes, offset) => withWord(bytes, offset, BASE_FIELD - wordAt(bytes, offset)), proof);
  }
});
