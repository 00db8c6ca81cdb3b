/**
 * Trains the digit classifier and writes its integer parameters: `node circuits/train.ts`.
 *
 * Quantisation-aware: the forward pass runs the circuit's exact integer arithmetic on rounded parameters, the backward pass
 * goes through the rounding as if it were not there (straight-through estimator, arXiv 1308.3432). Adam (arXiv 1412.6980) on
 * the cross-entropy, with a cosine schedule; every image also moved by one pixel each way. Every choice is seeded, so that a
 * second run writes the same file.
 */
import { writeFileSync } from "node:fs";
import { digitImages, downsample, MAX_PIXEL, rawDigits } from "./src/dataset.ts";
import { DIGITS, HIDDEN, PIXELS, SHAPE, type Weights } from "./src/model.ts";

const WEIGHTS_FILE = new URL("digits.weights.json", import.meta.url);

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

/** What one unit of a weight stands for. */
const HIDDEN_UNIT = 1.5 / 7;
const OUTPUT_UNIT = 2.5 / 7;
/** What one unit of each kind of parameter stands for: an activation is pixel × weight, a logit activation × weight. */
const UNITS = {
  hiddenWeights: HIDDEN_UNIT,
  outputWeights: OUTPUT_UNIT,
  hiddenBias: HIDDEN_UNIT / MAX_PIXEL,
  outputBias: (HIDDEN_UNIT * OUTPUT_UNIT) / MAX_PIXEL,
} as const satisfies Record<keyof Weights, number>;

/** A parameter's float value, its gradient, and Adam's two moments; `rounded` is what the circuit would use. */
interface Parameter {
  unit: number;
  bound: number;
  value: Float64Array;
  rounded: Float64Array;
  gradient: Float64Array;
  mean: Float64Array;
  square: Float64Array;
}

const random = mulberry32(1);
const parameters = Object.fromEntries(
  SHAPE.map(({ name, length, bits }) => [name, parameter(length, UNITS[name], 2 ** (bits - 1))]),
) as Record<keyof Weights, Parameter>;
const { hiddenWeights, outputWeights, hiddenBias, outputBias } = parameters;
hiddenWeights.value.forEach((_, i, values) => {
  values[i] = gaussian() * Math.sqrt(1 / PIXELS);
});
outputWeights.value.forEach((_, i, values) => {
  values[i] = gaussian() * Math.sqrt(1 / HIDDEN);
});

const samples = rawDigits().train.flatMap(({ image, label }) =>
  MOVES.map(([dx, dy]) => ({ pixels: downsample(image, dx, dy), label })),
);
const heldOut = digitImages().heldOut;
const steps = EPOCHS * Math.floor(samples.length / BATCH);
let step = 0;
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  shuffle(samples);
  for (let start = 0; start + BATCH <= samples.length; start += BATCH) {
    round();
    for (const { pixels, label } of samples.slice(start, start + BATCH)) backward(pixels, label);
    descend(LEARNING_RATE * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
  }
  console.error(
    `epoch ${epoch}/${EPOCHS}: ${(100 * DIGITS.accuracy(weights(), heldOut)).toFixed(2)} % of the held-out digits`,
  );
}

const trained = weights();
const report = { heldOut: heldOut.length, accuracy: DIGITS.accuracy(trained, heldOut) };
writeFileSync(WEIGHTS_FILE, `${JSON.stringify({ ...report, ...trained })}\n`);
console.error(`${WEIGHTS_FILE.pathname}: ${(100 * report.accuracy).toFixed(2)} % of ${report.heldOut} held-out digits`);

function parameter(length: number, unit: number, bound: number): Parameter {
  const zeros = () => new Float64Array(length);
  return { unit, bound, value: zeros(), rounded: zeros(), gradient: zeros(), mean: zeros(), square: zeros() };
}

/** The parameters as the circuit takes them. */
function weights(): Weights {
  round();
  const integers = ({ rounded }: Parameter) => Array.from(rounded, (x) => x + 0); // + 0: no negative zeros
  return {
    hiddenWeights: integers(hiddenWeights),
    outputWeights: integers(outputWeights),
    hiddenBias: integers(hiddenBias),
    outputBias: integers(outputBias),
  };
}

/** Rounds every parameter to what the circuit would use, and forgets the last batch's gradients. */
function round(): void {
  for (const { value, rounded, gradient, unit, bound } of Object.values(parameters)) {
    value.forEach((x, i) => {
      rounded[i] = Math.max(-bound, Math.min(bound - 1, Math.round(x / unit)));
    });
    gradient.fill(0);
  }
}

/** Adds the gradient of one sample's cross-entropy. */
function backward(pixels: readonly number[], label: number): void {
  const sums = linear(hiddenWeights, hiddenBias, pixels);
  const activations = sums.map((x) => Math.max(0, x));
  const logits = linear(outputWeights, outputBias, activations).map((x) => x * outputBias.unit);
  const greatest = Math.max(...logits);
  const exponentials = logits.map((x) => Math.exp(x - greatest));
  const total = exponentials.reduce((sum, x) => sum + x, 0);

  const slopes = new Array<number>(HIDDEN).fill(0);
  exponentials.forEach((x, k) => {
    const error = x / total - (k === label ? 1 : 0);
    add(outputBias.gradient, k, error);
    activations.forEach((activation, j) => {
      add(outputWeights.gradient, k * HIDDEN + j, error * activation * hiddenBias.unit);
      slopes[j] = (slopes[j] ?? 0) + error * at(outputWeights.rounded, k * HIDDEN + j) * outputWeights.unit;
    });
  });
  slopes.forEach((slope, j) => {
    if (at(sums, j) <= 0) return;
    add(hiddenBias.gradient, j, slope);
    pixels.forEach((pixel, i) => {
      add(hiddenWeights.gradient, j * PIXELS + i, (slope * pixel) / MAX_PIXEL);
    });
  });
}

/** One step of Adam. */
function descend(rate: number): void {
  step++;
  for (const { value, gradient, mean, square, unit, bound } of Object.values(parameters)) {
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

function linear(weight: Parameter, bias: Parameter, input: readonly number[]): number[] {
  return Array.from(bias.rounded, (start, row) =>
    input.reduce((sum, x, column) => sum + x * at(weight.rounded, row * input.length + column), start),
  );
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}

function add(values: Float64Array, index: number, x: number): void {
  values[index] = at(values, index) + x;
}

/** Fisher and Yates's shuffle. */
function shuffle<T>(items: T[]): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
}

function gaussian(): number {
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
