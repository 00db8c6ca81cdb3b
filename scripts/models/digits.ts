import type { DigitProver } from "../../circuits/src/DigitProver.ts";
import { DIGITS, type Weights } from "../../circuits/src/model.ts";
import { classifierModel, classifierRuntime } from "./classifier.ts";

export { DIGIT_UNITS } from "./classifier.ts";

/** The digit classifier as its requesters see it: 64 pixels from 0 to 15 in, a digit out. */
export const digitsModel = (modelId: string) => classifierModel(DIGITS, modelId);

/** The digit classifier as its node runs it, and has it proven. */
export const digitsRuntime = (modelId: string, weights: Weights, prover?: Pick<DigitProver, "prove">) =>
  classifierRuntime(DIGITS, modelId, weights, prover);
