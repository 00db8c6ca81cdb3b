import { expect } from "chai";
import { network } from "hardhat";
import type { CircuitInput } from "snarkjs";
import { type Classifier, commitOutput } from "../../../circuits/src/Classifier.ts";
import type { ParameterShape, Parameters } from "../../../circuits/src/commitment.ts";
import { CONVNET } from "../../../circuits/src/convnet.ts";
import { digitImages } from "../../../circuits/src/dataset.ts";
import { FIELD, type Hex, randomSalt } from "../../../circuits/src/field.ts";
import { DIGITS } from "../../../circuits/src/model.ts";
import { circuitInput, filesOf, loadModel, loadProvable, proveClaim } from "../../../circuits/src/provable.ts";
import { type CompiledCircuit, compileCircuit } from "../../../circuits/src/setup.ts";
import { Constraints, witnessOf } from "../../support/witness.ts";

const CLAIM_HASH: Hex = `0x${"c1".repeat(32)}`;
const RUNS = process.env.OPG_DEEP ? 100 : 4;

type Shape = readonly ParameterShape[];
type Weights = Parameters<Shape>;

const integer = (lowest: number, highest: number) => lowest + Math.floor(Math.random() * (highest - lowest + 1));

/** What a classifier is expected to find, and how large its circuit is expected to be. */
const CLASSIFIERS: readonly { classifier: Classifier<Shape>; accuracy: number; constraints: number }[] = [
  { classifier: DIGITS, accuracy: 0.94, constraints: 8_123 },
  { classifier: CONVNET, accuracy: 0.96, constraints: 25_724 },
];

