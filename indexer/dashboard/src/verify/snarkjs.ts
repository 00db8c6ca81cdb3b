/// <reference path="../../../../circuits/src/snarkjs.d.ts" />
import type { Snarkjs } from "../../../../sdk/src/verify/groth16.ts";

/** snarkjs and its curve, whose workers run until it is ended. */
export interface RunningSnarkjs extends Snarkjs {
  readonly end: () => Promise<void>;
}

/** Loads snarkjs, a chunk of its own: half a megabyte that only a Groth16 proof needs. */
export async function startSnarkjs(): Promise<RunningSnarkjs> {
  const { groth16, curves } = await import("snarkjs");
  const curve = await curves.getCurveFromName("bn128");
  return { groth16, curve, end: () => curve.terminate() };
}
