import { expect } from "chai";
import type { CircuitInput } from "snarkjs";
import { digitImages, downsample, rawDigits, renderDigit } from "../../../circuits/src/dataset.ts";
import { type Digits, digitInput, loadDigits, loadDigitsModel, proveDigit } from "../../../circuits/src/digits.ts";
import {
  commitInput,
  commitOutput,
  DIGITS,
  FIELD,
  type Hex,
  infer,
  randomSalt,
  SHAPE,
  type Weights,
  weightsCommitment,
} from "../../../circuits/src/model.ts";
import { Constraints, witnessOf } from "../../support/witness.ts";

const CLAIM_HASH: Hex = `0x${"c1".repeat(32)}`;
const RUNS = process.env.OPG_DEEP ? 100 : 12;

/** Parameters, each chosen by its bounds. */
function weightsOf(choose: (lowest: number, highest: number, name: keyof Weights, index: number) => number): Weights {
  const values = SHAPE.map(({ name, length, bits }) => {
    const bound = 2 ** (bits - 1);
    return [name, Array.from({ length }, (_, i) => choose(-bound, bound - 1, name, i))];
  });
  return Object.fromEntries(values);
}

const randomInteger = (lowest: number, highest: number) => lowest + Math.floor(Math.random() * (highest - lowest + 1));
const randomPixels = () => Array.from({ length: 64 }, () => randomInteger(0, 15));
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

    it("is downsampled to 64 pixels of four bits", () => {
      expect(downsample(new Array<number>(784).fill(1))).to.deep.equal(constantPixels(15));
      expect(downsample(new Array<number>(784).fill(0))).to.deep.equal(constantPixels(0));
      // One inked pixel, the first of the inner 20×20: it is 4 of the 25 quarters of the first cell.
      expect(downsample(new Array<number>(784).fill(0).with(4 * 28 + 4, 1))).to.deep.equal(
        constantPixels(0).with(0, Math.round((15 * 4) / 25)),
      );
      expect(() => downsample([1])).to.throw(RangeError, "a digit has 784 pixels, not 1");
    });

    it("is shown as eight lines of text", () => {
      const lines = renderDigit(constantPixels(0).with(0, 15).with(9, 1)).split("\n");
      expect(lines.slice(0, 2)).to.deep.equal([`██${" ".repeat(14)}`, `  ░░${" ".repeat(12)}`]);
      expect(lines).to.have.length(8);
    });
  });

  describe("the model", () => {
    it("finds as many of the held-out digits as its file says, at least 94 %", () => {
      expect(DIGITS.accuracy(digits.weights, digitImages().heldOut)).to.equal(digits.accuracy);
      expect(digits.accuracy).to.be.at.least(0.94);
    });

    it("gives the lowest of the digits with equal logits", () => {
      const zero = weightsOf(() => 0);
      expect(infer(zero, randomPixels())).to.deep.equal({ digit: 0, logits: new Array(10).fill(0) });
      const tied = { ...zero, outputBias: zero.outputBias.with(4, 7).with(8, 7) };
      expect(infer(tied, randomPixels()).digit).to.equal(4);
    });

    it("refuses parameters, pixels and salts that the circuit would refuse, naming them", () => {
      const { weights } = digits;
      const refused: [() => unknown, string][] = [
        [() => infer({ ...weights, hiddenBias: [] }, constantPixels(0)), "hiddenBias: 16 numbers are needed, not 0"],
        [
          () => weightsCommitment({ ...weights, outputWeights: weights.outputWeights.with(3, 8) }),
          "outputWeights[3] is 8: it must be an integer in [-8, 7]",
        ],
        [
          () => infer({ ...weights, outputBias: weights.outputBias.with(0, 0.5) }, constantPixels(0)),
          "outputBias[0] is 0.5: it must be an integer in [-8192, 8191]",
        ],
        [() => infer(weights, [1]), "an image has 64 pixels, not 1"],
        [() => commitInput(constantPixels(0).with(9, 16), 0n), "pixel 9 is 16: it must be an integer from 0 to 15"],
        [() => commitInput(constantPixels(0).with(9, -1), 0n), "pixel 9 is -1"],
        [() => commitInput(constantPixels(0), FIELD), "is not below the field's order"],
        [() => commitInput(constantPixels(0), -1n), "the salt -1 is not below the field's order"],
      ];
      for (const [attempt, message] of refused) expect(attempt).to.throw(RangeError, message);
    });

    it("commits to every parameter, and to every pixel and the salt", () => {
      const { weights } = digits;
      const commitments = new Set<string>([digits.weightsCommitment]);
      for (const { name, length } of SHAPE) {
        for (const i of [0, length >> 1, length - 1]) {
          commitments.add(
            weightsCommitment({ ...weights, [name]: weights[name].with(i, (weights[name][i] ?? 0) ^ 1) }),
          );
        }
      }
      expect(commitments.size).to.equal(1 + 3 * SHAPE.length);
      const inputs = Array.from({ length: 64 }, (_, i) => commitInput(constantPixels(0).with(i, 1), 1n));
      expect(
        new Set([...inputs, commitInput(constantPixels(0), 1n), commitInput(constantPixels(0), 2n)]).size,
      ).to.equal(66);
    });
  });

  describe("the circuit", () => {
    const input = (weights: Weights, pixels: readonly number[]) =>
      digitInput(weights, { claimHash: CLAIM_HASH, pixels, salt: randomSalt() });

    /** The circuit takes the reference's commitments and digit, and no other digit. */
    async function expectAgreement(
      weights: Weights,
      pixels: readonly number[],
      others: readonly number[],
    ): Promise<void> {
      const correct = input(weights, pixels);
      const { digit } = infer(weights, pixels);
      await witnessOf(digits.circuit, correct);
      for (const other of others.filter((candidate) => candidate !== digit)) {
        await expectRefusal({ ...correct, outputHash: BigInt(other) });
      }
    }

    async function expectRefusal(wrong: CircuitInput, what?: string): Promise<void> {
      const error = await witnessOf(digits.circuit, wrong).catch((reason: unknown) => reason);
      expect(String(error), what).to.contain("Assert Failed");
    }

    it("agrees with the reference on random parameters and images", async () => {
      for (let run = 0; run < RUNS; run++) {
        await expectAgreement(weightsOf(randomInteger), randomPixels(), [run % 10, (run + 1) % 10]);
      }
    });

    it("agrees with the reference at the ends of every range", async () => {
      const lowest = weightsOf((low) => low);
      const highest = weightsOf((_, high) => high);
      const allDigits = Array.from({ length: 10 }, (_, digit) => digit);
      for (const weights of [
        lowest,
        highest,
        weightsOf(() => 0),
        // The greatest activations, into the least and the greatest logits.
        { ...highest, outputWeights: lowest.outputWeights, outputBias: lowest.outputBias },
        { ...highest, outputWeights: highest.outputWeights.map((w, i) => (i < 80 ? -8 : w)) },
        { ...highest, outputWeights: highest.outputWeights.map((w, i) => (i < 80 ? w : -8)) },
        // The least sums, exactly at their bound.
        { ...highest, hiddenWeights: lowest.hiddenWeights, hiddenBias: lowest.hiddenBias },
        weightsOf((low, high, _, i) => (i % 2 === 0 ? low : high)),
      ]) {
        await expectAgreement(weights, constantPixels(0), [0, 9]);
        await expectAgreement(weights, constantPixels(15), process.env.OPG_DEEP ? allDigits : [0, 9]);
      }
    });

    it("refuses what is out of range, and a commitment that is another's", async () => {
      const correct = input(digits.weights, randomPixels());
      const { weights } = digits;
      const outOfRange = {
        "a pixel of 16": { pixels: constantPixels(0).with(5, 16) },
        "a negative pixel": {
          pixels: constantPixels(0)
            .map(BigInt)
            .with(5, FIELD - 1n),
        },
        "a weight of 8": { hiddenWeights: weights.hiddenWeights.with(100, 8) },
        "a weight of -9": { outputWeights: weights.outputWeights.map(BigInt).with(7, FIELD - 9n) },
        "a hidden bias of 512": { hiddenBias: weights.hiddenBias.with(0, 512) },
        "an output bias of -8193": { outputBias: weights.outputBias.map(BigInt).with(0, FIELD - 8193n) },
        "another salt": { salt: 1n },
        "another input": { inputHash: BigInt(correct.inputHash as bigint) + 1n },
        "other weights": { weightsCommitment: BigInt(weightsCommitment(weightsOf(() => 0))) },
      };
      for (const [what, change] of Object.entries(outOfRange)) await expectRefusal({ ...correct, ...change }, what);
    });

    it("constrains every wire: each one changed alone, in a valid witness, breaks a constraint, but the claim hash negated", async () => {
      const constraints = await Constraints.read(digits.circuit);
      const image = digitImages().heldOut[1]?.pixels ?? [];
      const witness = await witnessOf(digits.circuit, input(digits.weights, image));
      expect(witness).to.have.length(constraints.wires);
      expect(constraints.hold(witness)).to.equal(true);
      // Of the claim hash the circuit knows only the square, which its negative has too. That proves nothing that is not
      // true: whoever has the witness may prove it for any claim, and nobody without it turns one proof into another.
      expect(constraints.free(witness)).to.deep.equal(["claimHash"]);
    });

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
