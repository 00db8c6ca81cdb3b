import { getBytes } from "ethers";
import { DigitProver } from "../../circuits/src/DigitProver.ts";
import { downsample } from "../../circuits/src/dataset.ts";
import { loadDigits } from "../../circuits/src/digits.ts";
import {
  checkPixels,
  commitInput,
  commitOutput,
  infer,
  PIXELS,
  randomSalt,
  toBytes32,
  type Weights,
} from "../../circuits/src/model.ts";
import type { InferenceModel, ModelCodec } from "../../sdk/src/model.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";
import { Route } from "../../sdk/src/types.ts";
import type { ModelModule } from "./ModelModule.ts";

/** What one inference of the digit classifier meters. */
export const DIGIT_UNITS = 1n;

/** Pixels of an image as MNIST has them. */
const MNIST_PIXELS = 28 * 28;

/** As bytes, an image is its 64 pixels, and a digit is the 32-byte word that the chain shows. */
const codec = (modelId: string): ModelCodec => ({
  modelId,
  route: Route.ZK,
  commitInput: (input, salt) => commitInput([...input], BigInt(salt)),
  commitOutput: (output) => commitOutput(digitIn(output)),
});

/** The digit classifier as its requesters see it: 64 pixels from 0 to 15 in, a digit out. */
export const digitsModel = (modelId: string): InferenceModel<readonly number[], number> => ({
  ...codec(modelId),
  encodeInput: (pixels) => {
    checkPixels(pixels);
    return Uint8Array.from(pixels);
  },
  decodeOutput: digitIn,
  createSalt: () => toBytes32(randomSalt()),
});

/** The digit classifier as its node runs it, and has it proven. */
export const digitsRuntime = (
  modelId: string,
  weights: Weights,
  prover: Pick<DigitProver, "prove"> = new DigitProver(),
): NodeModel => ({
  ...codec(modelId),
  run: async (input) => ({
    output: getBytes(commitOutput(infer(weights, [...input]).digit)),
    units: DIGIT_UNITS,
  }),
  prove: ({ claimHash, input, salt }) =>
    prover.prove({ claimHash: toBytes32(BigInt(claimHash)), pixels: [...input], salt: BigInt(salt) }),
});

/** The digit classifier for the commands. Inputs are JSON arrays: 64 pixels from 0 to 15, or 784 as MNIST has them. */
export const digits: ModelModule<readonly number[], number> = {
  readInput: (file) => {
    const pixels: unknown = JSON.parse(new TextDecoder().decode(file));
    if (!Array.isArray(pixels) || (pixels.length !== PIXELS && pixels.length !== MNIST_PIXELS)) {
      throw new TypeError(`a digit is a JSON array of ${PIXELS} or ${MNIST_PIXELS} numbers`);
    }
    return pixels.length === MNIST_PIXELS ? downsample(pixels) : pixels;
  },
  requester: digitsModel,
  runtime: async (modelId, progress) => digitsRuntime(modelId, (await loadDigits(progress)).weights),
};

function digitIn(output: Uint8Array): number {
  const digit = output.at(-1) ?? 0;
  if (output.length !== 32 || digit > 9 || output.subarray(0, -1).some((byte) => byte !== 0)) {
    throw new RangeError("this output is not a digit");
  }
  return digit;
}
