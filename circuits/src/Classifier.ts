import {
  checkParameters,
  commitNumbers,
  commitParameters,
  type ParameterShape,
  type Parameters,
} from "./commitment.ts";
import { type Digit, MAX_PIXEL } from "./dataset.ts";
import { type Hex, toBytes32 } from "./field.ts";
import { argMax } from "./layers.ts";

const PIXEL_BITS = 4;

/** How many classes a classifier of digits tells apart. */
export const CLASSES = 10;

export interface Inference {
  /** The class of the greatest logit; of equal ones, the lowest. */
  readonly digit: number;
  readonly logits: readonly number[];
}

/** What tells one classifier from another. */
export interface Architecture<Shape extends readonly ParameterShape[]> {
  /** What its files are called: circuits/NAME.circom, .weights.json and .key.json. */
  readonly name: string;
  /** The images' side, in pixels. */
  readonly side: number;
  /** The parameters, in the order in which the commitment takes them. */
  readonly shape: Shape;
  /** How sure it is of each class, in the circuit's arithmetic. */
  logits(weights: Parameters<Shape>, pixels: readonly number[]): readonly number[];
}

/** A classifier of handwritten digits in plain arithmetic: what its circuit proves, computed without it. */
export class Classifier<const Shape extends readonly ParameterShape[]> {
  readonly name: string;
  readonly side: number;
  readonly shape: Shape;
  readonly #logits: Architecture<Shape>["logits"];

  constructor({ name, side, shape, logits }: Architecture<Shape>) {
    this.name = name;
    this.side = side;
    this.shape = shape;
    this.#logits = logits;
  }

  /** How many pixels an image has. */
  get pixels(): number {
    return this.side ** 2;
  }

  /** @throws RangeError unless there are as many pixels as an image has, each an integer from 0 to 15. */
  checkPixels(pixels: readonly number[]): void {
    if (pixels.length !== this.pixels) {
      throw new RangeError(`an image has ${this.pixels} pixels, not ${pixels.length}`);
    }
    for (const [i, pixel] of pixels.entries()) {
      if (!Number.isInteger(pixel) || pixel < 0 || pixel > MAX_PIXEL) {
        throw new RangeError(`pixel ${i} is ${pixel}: it must be an integer from 0 to ${MAX_PIXEL}`);
      }
    }
  }

  /**
   * Runs the model.
   *
   * @throws RangeError naming what the circuit would refuse.
   */
  infer(weights: Parameters<Shape>, pixels: readonly number[]): Inference {
    checkParameters(this.shape, weights);
    this.checkPixels(pixels);
    const logits = this.#logits(weights, pixels);
    return { digit: argMax(logits), logits };
  }

  /** The share of images whose label the model finds. */
  accuracy(weights: Parameters<Shape>, images: readonly Digit[]): number {
    return images.filter(({ pixels, label }) => this.infer(weights, pixels).digit === label).length / images.length;
  }

  /** The Poseidon commitment to the parameters, as 32 bytes. Not salted: whoever guesses all of them can check the guess. */
  weightsCommitment(weights: Parameters<Shape>): Hex {
    return commitParameters(this.shape, weights);
  }

  /**
   * The salted Poseidon commitment to an image, as 32 bytes.
   *
   * @param salt Random and below the field's order: without it, an image could be found by trying.
   * @throws RangeError naming what the circuit would refuse.
   */
  commitInput(pixels: readonly number[], salt: bigint): Hex {
    this.checkPixels(pixels);
    return commitNumbers(PIXEL_BITS, pixels, salt);
  }
}

/** The commitment to the output is the output: the digit as 32 bytes, readable on chain. */
export function commitOutput(digit: number): Hex {
  return toBytes32(BigInt(digit));
}
