import { type CircuitInput, groth16, wtns } from "snarkjs";
import { withCurve } from "./curve.ts";
import type { Hex } from "./field.ts";
import { proofBytes } from "./key.ts";
import type { Circuit, CompiledCircuit } from "./setup.ts";

export interface Proof {
  /** As the contract takes it: of Groth16 A ‖ B ‖ C, 256 bytes. */
  readonly proof: Hex;
  /** In the circuit's order: outputs, then public inputs. */
  readonly publicSignals: readonly bigint[];
}

/**
 * Proves a circuit's statement. Proofs are randomised: no two are alike.
 *
 * @throws Error naming the circuit's line whose assertion the input breaks.
 */
export function prove(circuit: Circuit, input: CircuitInput): Promise<Proof> {
  return withCurve(async () => {
    const { proof, publicSignals } = await groth16.prove(circuit.zkey, await calculateWitness(circuit, input));
    return { proof: proofBytes(proof), publicSignals: publicSignals.map(BigInt) };
  });
}

/** A witness file, in memory. */
export interface Witness {
  type: "mem";
  data: Uint8Array;
}

/**
 * The memory that snarkjs makes for a witness program, in pages of 64 KiB: as little as it takes. Those of circom 2 bring
 * their own; it would be 2 GiB otherwise, each time, and the engine collects all garbage for that.
 */
const MEMORY = { memorySize: 1 };

/** The values of all of a circuit's wires. Throws as `prove` does. */
export async function calculateWitness(circuit: CompiledCircuit, input: CircuitInput): Promise<Witness> {
  const witness: Witness = { type: "mem", data: new Uint8Array() };
  await wtns.calculate(input, circuit.wasm, witness, MEMORY);
  return witness;
}
