import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import { loadDigitsModel } from "../../circuits/src/digits.ts";
import { FIELD } from "../../circuits/src/model.ts";
import { forgeProofs } from "../support/forge.ts";
import { OUTSIDE_SUBGROUP, patched, withWord, wordAt } from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * A precompile that is given an invalid point consumes all the gas that the call forwards. In a batch that forwarded what
 * it has, one such point would take every other row down with it.
 */
describe("Attack: a point in a batch that burns all the gas of a precompile", () => {
  it("costs about what any bad proof costs, and the rest of the batch is verified", async () => {
    const model = await loadDigitsModel();
    const verifier = await ethers.deployContract("Groth16Verifier");
    await verifier.registerKey(model.keyBytes);
    const signals = Array.from({ length: 16 }, (_, i) => [
      BigInt(id(`claim ${i}`)) % FIELD,
      BigInt(model.weightsCommitment),
      5n,
      7n,
    ]);
    const proofs = await forgeProofs(model, signals);
    const [proof = "0x", another = "0x"] = proofs;
    const gasOf = async (spoiled: string) => {
      const batch = [spoiled, ...proofs.slice(1)];
      expect(await verifier.verifyBatch.staticCall(model.keyId, signals, batch)).to.deep.equal([0n]);
      const receipt = await (await verifier.verifyBatch(model.keyId, signals, batch, { gasLimit: 16_000_000 })).wait();
      return Number(receipt?.gasUsed);
    };

    const usual = await gasOf(another);
    for (const [offset, what] of [
      [0, "A"],
      [32, "A"],
      [64, "B"],
      [96, "B"],
      [192, "C"],
      [224, "C"],
    ] as const) {
      const word = wordAt(proof, offset);
      for (const other of [word ^ 1n, 2n ** 256n - 1n]) {
        expect(await gasOf(withWord(proof, offset, other)), `${what} at ${offset}`).to.be.lessThan(1.2 * usual);
      }
    }
    expect(await gasOf(patched(proof, 64, OUTSIDE_SUBGROUP)), "B outside the subgroup").to.be.lessThan(1.2 * usual);
  });
});
