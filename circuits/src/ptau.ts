import { createHash } from "node:crypto";
import { ChaCha, type Curve, type Group, type ScalarField } from "ffjavascript";
import { powersOfTau } from "snarkjs";
import { withCurve } from "./curve.ts";

/** The exponent of the number of times that snarkjs hashes a beacon: 2^10, its minimum. */
export const BEACON_ITERATIONS_EXP = 10;

/**
 * The first phase of a development setup: a powers-of-tau file, prepared for the second phase, whose only contribution is
 * a public beacon. Whoever reads this file knows tau: **never use it outside development**.
 *
 * The bytes are those of snarkjs's `powersoftau new`, `beacon` and `prepare phase2`, and depend on the arguments only. The
 * last step takes snarkjs minutes, because it works on points whose scalars nobody is supposed to know. Here they are
 * known, so that each point of the Lagrange basis is one multiplication of the generator.
 *
 * @param power The base-2 logarithm of the greatest number of constraints.
 * @param beacon 32 bytes of hex without 0x.
 */
export function developmentPtau(power: number, beacon: string): Promise<Uint8Array> {
  return withCurve(async (curve) => {
    const fresh = { type: "mem" as const, data: new Uint8Array() };
    await powersOfTau.newAccumulator(curve, power, fresh);
    const contributed = { type: "mem" as const, data: new Uint8Array() };
    await powersOfTau.beacon(fresh, contributed, "development", beacon, BEACON_ITERATIONS_EXP);
    return preparePhase2(curve, power, contributed.data, secretsOfBeacon(curve, beacon));
  });
}

interface Secrets {
  tau: Uint8Array;
  alpha: Uint8Array;
  beta: Uint8Array;
}

/** The secrets of a first phase whose only contribution is a beacon. */
function secretsOfBeacon(curve: Curve, beacon: string): Secrets {
  const rng = rngOfBeacon(beacon);
  return { tau: curve.Fr.fromRng(rng), alpha: curve.Fr.fromRng(rng), beta: curve.Fr.fromRng(rng) };
}

/** What snarkjs draws a contribution's secrets from, in either phase: ChaCha20, seeded by the iterated SHA-256. */
export function rngOfBeacon(beacon: string): ChaCha {
  let digest = Buffer.from(beacon, "hex");
  for (let i = 0; i < 2 ** BEACON_ITERATIONS_EXP; i++) digest = createHash("sha256").update(digest).digest();
  return new ChaCha(Array.from({ length: 8 }, (_, i) => digest.readUInt32BE(4 * i)));
}

/** What snarkjs appends: for each domain of 2^p points, the group elements of the Lagrange polynomials' values at tau. */
async function preparePhase2(curve: Curve, power: number, ptau: Uint8Array, secrets: Secrets): Promise<Uint8Array> {
  const { Fr } = curve;
  const multiply = { G1: fixedBaseMultiplier(curve.G1, Fr), G2: fixedBaseMultiplier(curve.G2, Fr) };

  /** The basis over 2^p points; the interpolation of factor·tau^i, of which the file holds the first `known`. */
  async function basis(group: "G1" | "G2", p: number, factor: Uint8Array, known = 2 ** p): Promise<Uint8Array> {
    const powers = new Uint8Array(32 * 2 ** p);
    for (let i = 0, power = factor; i < known; i++, power = Fr.mul(power, secrets.tau)) powers.set(power, 32 * i);
    const values = await Fr.ifft(powers);
    const points = Array.from({ length: 2 ** p }, (_, i) => multiply[group](values.slice(32 * i, 32 * (i + 1))));
    return curve[group].batchToAffine(Buffer.concat(points));
  }

  const sections = [];
  for (const [id, group, factor] of [
    [12, "G1", Fr.one],
    [13, "G2", Fr.one],
    [14, "G1", secrets.alpha],
    [15, "G1", secrets.beta],
  ] as const) {
    const bases = [];
    for (let p = 0; p <= power; p++) bases.push(await basis(group, p, factor));
    // A file of power p holds 2^(p + 1) - 1 powers of tau in G1.
    if (id === 12) bases.push(await basis(group, power + 1, factor, 2 ** (power + 1) - 1));
    const data = Buffer.concat(bases);
    const header = Buffer.alloc(12);
    header.writeUInt32LE(id, 0);
    header.writeBigUInt64LE(BigInt(data.length), 4);
    sections.push(header, data);
  }
  const prepared = Buffer.concat([ptau, ...sections]);
  prepared.writeUInt32LE(prepared.readUInt32LE(8) + 4, 8); // the number of sections
  return prepared;
}

/** Multiplies the generator by scalars, from a table of the multiples of its 2^(8·i)-folds. */
function fixedBaseMultiplier(group: Group, field: ScalarField): (scalar: Uint8Array) => Uint8Array {
  const table: Uint8Array[][] = [];
  let base = group.g;
  for (let window = 0; window < 32; window++) {
    const row = [group.zero];
    for (let digit = 1; digit <= 256; digit++) row.push(group.add(row[digit - 1] ?? group.zero, base));
    base = row.pop() ?? group.zero;
    table.push(row);
  }
  return (scalar) => {
    let sum = group.zero;
    field.fromMontgomery(scalar).forEach((digit, window) => {
      if (digit !== 0) sum = group.add(sum, table[window]?.[digit] ?? group.zero);
    });
    return sum;
  };
}
