import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { AbiCoder, concat, toBeHex } from "ethers";
import { type CircuitInput, type PlonkProof, plonk } from "snarkjs";
import { withCurve } from "./curve.ts";
import { developmentPtau } from "./developmentKey.ts";
import type { Hex } from "./field.ts";
import { calculateWitness, type Proof } from "./prove.ts";
import { BEACONS, type CompiledCircuit, cached, compileCircuit, type Progress, versionsOf } from "./setup.ts";

/** A circuit, compiled and set up for PLONK under a public secret: **development only**. */
export interface PlonkCircuit extends CompiledCircuit {
  /** The proving key, as a file. */
  readonly zkey: string;
}

/**
 * Compiles a circuit and sets it up for PLONK; kept in build/circuits like what `buildCircuit` makes.
 *
 * @param power The circuit has at most 2^power gates, of which every constraint takes as many as it has terms; at most 14.
 * @throws RangeError if it has more.
 */
export async function buildPlonkCircuit(
  source: string,
  power: number,
  progress: Progress = () => {},
): Promise<PlonkCircuit> {
  const name = basename(source, ".circom");
  const compiled = await compileCircuit(source, progress);
  const inputs = [await readFile(compiled.r1cs), ...(await versionsOf("snarkjs")), BEACONS.ptau, String(power)];
  const directory = await cached(`${name}-plonk`, inputs, (work) =>
    withCurve(async () => {
      progress(`${name}: PLONK setup`);
      const ptau = { type: "mem" as const, data: await developmentPtau(power, BEACONS.ptau) };
      const failed = await plonk.setup(compiled.r1cs, ptau, join(work, "development.zkey"));
      if (failed !== undefined) throw new RangeError(`${name} has more than 2^${power} gates`);
    }),
  );
  return { ...compiled, zkey: join(directory, "development.zkey") };
}

/**
 * Proves a circuit's statement by PLONK. Proofs are randomised: no two are alike.
 *
 * @returns The proof as `PlonkAdapter` takes it, 768 bytes.
 * @throws Error naming the circuit's line whose assertion the input breaks.
 */
export function provePlonk(circuit: PlonkCircuit, input: CircuitInput): Promise<Proof> {
  return withCurve(async () => {
    const { proof, publicSignals } = await plonk.prove(circuit.zkey, await calculateWitness(circuit, input));
    return { proof: plonkProofBytes(proof), publicSignals: publicSignals.map(BigInt) };
  });
}

const POINTS = ["A", "B", "C", "Z", "T1", "T2", "T3", "Wxi", "Wxiw"] as const;
const EVALUATIONS = ["eval_a", "eval_b", "eval_c", "eval_s1", "eval_s2", "eval_zw"] as const;

/** snarkjs's PLONK proof as its contract takes it: nine points, then six evaluations, 32 bytes a word. */
export function plonkProofBytes(proof: PlonkProof): Hex {
  const words = [...POINTS.flatMap((name) => proof[name].slice(0, 2)), ...EVALUATIONS.map((name) => proof[name])];
  return concat(words.map((word) => toBeHex(BigInt(word), 32))) as Hex;
}

/** A model's parameters for the PLONK adapter; see `IPlonkAdapter.PlonkParameters`. */
export interface PlonkParameters {
  /** The contract that snarkjs generated, and the Keccak-256 of its code. */
  readonly verifier: string;
  readonly codeHash: string;
  readonly weightsCommitment: Hex;
  /** What one inference meters. */
  readonly units: bigint;
}

/** The parameters as the model registry stores them. */
export function encodePlonkParameters({ verifier, codeHash, weightsCommitment, units }: PlonkParameters): Hex {
  return AbiCoder.defaultAbiCoder().encode(
    ["address", "bytes32", "bytes32", "uint64"],
    [verifier, codeHash, weightsCommitment, units],
  ) as Hex;
}
