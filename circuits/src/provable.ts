import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { type CircuitInput, type Groth16VerificationKey, zKey } from "snarkjs";
import { type Classifier, commitOutput } from "./Classifier.ts";
import type { ParameterShape, Parameters } from "./commitment.ts";
import { withCurve } from "./curve.ts";
import { FIELD, type Hex } from "./field.ts";
import { type Ceremony, keyBytes, keyIdOf } from "./key.ts";
import { type Proof, prove } from "./prove.ts";
import { buildCircuit, type Circuit, type Progress } from "./setup.ts";

/** The files of a classifier: its circuit, its parameters and its verifying key. */
export const filesOf = ({ name }: { readonly name: string }) => {
  const file = (suffix: string) => fileURLToPath(new URL(`../${name}${suffix}`, import.meta.url));
  return { source: file(".circom"), weights: file(".weights.json"), key: file(".key.json") };
};

/** What the committed files say: enough to register the model and to verify its proofs, not to make any. */
export interface Model<Weights> {
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
export interface ProvableModel<Weights> extends Model<Weights> {
  readonly circuit: Circuit;
}

/** Reads the committed model; builds nothing. */
export async function loadModel<const Shape extends readonly ParameterShape[]>(
  classifier: Classifier<Shape>,
): Promise<Model<Parameters<Shape>>> {
  const files = filesOf(classifier);
  const { vkey, ceremony } = JSON.parse(await readFile(files.key, "utf8")) as Pick<Model<never>, "vkey" | "ceremony">;
  const { accuracy, ...numbers } = JSON.parse(await readFile(files.weights, "utf8"));
  const weights = Object.fromEntries(classifier.shape.map(({ name }) => [name, numbers[name]])) as Parameters<Shape>;
  const bytes = keyBytes(vkey, ceremony);
  return {
    vkey,
    ceremony,
    keyBytes: bytes,
    keyId: keyIdOf(bytes),
    weights,
    weightsCommitment: classifier.weightsCommitment(weights),
    accuracy,
  };
}

/**
 * Reads the model and builds its circuit, which takes up to a minute the first time.
 *
 * @throws Error if the committed verifying key is not the circuit's.
 */
export async function loadProvable<const Shape extends readonly ParameterShape[]>(
  classifier: Classifier<Shape>,
  progress?: Progress,
): Promise<ProvableModel<Parameters<Shape>>> {
  const files = filesOf(classifier);
  const [model, circuit] = [await loadModel(classifier), await buildCircuit(files.source, progress)];
  if (!isDeepStrictEqual([model.vkey, model.ceremony], [circuit.vkey, circuit.ceremony])) {
    throw new Error(`${files.key} is not the circuit's verifying key: run "npm run circuits" and commit it`);
  }
  return { ...model, circuit };
}

/** The verifying key of a proving key. @throws if the file is none. */
export const verifyingKeyOf = (zkey: string): Promise<Groth16VerificationKey> =>
  withCurve(() => zKey.exportVerificationKey(zkey));

/** What is to be proven: that the model, run on this image, gives its digit, for one claim. */
export interface DigitClaim {
  /** The EIP-712 digest of the claim, as `IProofVerifier.verify` gets it. */
  readonly claimHash: Hex;
  /** The image's pixels, each from 0 to 15. */
  readonly pixels: readonly number[];
  /** What the input commitment was salted with. */
  readonly salt: bigint;
}

/** Proves a claim. @throws RangeError naming what the circuit would refuse. */
export async function proveClaim<const Shape extends readonly ParameterShape[]>(
  classifier: Classifier<Shape>,
  { circuit, weights }: ProvableModel<Parameters<Shape>>,
  claim: DigitClaim,
): Promise<Proof> {
  return prove(circuit, circuitInput(classifier, weights, claim));
}

/**
 * The circuit's input for a claim.
 *
 * @throws RangeError naming what the circuit would refuse.
 */
export function circuitInput<const Shape extends readonly ParameterShape[]>(
  classifier: Classifier<Shape>,
  weights: Parameters<Shape>,
  { claimHash, pixels, salt }: DigitClaim,
): CircuitInput {
  return {
    claimHash: BigInt(claimHash) % FIELD,
    weightsCommitment: BigInt(classifier.weightsCommitment(weights)),
    inputHash: BigInt(classifier.commitInput(pixels, salt)),
    outputHash: BigInt(commitOutput(classifier.infer(weights, pixels).digit)),
    pixels,
    salt,
    parameters: classifier.shape.flatMap(({ name }) => [...weights[name as Shape[number]["name"]]]),
  };
}
