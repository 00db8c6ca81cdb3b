/**
 * Quantisation-aware training: the forward pass runs the circuit's exact integer arithmetic on rounded parameters, the
 * backward pass goes through the rounding as if it were not there (straight-through estimator, arXiv 1308.3432). Adam
 * (arXiv 1412.6980) on the cross-entropy, with a cosine schedule; every image also moved by one pixel each way. Every choice
 * is seeded, so that a second run gives the same parameters.
 */
import type { Classifier } from "../src/Classifier.ts";
import type { ParameterShape, Parameters } from "../src/commitment.ts";
import { digitImages, downsample, rawDigits } from "../src/dataset.ts";

const EPOCHS = 60;
const BATCH = 32;
const LEARNING_RATE = 0.004;
const MOVES = [
  [0, 0],
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;

/** A kind of parameters: their float values, their gradients, and what Adam remembers. */
export interface Parameter {
  /** What one unit of the integer stands for. */
  readonly unit: number;
  /** The integers are from -bound to bound - 1. */
  readonly bound: number;
  readonly value: Float64Array;
  /** The integers that the circuit would use. */
  readonly rounded: Float64Array;
  readonly gradient: Float64Array;
  /** Adam's two moments. */
  readonly mean: Float64Array;
  readonly square: Float64Array;
}

type Names<Shape extends readonly ParameterShape[]> = Shape[number]["name"];

/** How a classifier is trained. */
export interface Recipe<Shape extends readonly ParameterShape[]> {
  readonly classifier: Classifier<Shape>;
  /** What one unit of each kind of parameter stands for. */
  readonly units: Readonly<Record<Names<Shape>, number>>;
  /** The standard deviations of the parameters that start at random; the others start at 0. */
  readonly deviations: Readonly<Partial<Record<Names<Shape>, number>>>;
  /** Adds the gradient of one sample's cross-entropy. */
  backward(parameters: Readonly<Record<Names<Shape>, Parameter>>, pixels: readonly number[], label: number): void;
}

/** Trains a classifier on the digits that are not held out; says how it fares on those that are. */
export function train<const Shape extends readonly ParameterShape[]>(
  { classifier, units, deviations, backward }: Recipe<Shape>,
  progress: (line: string) => void,
): Parameters<Shape> {
  type Name = Names<Shape>;
  const random = mulberry32(1);
  const parameters = Object.fromEntries(
    classifier.shape.map(({ name, length, bits }) => [name, parameter(length, units[name as Name], 2 ** (bits - 1))]),
  ) as Record<Name, Parameter>;
  const all: Parameter[] = Object.values(parameters);
  for (const { name } of classifier.shape) {
    const deviation = deviations[name as Name];
    if (deviation === undefined) continue;
    const { value } = parameters[name as Name];
    for (const i of value.keys()) value[i] = gaussian(random) * deviation;
  }

  const samples = rawDigits().train.flatMap(({ image, label }) =>
    MOVES.map(([dx, dy]) => ({ pixels: downsample(image, classifier.side, dx, dy), label })),
  );
  const { heldOut } = digitImages(classifier.side);
  const steps = EPOCHS * Math.floor(samples.length / BATCH);
  let step = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    shuffle(samples, random);
    for (let start = 0; start + BATCH <= samples.length; start += BATCH) {
      round(all);
      for (const { pixels, label } of samples.slice(start, start + BATCH)) backward(parameters, pixels, label);
      const rate = LEARNING_RATE * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
      descend(all, rate, ++step);
    }
    const accuracy = (100 * classifier.accuracy(integers(), heldOut)).toFixed(2);
    progress(`${classifier.name}, epoch ${epoch}/${EPOCHS}: ${accuracy} % of the held-out digits`);
  }
  return integers();

  /** The parameters as the circuit takes them. */
  function integers(): Parameters<Shape> {
    round(all);
    return Object.fromEntries(
      classifier.shape.map(({ name }) => {
        const { rounded } = parameters[name as Name];
        return [name, Array.from(rounded, (x) => x + 0)]; // + 0: no negative zeros
      }),
    ) as unknown as Parameters<Shape>;
  }
}

/** The slopes of a sample's cross-entropy on its logits. */
export function crossEntropySlopes(logits: readonly number[], label: number): number[] {
  const greatest = Math.max(...logits);
  const exponentials = logits.map((x) => Math.exp(x - greatest));
  const total = exponentials.reduce((sum, x) => sum + x, 0);
  return exponentials.map((x, k) => x / total - (k === label ? 1 : 0));
}

export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}

export function add(values: Float64Array, index: number, x: number): void {
  values[index] = at(values, index) + x;
}

function parameter(length: number, unit: number, bound: number): Parameter {
  const zeros = () => new Float64Array(length);
  return { unit, bound, value: zeros(), rounded: zeros(), gradient: zeros(), mean: zeros(), square: zeros() };
}

/** Rounds every parameter to what the circuit would use, and forgets the last batch's gradients. */
function round(parameters: readonly Parameter[]): void {
  for (const { value, rounded, gradient, unit, bound } of parameters) {
    value.forEach((x, i) => {
      rounded[i] = Math.max(-bound, Math.min(bound - 1, Math.round(x / unit)));
    });
    gradient.fill(0);
  }
}

/** One step of Adam. */
function descend(parameters: readonly Parameter[], rate: number, step: number): void {
  for (const { value, gradient, mean, square, unit, bound } of parameters) {
    gradient.forEach((sum, i) => {
      const slope = sum / BATCH;
      mean[i] = 0.9 * at(mean, i) + 0.1 * slope;
      square[i] = 0.999 * at(square, i) + 0.001 * slope * slope;
      const step1 = at(mean, i) / (1 - 0.9 ** step);
      const step2 = Math.sqrt(at(square, i) / (1 - 0.999 ** step)) + 1e-8;
      value[i] = Math.max(-bound * unit, Math.min((bound - 1) * unit, at(value, i) - (rate * step1) / step2));
    });
  }
}

/** Fisher and Yates's shuffle. */
function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A small seeded generator of numbers in [0, 1); for reproducible training, not for secrets. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
