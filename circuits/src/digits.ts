import { DIGITS, type Weights } from "./model.ts";
import {
  type DigitClaim,
  filesOf,
  loadModel,
  loadProvable,
  type Model,
  type ProvableModel,
  proveClaim,
} from "./provable.ts";
import type { Proof } from "./prove.ts";
import type { Progress } from "./setup.ts";

export type { DigitClaim } from "./provable.ts";

/** The digit classifier of `digits.circom`, as demo, tests and tools use it. */

export const { source: SOURCE, weights: WEIGHTS_FILE, key: KEY_FILE } = filesOf(DIGITS);

export type DigitsModel = Model<Weights>;
export type Digits = ProvableModel<Weights>;

/** Reads the committed model; builds nothing. */
export const loadDigitsModel = (): Promise<DigitsModel> => loadModel(DIGITS);

/** Reads the model and builds its circuit, which takes half a minute the first time. Throws as `loadProvable` does. */
export const loadDigits = (progress?: Progress): Promise<Digits> => loadProvable(DIGITS, progress);

/** Proves a claim; takes about a second. */
export const proveDigit = (digits: Digits, claim: DigitClaim): Promise<Proof> => proveClaim(DIGITS, digits, claim);
