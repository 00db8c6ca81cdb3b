import { expect } from "chai";
import { concat, dataSlice, id, toBeHex } from "ethers";
import { network } from "hardhat";
import { withCurve } from "../../circuits/src/curve.ts";
import { loadDigitsModel } from "../../circuits/src/digits.ts";
import { FIELD, type Hex } from "../../circuits/src/model.ts";
import { forgeProofs } from "../support/forge.ts";
import { wordAt } from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * A batch is checked by one product. Without coefficients, or with ones that are known before the proofs, two false
 * proofs can be made whose errors cancel in it: one's C is a point too great, the other's as much too small.
 */
describe("Attack: false proofs whose errors cancel in a batch", () => {
  it("finds each of them, with errors that cancel for equal and for guessed coefficients", () =>
    withCurve(async ({ Fr, G1 }) => {
      const model = await loadDigitsModel();
      const verifier = await ethers.deployContract("Groth16Verifier");
      await verifier.registerKey(model.keyBytes);
      const signals = [0, 1, 2].map((i) => [BigInt(id(`claim ${i}`)) % FIELD, BigInt(model.weightsCommitment), 5n, 7n]);
      const proofs = await forgeProofs(model, signals);

      /** A proof with `factor` times the generator added to its C. */
      const shifted = (proof: Hex, factor: bigint) => {
        const c = G1.fromObject([wordAt(proof, 192), wordAt(proof, 224)]);
        const [x = 0n, y = 0n] = G1.toObject(G1.toAffine(G1.add(c, G1.timesFr(G1.g, Fr.e(factor)))));
        return concat([dataSlice(proof, 0, 192), toBeHex(x, 32), toBeHex(y, 32)]) as Hex;
      };

      const [first = "0x", second = "0x", third = "0x"] = proofs;
      // (δ, −δ) for equal coefficients; (2δ, −δ) for coefficients 1, 2; (δ, −2δ, δ) for every arithmetic progression.
      for (const [one, two, three] of [
        [1n, -1n, 0n],
        [2n, -1n, 0n],
        [1n, -2n, 1n],
      ] as const) {
        const spoiled = [shifted(first, one), shifted(second, two), shifted(third, three)];
        const bad = three === 0n ? [0n, 1n] : [0n, 1n, 2n];
        expect(await verifier.badProofs(model.keyId, signals, spoiled)).to.deep.equal(bad);
      }
      expect(await verifier.badProofs(model.keyId, signals, [second, first, third])).to.deep.equal([0n, 1n]);
    }));
});
