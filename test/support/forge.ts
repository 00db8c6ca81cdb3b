import { concat, toBeHex } from "ethers";
import { getCurveFromName } from "ffjavascript";
import { rngOfBeacon } from "../../circuits/src/developmentKey.ts";
import type { DigitsModel } from "../../circuits/src/digits.ts";
import type { Hex } from "../../circuits/src/model.ts";

/** A curve without the threads of snarkjs's, which take half a second to start and keep a process alive. */
let curve: ReturnType<typeof getCurveFromName> | undefined;

/**
 * Valid proofs of any statements, made in milliseconds without a witness: a development key's delta follows from its
 * beacon, and A = t·alpha, B = beta/t, C = -IC(s)/delta satisfy the equation for any signals s and any t. The i-th proof
 * has t = i + 1.
 */
export async function forgeProofs(
  { ceremony, vkey }: Pick<DigitsModel, "ceremony" | "vkey">,
  statements: readonly (readonly bigint[])[],
): Promise<Hex[]> {
  curve ??= getCurveFromName("bn128", true);
  const { Fr, G1, G2 } = await curve;
  const point = ([x = "", y = ""]: readonly string[]) => G1.fromObject([BigInt(x), BigInt(y)]);
  const delta = Fr.fromRng(rngOfBeacon(ceremony.beacon.slice(2)));
  const alpha = point(vkey.vk_alpha_1);
  const beta = G2.fromObject(vkey.vk_beta_2.map((pair) => pair.map(BigInt)));
  const [ic0, ...ic] = vkey.IC.map(point);
  if (ic0 === undefined) throw new Error("the key has no IC[0]");
  return statements.map((signals, i) => {
    const t = Fr.e(BigInt(i) + 1n);
    const sum = ic.reduce((partial, base, j) => G1.add(partial, G1.timesFr(base, Fr.e(signals[j] ?? 0n))), ic0);
    const a = G1.toObject(G1.toAffine(G1.timesFr(alpha, t)));
    const b = G2.toObject(G2.toAffine(G2.timesFr(beta, Fr.inv(t))));
    const c = G1.toObject(G1.toAffine(G1.neg(G1.timesFr(sum, Fr.inv(delta)))));
    // EIP-197 has the imaginary part of a coordinate first, ffjavascript the real one; the third coordinate is one.
    const coordinates = [
      ...a.slice(0, 2),
      ...b.slice(0, 2).flatMap(([real, imaginary]) => [imaginary, real]),
      ...c.slice(0, 2),
    ];
    return concat(coordinates.map((coordinate) => toBeHex(coordinate ?? 0n, 32))) as Hex;
  });
}
