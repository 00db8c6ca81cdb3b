import { keccak256 } from "ethers";
import { type CircuitInput, wtns } from "snarkjs";
import { type VerifiedCeremony, verifyCeremony } from "../../circuits/src/ceremony.ts";
import { type Hex, toBytes32 } from "../../circuits/src/field.ts";
import { keyBytes, keyIdOf } from "../../circuits/src/key.ts";
import { calculateWitness } from "../../circuits/src/prove.ts";
import { readWitness } from "../../circuits/src/r1cs.ts";
import { buildCircuit, type CompiledCircuit } from "../../circuits/src/setup.ts";
import { callSnarkjs, type StepProgress } from "../../circuits/src/snarkjsCall.ts";
import { readCircuitSize } from "../../circuits/src/transcript.ts";
import { compile, locateCeremony } from "../circuit/ceremony.ts";
import { readInputFile, understood } from "../cli/files.ts";
import { InputError } from "../cli/InputError.ts";
import type { ModelCircuit } from "./ModelModule.ts";

/** Where a model's sources are, if not where its module says; and where its key's setup is. */
export interface SourceOptions {
  readonly circuit?: string;
  readonly weights?: string;
  /** A ceremony's folder; or its final .zkey and its powers of tau. */
  readonly ceremony?: string;
  readonly zkey?: string;
  readonly ptau?: string;
  /** Told what is being done. */
  readonly progress?: StepProgress;
}

/** What a model's sources come to. */
export interface Sources {
  readonly circuit: ModelCircuit;
  readonly compiled: CompiledCircuit;
  /** The Keccak-256 of the weights' file. */
  readonly contentHash: string;
  /** What the circuit takes for the commitment to these weights. */
  readonly weightsCommitment: Hex;
}

/** claim hash, weights commitment, input hash, output hash */
const PUBLIC_SIGNALS = 4;

/**
 * Compiles a model's circuit and runs it once on the weights, which shows that it takes them, and for what commitment.
 *
 * @throws InputError if a file cannot be read or compiled, or if the circuit is not one for these weights.
 */
export async function readSources(circuit: ModelCircuit, options: SourceOptions): Promise<Sources> {
  const named: ModelCircuit = {
    ...circuit,
    source: options.circuit ?? circuit.source,
    weights: options.weights ?? circuit.weights,
  };
  const file = readInputFile(named.weights);
  const input = understood(named.weights, () => named.sample(file));
  const { progress = () => {} } = options;
  const compiled = await compile(named.source, progress);
  const { publicSignals } = await readCircuitSize(compiled.r1cs);
  if (publicSignals !== PUBLIC_SIGNALS) {
    throw new InputError(`${named.source} has ${publicSignals} public signals, and the ZK route's circuits have 4`);
  }
  return {
    circuit: named,
    compiled,
    contentHash: keccak256(file),
    weightsCommitment: await commitmentOf(named, compiled, input, progress),
  };
}

async function commitmentOf(
  { source, weights }: ModelCircuit,
  compiled: CompiledCircuit,
  input: CircuitInput,
  progress: StepProgress,
): Promise<Hex> {
  try {
    const { result } = await callSnarkjs(`running ${source} on ${weights}`, progress, async (logger) => {
      const witness = await calculateWitness(compiled, input);
      if (!(await wtns.check(compiled.r1cs, witness, logger))) throw new Error("a constraint does not hold");
      return readWitness(witness.data);
    });
    const [, , commitment] = result; // 1, claim hash, weights commitment, …
    return toBytes32(commitment ?? 0n);
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error).replaceAll(/\s+/g, " ");
    throw new InputError(`${source} does not take ${weights}: ${reason}`);
  }
}

/** A verifying key of a circuit. */
export interface CircuitKey extends Pick<VerifiedCeremony, "ceremony" | "keyBytes" | "keyId"> {
  /** Why it is good for development only; empty for a production key. */
  readonly weaknesses: readonly string[];
  /** The ceremony that made it; undefined for the development setup. */
  readonly verified: VerifiedCeremony | undefined;
}

/**
 * The key of a circuit: of the ceremony that the options name, replayed from the circuit's source; or else of the development
 * setup.
 *
 * @throws CeremonyError if the ceremony is not of this circuit or does not hold; InputError.
 */
export async function keyOf(source: string, options: SourceOptions): Promise<CircuitKey> {
  const { ceremony: directory, zkey, ptau, progress = () => {} } = options;
  if (directory !== undefined && zkey !== undefined) throw new InputError("name a ceremony or a .zkey, not both");
  const setup = directory ?? zkey;
  if (setup !== undefined) {
    const files = await locateCeremony(setup, { circuit: source, progress, ...(ptau === undefined ? {} : { ptau }) });
    const verified = await verifyCeremony(files, progress);
    return { ...verified, verified };
  }
  try {
    const { vkey, ceremony } = await buildCircuit(source, progress);
    const bytes = keyBytes(vkey, ceremony);
    const weaknesses = ["its setup is the development setup, whose secrets are public"];
    return { ceremony, keyBytes: bytes, keyId: keyIdOf(bytes), weaknesses, verified: undefined };
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${source}: ${error.message}; name a ceremony`);
    throw error;
  }
}
