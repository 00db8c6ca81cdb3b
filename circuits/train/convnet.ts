import {
  ACTIVATION_SHIFT,
  CONVNET,
  FEATURE_SHIFT,
  FILTERED_SIDE,
  FILTERS,
  HIDDEN,
  KERNEL,
  MEANS,
  POOL,
  POOLED_SIDE,
  SIDE,
} from "../src/convnet.ts";
import { MAX_PIXEL } from "../src/dataset.ts";
import { add, at, crossEntropySlopes, type Parameter, type Recipe } from "./training.ts";

/** What one unit of a weight stands for. */
const FILTER_UNIT = 2.5 / 8;
const HIDDEN_UNIT = 1.2 / 8;
const OUTPUT_UNIT = 2 / 8;
/** What one unit of a filtered pixel, of a feature, of a hidden sum and of an activation stands for. */
const FILTERED_UNIT = FILTER_UNIT / MAX_PIXEL;
const FEATURE_UNIT = FILTERED_UNIT * 2 ** FEATURE_SHIFT;
const SUM_UNIT = FEATURE_UNIT * HIDDEN_UNIT;
const ACTIVATION_UNIT = SUM_UNIT * 2 ** ACTIVATION_SHIFT;

/** Requantisation is taken for a division, and the mean for exact: their rounding down is for the biases to make up for. */
export const CONVNET_RECIPE: Recipe<typeof CONVNET.shape> = {
  classifier: CONVNET,
  units: {
    filters: FILTER_UNIT,
    filterBias: FILTERED_UNIT,
    hiddenWeights: HIDDEN_UNIT,
    hiddenBias: SUM_UNIT,
    outputWeights: OUTPUT_UNIT,
    outputBias: ACTIVATION_UNIT * OUTPUT_UNIT,
  },
  deviations: { filters: 0.4, hiddenWeights: Math.sqrt(1 / MEANS), outputWeights: Math.sqrt(1 / HIDDEN) },
  backward: (parameters, pixels, label) => {
    const { filters, filterBias, hiddenWeights, hiddenBias, outputWeights, outputBias } = parameters;
    const sums = filtered(filters, filterBias, pixels);
    const means = pooled(rectified(sums, FEATURE_SHIFT));
    const hiddenSums = linear(hiddenWeights, hiddenBias, means);
    const activations = rectified(hiddenSums, ACTIVATION_SHIFT);
    const logits = linear(outputWeights, outputBias, activations).map((x) => x * outputBias.unit);

    const errors = Float64Array.from(crossEntropySlopes([...logits], label));
    const slopes = linearBackward(outputWeights, outputBias, activations, ACTIVATION_UNIT, errors);
    slopes.forEach((_, j) => {
      if (at(hiddenSums, j) <= 0) slopes[j] = 0;
    });
    const meanSlopes = linearBackward(hiddenWeights, hiddenBias, means, FEATURE_UNIT, slopes);

    for (let f = 0; f < FILTERS; f++) {
      for (let y = 0; y < POOL * POOLED_SIDE; y++) {
        for (let x = 0; x < POOL * POOLED_SIDE; x++) {
          if (at(sums, (f * FILTERED_SIDE + y) * FILTERED_SIDE + x) <= 0) continue;
          const mean = (f * POOLED_SIDE + Math.floor(y / POOL)) * POOLED_SIDE + Math.floor(x / POOL);
          const slope = at(meanSlopes, mean) / POOL ** 2;
          add(filterBias.gradient, f, slope);
          for (let v = 0; v < KERNEL; v++) {
            for (let u = 0; u < KERNEL; u++) {
              const pixel = at(pixels, (y + v) * SIDE + x + u);
              add(filters.gradient, (f * KERNEL + v) * KERNEL + u, (slope * pixel) / MAX_PIXEL);
            }
          }
        }
      }
    }
  },
};

/** ReLU and requantisation. */
function rectified(sums: Float64Array, shift: number): Float64Array {
  return sums.map((sum) => Math.floor(Math.max(0, sum) / 2 ** shift));
}

/** An image through the filters. */
function filtered(filters: Parameter, bias: Parameter, pixels: readonly number[]): Float64Array {
  const sums = new Float64Array(FILTERS * FILTERED_SIDE ** 2);
  let index = 0;
  for (let f = 0; f < FILTERS; f++) {
    for (let y = 0; y < FILTERED_SIDE; y++) {
      for (let x = 0; x < FILTERED_SIDE; x++) {
        let sum = at(bias.rounded, f);
        for (let v = 0; v < KERNEL; v++) {
          for (let u = 0; u < KERNEL; u++) {
            sum += at(filters.rounded, (f * KERNEL + v) * KERNEL + u) * at(pixels, (y + v) * SIDE + x + u);
          }
        }
        sums[index++] = sum;
      }
    }
  }
  return sums;
}

/** The means of an image's features, as the circuit has them. */
function pooled(features: Float64Array): Float64Array {
  const means = new Float64Array(MEANS);
  let index = 0;
  for (let f = 0; f < FILTERS; f++) {
    for (let y = 0; y < POOLED_SIDE; y++) {
      for (let x = 0; x < POOLED_SIDE; x++) {
        let sum = 0;
        for (let v = 0; v < POOL; v++) {
          for (let u = 0; u < POOL; u++) {
            sum += at(features, (f * FILTERED_SIDE + POOL * y + v) * FILTERED_SIDE + POOL * x + u);
          }
        }
        means[index++] = Math.floor(sum / POOL ** 2);
      }
    }
  }
  return means;
}

function linear(weights: Parameter, bias: Parameter, input: Float64Array): Float64Array {
  return bias.rounded.map((start, row) => {
    let sum = start;
    for (let i = 0; i < input.length; i++) sum += at(weights.rounded, row * input.length + i) * at(input, i);
    return sum;
  });
}

/** Adds the gradients of a dense layer whose outputs have these slopes; gives the slopes of its inputs. */
function linearBackward(
  weights: Parameter,
  bias: Parameter,
  input: Float64Array,
  inputUnit: number,
  slopes: Float64Array,
): Float64Array {
  const inputSlopes = new Float64Array(input.length);
  for (let row = 0; row < slopes.length; row++) {
    const slope = at(slopes, row);
    if (slope === 0) continue;
    add(bias.gradient, row, slope);
    for (let i = 0; i < input.length; i++) {
      const index = row * input.length + i;
      add(weights.gradient, index, slope * at(input, i) * inputUnit);
      add(inputSlopes, i, slope * at(weights.rounded, index) * weights.unit);
    }
  }
  return inputSlopes;
}
