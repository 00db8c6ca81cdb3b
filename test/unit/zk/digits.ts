import { expect } from "chai";
import { digitImages, downsample, rawDigits, renderDigit } from "../../../circuits/src/dataset.ts";
import { type Digits, loadDigits, loadDigitsModel, proveDigit } from "../../../circuits/src/digits.ts";
import { commitInput, commitOutput, FIELD, type Hex, infer, randomSalt } from "../../../circuits/src/model.ts";

const CLAIM_HASH: Hex = `0x${"c1".repeat(32)}`;

const constantPixels = (value: number) => new Array<number>(64).fill(value);

describe("Digit classifier", function () {
  this.timeout(600_000);

  let digits: Digits;
  before(async () => {
    digits = await loadDigits(console.error);
  });

  describe("the data", () => {
    it("is MNIST's, and no held-out digit is one that the model learned from", () => {
      const { train, heldOut } = rawDigits();
      expect(train.length + heldOut.length).to.equal(10_000);
      const learned = new Set(train.map(({ image }) => image.join()));
      expect(heldOut.filter(({ image }) => learned.has(image.join()))).to.deep.equal([]);
    });

    it("is downsampled to pixels of four bits", () => {
      expect(downsample(new Array<number>(784).fill(1))).to.deep.equal(constantPixels(15));
      expect(downsample(new Array<number>(784).fill(0))).to.deep.equal(constantPixels(0));
      // One inked pixel, the first of the inner 20×20: it is 4 of the 25 quarters of the first cell.
      expect(downsample(new Array<number>(784).fill(0).with(4 * 28 + 4, 1))).to.deep.equal(
        constantPixels(0).with(0, Math.round((15 * 4) / 25)),
      );
      // Each cell of a 10×10 image is of four pixels.
      expect(downsample(new Array<number>(784).fill(0).with(4 * 28 + 4, 1), 10).slice(0, 2)).to.deep.equal([4, 0]);
      expect(downsample(new Array<number>(784).fill(0).with(5 * 28 + 6, 1), 10, -1, 0).slice(0, 2)).to.deep.equal([
        4, 0,
      ]);
      expect(() => downsample([1])).to.throw(RangeError, "a digit has 784 pixels, not 1");
    });

    it("is shown as eight lines of text", () => {
      const lines = renderDigit(constantPixels(0).with(0, 15).with(9, 1)).split("\n");
      expect(lines.slice(0, 2)).to.deep.equal([`██${" ".repeat(14)}`, `  ░░${" ".repeat(12)}`]);
      expect(lines).to.have.length(8);
    });
  });

  describe("the proofs", () => {
    it("proves digits, with the claim hash, the commitments and the digit as its public signals", async () => {
      const { pixels } = digitImages().heldOut[2] ?? { pixels: [] };
      const salt = randomSalt();
      const { proof, publicSignals } = await proveDigit(digits, { claimHash: CLAIM_HASH, pixels, salt });
      expect(proof).to.match(/^0x[0-9a-f]{512}$/);
      const { digit } = infer(digits.weights, pixels);
      expect(publicSignals).to.deep.equal([
        BigInt(CLAIM_HASH) % FIELD,
        BigInt(digits.weightsCommitment),
        BigInt(commitInput(pixels, salt)),
        BigInt(commitOutput(digit)),
      ]);
    });

    it("has the verifying key that is committed", async () => {
      const { circuit, ...model } = digits;
      expect(await loadDigitsModel()).to.deep.equal(model);
      expect(circuit.vkey).to.deep.equal(model.vkey);
      expect(circuit.ceremony).to.deep.equal(model.ceremony);
    });
  });
});
