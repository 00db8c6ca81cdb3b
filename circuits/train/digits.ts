import { MAX_PIXEL } from "../src/dataset.ts";
import { DIGITS, HIDDEN, PIXELS } from "../src/model.ts";
import { add, at, crossEntropySlopes, type Parameter, type Recipe } from "./training.ts";

/** What one unit of a weight stands for. */
const HIDDEN_UNIT = 1.5 / 7;
const OUTPUT_UNIT = 2.5 / 7;

/** One hidden layer: an activation is pixel × weight, a logit activation × weight. */
export const DIGITS_RECIPE: Recipe<typeof DIGITS.shape> = {
  classifier: DIGITS,
  units: {
    hiddenWeights: HIDDEN_UNIT,
    outputWeights: OUTPUT_UNIT,
    hiddenBias: HIDDEN_UNIT / MAX_PIXEL,
    outputBias: (HIDDEN_UNIT * OUTPUT_UNIT) / MAX_PIXEL,
  },
  deviations: { hiddenWeights: Math.sqrt(1 / PIXELS), outputWeights: Math.sqrt(1 / HIDDEN) },
  backward: ({ hiddenWeights, hiddenBias, outputWeights, outputBias }, pixels, label) => {
    const sums = linear(hiddenWeights, hiddenBias, pixels);
    const activations = sums.map((x) => Math.max(0, x));
    const logits = linear(outputWeights, outputBias, activations).map((x) => x * outputBias.unit);

    const slopes = new Array<number>(HIDDEN).fill(0);
    crossEntropySlopes(logits, label).forEach((error, k) => {
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
  },
};

function linear(weight: Parameter, bias: Parameter, input: readonly number[]): number[] {
  return Array.from(bias.rounded, (start, row) =>
    input.reduce((sum, x, column) => sum + x * at(weight.rounded, row * input.length + column), start),
  );
}
