import { type Curve, getCurveFromName } from "ffjavascript";

let users = 0;

/**
 * Runs `work` with snarkjs's curve, whose worker threads would keep the process alive: they end with the last user.
 * Every call into snarkjs goes through here.
 */
export async function withCurve<T>(work: (curve: Curve) => Promise<T>): Promise<T> {
  users++;
  try {
    return await work(await getCurveFromName("bn128"));
  } finally {
    users--;
    // snarkjs shares one curve per process; a proof that starts later makes a new one.
    if (users === 0) await (await getCurveFromName("bn128")).terminate();
  }
}
