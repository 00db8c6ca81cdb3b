import {
  chord,
  follow,
  G,
  hex48,
  invert,
  isOnCurve,
  mod,
  montgomery,
  n,
  negate,
  type Point,
  sum,
  tangent,
} from "./p384Curve.ts";

/** What a signature is verified against; all 0x-hex. */
export type P384Signature = {
  /** The SHA-384 digest that was signed, 48 bytes. */
  readonly hash: string;
  /** r ‖ s, 96 bytes. */
  readonly signature: string;
  /** x ‖ y, 96 bytes. */
  readonly publicKey: string;
};

/**
 * The hint that makes `P384Verifier.verify` cheap. It holds nothing secret, needs no trust (a wrong one can only make
 * the verification fail) and is public to compute.
 *
 * With u1 = z/s and u2 = r/s modulo n, the signature is valid if the x of u1·G + u2·Q is r modulo n. Antipa, Brown,
 * Gallant, Lambert, Struik and Vanstone (SAC 2005) halve the work: Euclid's algorithm on (n, u2) gives v1 and v2 below
 * 2^192 with v1 ≡ ±v2·u2, so that with R = ∓(u1·G + u2·Q) it is enough that t·G + v1·Q + v2·R is infinity, where
 * t ≡ ±v2·u1.
 *
 * Layout: flags (1 byte: bit 0 the sign is minus, bit 1 the x of R is r + n), v1 (24), v2 (24), t (48), and in
 * Montgomery's form the y of R (48) and the slopes of the two tables of odd multiples, Q's and R's (8 · 48 each).
 *
 * @returns The 913 bytes as 0x-hex; "0x" if no hint can help, because the signature is not valid or not well
 * formed.
 */
export function p384Hint({ hash, signature, publicKey }: P384Signature): `0x${string}` {
  if (!isHex(hash, 48) || !isHex(signature, 96) || !isHex(publicKey, 96)) return "0x";
  const z = BigInt(hash);
  const [r, s] = halves(signature);
  const [x, y] = halves(publicKey);
  const Q = { x, y };
  if (r === 0n || r >= n || s === 0n || s >= n || !isOnCurve(Q)) return "0x";

  const w = invert(s, n);
  const u1 = mod(z * w, n);
  const u2 = mod(r * w, n);
  const total = sum([u1, G], [u2, Q]);
  if (total === undefined || mod(total.x, n) !== r) return "0x";

  const [v1, v2] = halve(u2);
  const R = v2 < 0n ? total : negate(total);
  const flags = (v2 < 0n ? 1 : 0) | (total.x === r ? 0 : 2);
  const absolute = v2 < 0n ? -v2 : v2;
  return `0x${[
    flags.toString(16).padStart(2, "0"),
    v1.toString(16).padStart(48, "0"),
    absolute.toString(16).padStart(48, "0"),
    hex48(mod(v2 * u1, n)),
    montgomery(R.y),
    ...tableSlopes(Q),
    ...tableSlopes(R),
  ].join("")}`;
}

const isHex = (value: string, bytes: number) => value.length === 2 + 2 * bytes && /^0x[0-9a-f]*$/i.test(value);

/** The two 48-byte numbers of a 96-byte hex string. */
const halves = (hex: string): [bigint, bigint] => [BigInt(hex.slice(0, 98)), BigInt(`0x${hex.slice(98)}`)];

/** (v1, v2) with v1 ≡ v2·u modulo n, 0 < v1 < 2^192 and 0 < |v2| < 2^192: the half-way step of Euclid's algorithm. */
function halve(u: bigint): [bigint, bigint] {
  let [r0, r1, t0, t1] = [n, u, 0n, 1n];
  while (r1 >> 192n) {
    const q = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1];
  }
  return [r1, t1];
}

/** The slopes by which the verifier makes 2P, then 3P, 5P … 15P by adding 2P, in Montgomery's form. */
function tableSlopes(P: Point): string[] {
  const first = tangent(P);
  const twice = follow(P, P, first);
  const slopes = [first];
  for (let point: Point = P; slopes.length < 8; ) {
    const lambda = chord(point, twice);
    slopes.push(lambda);
    point = follow(point, twice, lambda);
  }
  return slopes.map(montgomery);
}
