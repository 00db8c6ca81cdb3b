import { withCurve } from "../circuits/src/curve.ts";

/**
 * Makes the Groth16 proofs that `work` makes the same at every run, so that what their bytes cost as calldata is the same
 * too: snarkjs blinds proofs with random scalars, here they are fixed. Such proofs are not zero-knowledge; nothing but a
 * measurement may use this.
 */
export function withFixedBlinding<T>(work: () => Promise<T>): Promise<T> {
  return withCurve(async (curve) => {
    const { random } = curve.Fr;
    let count = 0;
    curve.Fr.random = () => curve.Fr.exp(curve.Fr.e(7), ++count * 1_000_003);
    try {
      return await work();
    } finally {
      curve.Fr.random = random;
    }
  });
}
