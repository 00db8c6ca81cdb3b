import { Classifier } from "./Classifier.ts";
import { averagePool2d, conv2d, dense, relu, requantise } from "./layers.ts";

/** The plain arithmetic of `convnet.circom`: what the circuit proves, computed without it. */

export const SIDE = 10;
export const FILTERS = 6;
export const KERNEL = 3;
export const POOL = 2;
export const HIDDEN = 24;
const CLASSES = 10;

/** The side of a filtered image, and of a pooled one. */
export const FILTERED_SIDE = SIDE - KERNEL + 1;
export const POOLED_SIDE = FILTERED_SIDE / POOL;
/** How many numbers the hidden layer sees. */
export const MEANS = FILTERS * POOLED_SIDE ** 2;

/** By how many bits each layer's sums are too precise for the next. */
export const FEATURE_SHIFT = 4;
export const ACTIVATION_SHIFT = 6;

export const CONVNET = new Classifier({
  name: "convnet",
  side: SIDE,
  shape: [
    { name: "filters", length: FILTERS * KERNEL ** 2, bits: 4 },
    { name: "filterBias", length: FILTERS, bits: 10 },
    { name: "hiddenWeights", length: HIDDEN * MEANS, bits: 4 },
    { name: "hiddenBias", length: HIDDEN, bits: 10 },
    { name: "outputWeights", length: CLASSES * HIDDEN, bits: 4 },
    { name: "outputBias", length: CLASSES, bits: 10 },
  ],
  logits: (weights, pixels) => {
    const image = { channels: 1, height: SIDE, width: SIDE };
    const filtered = conv2d(
      { ...image, filters: FILTERS, kernel: KERNEL, stride: 1 },
      weights.filters,
      weights.filterBias,
      pixels,
    );
    const features = relu(requantise(FEATURE_SHIFT, filtered));
    const means = averagePool2d(
      { channels: FILTERS, height: FILTERED_SIDE, width: FILTERED_SIDE, size: POOL },
      features,
    );
    const sums = dense(weights.hiddenWeights, weights.hiddenBias, means);
    const activations = relu(requantise(ACTIVATION_SHIFT, sums));
    return dense(weights.outputWeights, weights.outputBias, activations);
  },
});
