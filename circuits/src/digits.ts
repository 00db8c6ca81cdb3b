import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { CircuitInput, Groth16VerificationKey } from "snarkjs";
import { type Ceremony, keyBytes, keyIdOf } from "./key.ts";
import { commitInput, commitOutput, FIELD, type Hex, infer, type Weights, weightsCommitment } from "./model.ts";
import { type Proof, prove } from "./prove.ts";
import { buildCircuit, type Circuit, type Progress } from "./setup.ts";

/** The digit classifier of `digits.circom`, as demo, tests and tools use it. */

const here = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
export const SOURCE = here("digits.circom");
export const WEIGHTS_FILE = here("digits.weights.json");
export const KEY_FILE = here("digits.key.json");

/** What the committed files say: enough to register the model and to verify its proofs, not to make any. */
export interface DigitsModel {
  readonly vkey: Groth16VerificationKey;
  readonly ceremony: Ceremony;
  /** The verifying key as `registerKey` takes it, and the name that it gets. */
  readonly keyBytes: Hex;
  readonly keyId: Hex;
  readonly weights: Weights;
  readonly weightsCommitment: Hex;
  /** The share of the held-out digits that the model finds. */
  readonly accuracy: number;
}

/** The model with what proving needs. */
export interface Digits extends DigitsModel {
  readonly circuit: Circuit;
}

/** Reads the committed model; builds nothing. */
export async function loadDigitsModel(): Promise<DigitsModel> {
  const { vkey, ceremony } = JSON.parse(await readFile(KEY_FILE, "utf8")) as Pick<DigitsModel, "vkey" | "ceremony">;
  const { accuracy, ...weights } = JSON.parse(await readFile(WEIGHTS_FILE, "utf8")) as Weights & { accuracy: number };
  const bytes = keyBytes(vkey, ceremony);
  return {
    vkey,
    ceremony,
    keyBytes: bytes,
    keyId: keyIdOf(bytes),
    weights,
    weightsCommitment: weightsCommitment(weights),
    accuracy,
  };
}

/**
 * Reads the model and builds its circuit, which takes a minute the first time.
 *
 * @throws Error if the committed verifying key is not the circuit's.
 */
export async function loadDigits(progress?: Progress): Promise<Digits> {
  const [model, circuit] = [await loadDigitsModel(), await buildCircuit(SOURCE, progress)];
  if (!isDeepStrictEqual([model.vkey, model.ceremony], [circuit.vkey, circuit.ceremony])) {
    throw new Error(`${KEY_FILE} is not the circuit's verifying key: run "npm run circuits" and commit it`);
  }
  return { ...model, circuit };
}

/** What is to be proven: that the model, run on this image, gives its digit, for one claim. */
export interface DigitClaim {
  /** The EIP-712 digest of the claim, as `IProofVerifier.verify` gets it. */
  readonly claimHash: Hex;
  /** 64 pixels from 0 to 15. */
  readonly pixels: readonly number[];
  /** What the input commitment was salted with. */
  readonly salt: bigint;
}

/** Proves a claim; takes about a second. */
export function proveDigit({ circuit, weights }: Digits, claim: DigitClaim): Promise<Proof> {
  return prove(circuit, digitInput(weights, claim));
}

/**
 * The circuit's input for a claim.
 *
 * @throws RangeError naming what the circuit would refuse.
 */
export function digitInput(weights: Weights, { claimHash, pixels, salt }: DigitClaim): CircuitInput {
  return {
    claimHash: BigInt(claimHash) % FIELD,
    weightsCommitment: BigInt(weightsCommitment(weights)),
    inputHash: BigInt(commitInput(pixels, salt)),
    outputHash: BigInt(commitOutput(infer(weights, pixels).digit)),
    pixels,
    salt,
    hiddenWeights: weights.hiddenWeights,
    outputWeights: weights.outputWeights,
    hiddenBias: weights.hiddenBias,
    outputBias: weights.outputBias,
  };
}
