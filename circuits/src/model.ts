import { randomBytes } from "node:crypto";
import { poseidon3, poseidon5, poseidon16 } from "poseidon-lite";

/** The plain arithmetic of `digits.circom`: what the circuit proves, computed without it. */

/** A 0x-prefixed hexadecimal string. */
export type Hex = `0x${string}`;

/** The order of BN254's scalar field: public signals and Poseidon's values are below it. */
export const FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

export const PIXELS = 64;
export const HIDDEN = 16;
export const CLASSES = 10;

/** The model's parameters, as integers; the matrices row by row, one row a neuron. */
export interface Weights {
  /** 16 × 64, each in [-8, 7]. */
  readonly hiddenWeights: readonly number[];
  /** 10 × 16, each in [-8, 7]. */
  readonly outputWeights: readonly number[];
  /** 16, each in [-512, 511]. */
  readonly hiddenBias: readonly number[];
  /** 10, each in [-8192, 8191]. */
  readonly outputBias: readonly number[];
}

/** The parameters' sizes, in the order in which the commitment takes them. */
export const SHAPE = [
  { name: "hiddenWeights", length: HIDDEN * PIXELS, bits: 4 },
  { name: "outputWeights", length: CLASSES * HIDDEN, bits: 4 },
  { name: "hiddenBias", length: HIDDEN, bits: 10 },
  { name: "outputBias", length: CLASSES, bits: 14 },
] as const satisfies readonly { name: keyof Weights; length: number; bits: number }[];

/** @throws RangeError naming the parameter that the circuit would refuse. */
export function checkWeights(weights: Weights): void {
  for (const { name, length, bits } of SHAPE) {
    const bound = 2 ** (bits - 1);
    if (weights[name].length !== length) {
      throw new RangeError(`${name}: ${length} numbers are needed, not ${weights[name].length}`);
    }
    for (const [i, value] of weights[name].entries()) {
      if (!Number.isInteger(value) || value < -bound || value >= bound) {
        throw new RangeError(`${name}[${i}] is ${value}: it must be an integer in [${-bound}, ${bound - 1}]`);
      }
    }
  }
}

/** @throws RangeError unless there are 64 pixels, each an integer from 0 to 15. */
export function checkPixels(pixels: readonly number[]): void {
  if (pixels.length !== PIXELS) throw new RangeError(`an image has ${PIXELS} pixels, not ${pixels.length}`);
  for (const [i, pixel] of pixels.entries()) {
    if (!Number.isInteger(pixel) || pixel < 0 || pixel > 15) {
      throw new RangeError(`pixel ${i} is ${pixel}: it must be an integer from 0 to 15`);
    }
  }
}

export interface Inference {
  /** The class of the greatest logit; of equal ones, the lowest. */
  readonly digit: number;
  readonly logits: readonly number[];
}

/** Runs the model. */
export function infer(weights: Weights, pixels: readonly number[]): Inference {
  checkWeights(weights);
  checkPixels(pixels);
  const activations = linear(weights.hiddenWeights, weights.hiddenBias, pixels).map((sum) => Math.max(0, sum));
  const logits = linear(weights.outputWeights, weights.outputBias, activations);
  return { digit: logits.indexOf(Math.max(...logits)), logits };
}

function linear(weights: readonly number[], bias: readonly number[], input: readonly number[]): number[] {
  return bias.map((start, row) =>
    input.reduce((sum, x, column) => sum + x * (weights[row * input.length + column] ?? 0), start),
  );
}

/** The share of images whose label the model finds. */
export function accuracy(weights: Weights, images: readonly { pixels: readonly number[]; label: number }[]): number {
  return images.filter(({ pixels, label }) => infer(weights, pixels).digit === label).length / images.length;
}

const WORD_BITS = 252n;

/**
 * The Poseidon commitment to the parameters, as 32 bytes: their bits in offset binary, in 252-bit words w, then
 * Poseidon(Poseidon(w[0] … w[15]), w[16] … w[19]). Not salted: whoever guesses all parameters can check the guess.
 */
export function weightsCommitment(weights: Weights): Hex {
  checkWeights(weights);
  let packed = 0n;
  let position = 0n;
  for (const { name, bits } of SHAPE) {
    for (const value of weights[name]) {
      packed |= BigInt(value + 2 ** (bits - 1)) << position;
      position += BigInt(bits);
    }
  }
  const words = Array.from({ length: 20 }, (_, i) =>
    BigInt.asUintN(Number(WORD_BITS), packed >> (BigInt(i) * WORD_BITS)),
  );
  return toBytes32(poseidon5([poseidon16(words.slice(0, 16)), ...words.slice(16)]));
}

/**
 * The salted Poseidon commitment to an image, as 32 bytes: Poseidon(pixels 0 … 31, pixels 32 … 63, salt).
 *
 * @param salt Random and below the field's order: without it, an image could be found by trying.
 */
export function commitInput(pixels: readonly number[], salt: bigint): Hex {
  checkPixels(pixels);
  checkSalt(salt);
  const pack = (half: readonly number[]) => half.reduce((sum, pixel, i) => sum | (BigInt(pixel) << BigInt(4 * i)), 0n);
  return toBytes32(poseidon3([pack(pixels.slice(0, 32)), pack(pixels.slice(32)), salt]));
}

/** The commitment to the output is the output: the digit as 32 bytes, readable on chain. */
export function commitOutput(digit: number): Hex {
  return toBytes32(BigInt(digit));
}

/** A salt of 248 random bits. */
export function randomSalt(): bigint {
  return BigInt(`0x${randomBytes(31).toString("hex")}`);
}

/** @throws RangeError unless the salt is in the field. */
export function checkSalt(salt: bigint): void {
  if (salt < 0n || salt >= FIELD) throw new RangeError(`the salt ${salt} is not below the field's order`);
}

/** A number as 32 big-endian bytes. */
export function toBytes32(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
