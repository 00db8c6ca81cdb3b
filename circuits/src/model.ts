import { Classifier } from "./Classifier.ts";
import type { Parameters } from "./commitment.ts";
import { dense, relu } from "./layers.ts";

export { commitOutput } from "./Classifier.ts";
export { FIELD, type Hex, randomSalt, toBytes32 } from "./field.ts";

/** The plain arithmetic of `digits.circom`: what the circuit proves, computed without it. */

export const PIXELS = 64;
export const HIDDEN = 16;
const CLASSES = 10;

/** The parameters, the matrices row by row, one row a neuron. */
export const SHAPE = [
  { name: "hiddenWeights", length: HIDDEN * PIXELS, bits: 4 },
  { name: "outputWeights", length: CLASSES * HIDDEN, bits: 4 },
  { name: "hiddenBias", length: HIDDEN, bits: 10 },
  { name: "outputBias", length: CLASSES, bits: 14 },
] as const;

export type Weights = Parameters<typeof SHAPE>;

export const DIGITS = new Classifier({
  name: "digits",
  side: 8,
  shape: SHAPE,
  logits: ({ hiddenWeights, outputWeights, hiddenBias, outputBias }, pixels) =>
    dense(outputWeights, outputBias, relu(dense(hiddenWeights, hiddenBias, pixels))),
});

export const infer = (weights: Weights, pixels: readonly number[]) => DIGITS.infer(weights, pixels);
export const checkPixels = (pixels: readonly number[]) => DIGITS.checkPixels(pixels);
export const weightsCommitment = (weights: Weights) => DIGITS.weightsCommitment(weights);
export const commitInput = (pixels: readonly number[], salt: bigint) => DIGITS.commitInput(pixels, salt);