for (const { classifier, accuracy, constraints } of CLASSIFIERS) {
  const { name, shape } = classifier;

  /** Parameters, each chosen by its bounds. */
  function weightsOf(choose: (lowest: number, highest: number, kind: string, index: number) => number): Weights {
    return Object.fromEntries(
      shape.map(({ name: kind, length, bits }) => {
        const bound = 2 ** (bits - 1);
        return [kind, Array.from({ length }, (_, i) => choose(-bound, bound - 1, kind, i))];
      }),
    );
  }
  const kind = (weights: Weights, index: number) => weights[shape.at(index)?.name ?? ""] ?? [];
  const pixelsOf = (value: (index: number) => number) => Array.from({ length: classifier.pixels }, (_, i) => value(i));
  const randomPixels = () => pixelsOf(() => integer(0, 15));
  const blank = pixelsOf(() => 0);
  const full = pixelsOf(() => 15);

  describe(`The classifier ${name}`, function () {
    this.timeout(600_000);

    let weights: Weights;
    let claimed: number;
    before(async () => {
      ({ weights, accuracy: claimed } = await loadModel(classifier));
    });

    it(`finds as many of the held-out digits as its file says, at least ${100 * accuracy} %`, () => {
      expect(classifier.accuracy(weights, digitImages(classifier.side).heldOut)).to.equal(claimed);
      expect(claimed).to.be.at.least(accuracy);
    });

    it("gives the lowest of the digits with equal logits", () => {
      const zero = weightsOf(() => 0);
      expect(classifier.infer(zero, randomPixels())).to.deep.equal({ digit: 0, logits: new Array(10).fill(0) });
      const tied = { ...zero, outputBias: kind(zero, -1).with(4, 7).with(8, 7) };
      expect(classifier.infer(tied, randomPixels()).digit).to.equal(4);
    });

    it("refuses parameters, pixels and salts that the circuit would refuse, naming them", () => {
      const { name: first = "", length = 0 } = shape[0] ?? {};
      const refused: [() => unknown, string][] = [
        [() => classifier.infer({ ...weights, [first]: [] }, blank), `${first}: ${length} numbers are needed, not 0`],
        [
          () => classifier.weightsCommitment({ ...weights, [first]: kind(weights, 0).with(3, 8) }),
          `${first}[3] is 8: it must be an integer in [-8, 7]`,
        ],
        [
          () => classifier.infer({ ...weights, outputBias: kind(weights, -1).with(0, 0.5) }, blank),
          "outputBias[0] is 0.5: it must be an integer in [-",
        ],
        [() => classifier.infer(weights, [1]), `an image has ${classifier.pixels} pixels, not 1`],
        [() => classifier.commitInput(blank.with(9, 16), 0n), "pixel 9 is 16: it must be an integer from 0 to 15"],
        [() => classifier.commitInput(blank.with(9, -1), 0n), "pixel 9 is -1"],
        [() => classifier.commitInput(blank, FIELD), "is not below the field's order"],
        [() => classifier.commitInput(blank, -1n), "the salt -1 is not below the field's order"],
      ];
      for (const [attempt, message] of refused) expect(attempt).to.throw(RangeError, message);
    });

    it("commits to every parameter, and to every pixel and the salt", () => {
      const commitments = [classifier.weightsCommitment(weights)];
      for (const { name: changed, length } of shape) {
        const values = weights[changed] ?? [];
        for (const i of [0, length >> 1, length - 1]) {
          commitments.push(
            classifier.weightsCommitment({ ...weights, [changed]: values.with(i, (values[i] ?? 0) ^ 1) }),
          );
        }
      }
      expect(new Set(commitments).size).to.equal(1 + 3 * shape.length);
      const inputs = blank.map((_, i) => classifier.commitInput(blank.with(i, 1), 1n));
      inputs.push(classifier.commitInput(blank, 1n), classifier.commitInput(blank, 2n));
      expect(new Set(inputs).size).to.equal(classifier.pixels + 2);
    });

    describe("in its circuit", () => {
      let circuit: CompiledCircuit;
      before(async () => {
        circuit = await compileCircuit(filesOf(classifier).source, console.error);
      });

      const input = (model: Weights, pixels: readonly number[]) =>
        circuitInput(classifier, model, { claimHash: CLAIM_HASH, pixels, salt: randomSalt() });

      /** The circuit takes the plain model's commitments and digit, and none of the other digits. */
      async function expectAgreement(
        model: Weights,
        pixels: readonly number[],
        others: readonly number[],
      ): Promise<void> {
        const correct = input(model, pixels);
        await witnessOf(circuit, correct);
        const { digit } = classifier.infer(model, pixels);
        for (const other of others.filter((candidate) => candidate !== digit)) {
          await expectRefusal({ ...correct, outputHash: BigInt(commitOutput(other)) });
        }
      }

      async function expectRefusal(wrong: CircuitInput, what?: string): Promise<void> {
        const error = await witnessOf(circuit, wrong).catch((reason: unknown) => reason);
        expect(String(error), what).to.contain("Assert Failed");
      }

      it("agrees with the plain model on digits, and on random parameters and images", async () => {
        await expectAgreement(weights, digitImages(classifier.side).heldOut[5]?.pixels ?? [], [0, 9]);
        for (let run = 0; run < RUNS; run++) {
          await expectAgreement(weightsOf(integer), randomPixels(), [run % 10]);
        }
      });

      it("agrees with the plain model at the ends of every range", async () => {
        const lowest = weightsOf((low) => low);
        const highest = weightsOf((_, high) => high);
        const ofOutput = (low: number, high: number, what: string) => (what.startsWith("output") ? low : high);
        for (const model of [
          lowest,
          highest,
          weightsOf(() => 0),
          // The greatest activations into the least and the greatest logits, and both.
          weightsOf(ofOutput),
          weightsOf((low, high, what, i) => (what.startsWith("output") && i % 2 === 0 ? low : high)),
          // The least sums, into the greatest.
          weightsOf((low, high, what) => ofOutput(high, low, what)),
          weightsOf((low, high, what, i) => (what === "hiddenWeights" && i % 2 === 0 ? low : high)),
        ]) {
          await expectAgreement(model, full, [9]);
          if (process.env.OPG_DEEP) await expectAgreement(model, blank, []);
        }
      });

      it("refuses what is out of range, and a commitment that is another's", async () => {
        const correct = input(weights, randomPixels());
        const parameters = (correct.parameters as readonly number[]).map(BigInt);
        const outOfRange: Record<string, CircuitInput> = {
          "a pixel of 16": { pixels: blank.with(5, 16) },
          "a negative pixel": { pixels: blank.map(BigInt).with(5, -1n) },
          "another salt": { salt: 1n },
          "another input": { inputHash: BigInt(correct.inputHash as bigint) + 1n },
          "other weights": { weightsCommitment: BigInt(classifier.weightsCommitment(weightsOf(() => 0))) },
        };
        let from = 0;
        for (const { name: what, length, bits } of shape) {
          const bound = 1n << BigInt(bits - 1);
          outOfRange[`${what}: ${bound}`] = { parameters: parameters.with(from, bound) };
          outOfRange[`${what}: ${-bound - 1n}`] = { parameters: parameters.with(from + length - 1, -bound - 1n) };
          from += length;
        }
        for (const [what, change] of Object.entries(outOfRange)) await expectRefusal({ ...correct, ...change }, what);
      });

      it("constrains every wire: each one changed alone, in a valid witness, breaks a constraint, but the claim hash negated", async () => {
        const rows = await Constraints.read(circuit);
        expect(rows.count).to.equal(constraints);
        const witness = await witnessOf(circuit, input(weights, digitImages(classifier.side).heldOut[1]?.pixels ?? []));
        expect(witness).to.have.length(rows.wires);
        expect(rows.hold(witness)).to.equal(true);
        // Of the claim hash the circuit knows only the square, which its negative has too. That proves nothing that is not
        // true: whoever has the witness may prove it for any claim, and nobody without it turns one proof into another.
        expect(rows.free(witness)).to.deep.equal(["claimHash"]);
      });

      it("has one witness for each claim, image, salt and model: its constraints determine every wire", async () => {
        const rows = await Constraints.read(circuit);
        const inputs = /^(claimHash|weightsCommitment|inputHash|outputHash|pixels|parameters|salt)\b/;
        // A parameter that circom has expressed by the bits of its range check is given by them.
        const isGiven = (wire: string) => {
          const [, parameter] = /\.checked\[(\d+)\]/.exec(wire) ?? [];
          return inputs.test(wire) || (parameter !== undefined && !rows.hasWire(`parameters[${parameter}]`));
        };
        expect(rows.open(isGiven)).to.deep.equal([]);
      });

      // Building the larger proving key takes a minute; `npm run circuits -- --check` and the benchmark do so, too.
      (process.env.OPG_DEEP ? it : it.skip)(
        "has the committed key, under which the contract takes its proofs",
        async () => {
          const model = await loadProvable(classifier, console.error);
          const pixels = digitImages(classifier.side).heldOut[7]?.pixels ?? [];
          const { proof, publicSignals } = await proveClaim(classifier, model, {
            claimHash: CLAIM_HASH,
            pixels,
            salt: 9n,
          });
          const { ethers } = await network.create();
          const verifier = await ethers.deployContract("Groth16Verifier");
          await verifier.registerKey(model.keyBytes);
          expect(await verifier.verifyProof(model.keyId, [...publicSignals], proof)).to.equal(true);
          const { digit } = classifier.infer(weights, pixels);
          const other = [...publicSignals].with(3, BigInt(commitOutput((digit + 1) % 10)));
          expect(await verifier.verifyProof(model.keyId, other, proof)).to.equal(false);
        },
      );
    });
  });
}
