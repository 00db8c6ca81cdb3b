import { type Curve, getCurveFromName } from "ffjavascript";

let users = 0;
let shared: Promise<Curve> | undefined;

/**
 * Runs `work` with snarkjs's curve, whose worker threads would keep the process alive: they end with the last user.
 * Every call into snarkjs goes through here.
 */
export async function withCurve<T>(work: (curve: Curve) => Promise<T>): Promise<T> {
  users++;
  // snarkjs shares one curve per process, but two that are made at the same time are two.
  shared ??= getCurveFromName("bn128");
  const curve = await shared;
  try {
    return await work(curve);
  } finally {
    users--;
    if (users === 0) {
      // No await in between: whoever comes next must not find a curve that is ending.
      shared = undefined;
      await curve.terminate();
    }
  }
}
