import { getBytes } from "ethers";
import { type Classifier, commitOutput } from "../../circuits/src/Classifier.ts";
import type { ParameterShape, Parameters } from "../../circuits/src/commitment.ts";
import { DigitProver } from "../../circuits/src/DigitProver.ts";
import { downsample } from "../../circuits/src/dataset.ts";
import { randomSalt, toBytes32 } from "../../circuits/src/field.ts";
import { loadModel, loadProvable, verifyingKeyOf } from "../../circuits/src/provable.ts";
import type { InferenceModel, ModelCodec } from "../../sdk/src/model.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";
import { Route } from "../../sdk/src/types.ts";
import { classifierCircuit } from "./classifierCircuit.ts";
import type { ModelModule } from "./ModelModule.ts";

/** What one inference of a classifier of digits meters. */
export const DIGIT_UNITS = 1n;

/** Pixels of an image as MNIST has them. */
const MNIST_PIXELS = 28 * 28;

type Shape = readonly ParameterShape[];

/** As bytes, an image is its pixels, and a digit is the 32-byte word that the chain shows. */
const codec = (classifier: Classifier<Shape>, modelId: string): ModelCodec => ({
  modelId,
  route: Route.ZK,
  commitInput: (input, salt) => classifier.commitInput([...input], BigInt(salt)),
  commitOutput: (output) => commitOutput(digitIn(output)),
});

/** A classifier as its requesters see it: pixels from 0 to 15 in, a digit out. */
export const classifierModel = (
  classifier: Classifier<Shape>,
  modelId: string,
): InferenceModel<readonly number[], number> => ({
  ...codec(classifier, modelId),
  encodeInput: (pixels) => {
    classifier.checkPixels(pixels);
    return Uint8Array.from(pixels);
  },
  decodeOutput: digitIn,
  createSalt: () => toBytes32(randomSalt()),
});

/** A classifier as its node runs it, and has it proven. */
export const classifierRuntime = (
  classifier: Classifier<Shape>,
  modelId: string,
  weights: Parameters<Shape>,
  prover: Pick<DigitProver, "prove"> = new DigitProver(classifier.name),
): NodeModel => ({
  ...codec(classifier, modelId),
  run: async (input) => ({
    output: getBytes(commitOutput(classifier.infer(weights, [...input]).digit)),
    units: DIGIT_UNITS,
  }),
  prove: ({ claimHash, input, salt }) =>
    prover.prove({ claimHash: toBytes32(BigInt(claimHash)), pixels: [...input], salt: BigInt(salt) }),
});

/** A classifier for the commands. Inputs are JSON arrays: its own pixels from 0 to 15, or 784 as MNIST has them. */
export const classifierModule = (classifier: Classifier<Shape>): ModelModule<readonly number[], number> => ({
  readInput: (file) => {
    const pixels: unknown = JSON.parse(new TextDecoder().decode(file));
    if (!Array.isArray(pixels) || (pixels.length !== classifier.pixels && pixels.length !== MNIST_PIXELS)) {
      throw new TypeError(`a digit is a JSON array of ${classifier.pixels} or ${MNIST_PIXELS} numbers`);
    }
    return pixels.length === MNIST_PIXELS ? downsample(pixels, classifier.side) : pixels;
  },
  requester: (modelId) => classifierModel(classifier, modelId),
  circuit: classifierCircuit(classifier, DIGIT_UNITS),
  runtime: async (modelId, progress, zkey) => {
    const { weights } = await loadProvable(classifier, progress);
    return classifierRuntime(classifier, modelId, weights, new DigitProver(classifier.name, zkey));
  },
  provesUnder: async (zkey) => {
    const { vkey, weightsCommitment } = await loadModel(classifier);
    return { vkey: zkey === undefined ? vkey : await verifyingKeyOf(zkey), weightsCommitment };
  },
});

function digitIn(output: Uint8Array): number {
  const digit = output.at(-1) ?? 0;
  if (output.length !== 32 || digit > 9 || output.subarray(0, -1).some((byte) => byte !== 0)) {
    throw new RangeError("this output is not a digit");
  }
  return digit;
}
