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
import { COLUMNS, combColumns } from "./p384Table.ts";

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
 * t ≡ ±v2·u1. Every addition on the way is done in affine coordinates with its slope from the hint, which the verifier
 * checks by a multiplication, where it would otherwise have to divide.
 *
 * Layout: flags (1 byte: bit 0 the sign is minus, bit 1 the x of R is r + n), t (48), then in Montgomery's form, 48
 * bytes each, the y of R and the slopes of the tables of odd multiples of Q (8) and R (8), then the number of powers of
 * two (1) and for each of them, from the highest down, the digits of v1 and of v2 − 1 (1 each: 0, or 0x08 for the
 * presence, |digit| >> 1 in the low bits, 0x10 for minus), and the slopes of t·G + v1·Q + (v2 − 1)·R in the order in
 * which the verifier adds.
 *
 * @returns About 15 KB as 0x-hex; "0x" if no hint can help, because the signature is not valid or not well formed.
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
  const absolute = v2 < 0n ? -v2 : v2;
  const flags = (v2 < 0n ? 1 : 0) | (total.x === r ? 0 : 2);
  const tables = [oddMultiples(Q), oddMultiples(R)] as const;
  // Small multiples of (v1, v2) do as well: another one if the sum meets a vertical or an undefined line, which happens
  // for keys and nonces that were chosen for it only.
  for (let factor = 1n; factor < 256n; factor++) {
    const t = mod(factor * v2 * u1, n);
    const hint = encodeHint({
      flags,
      t,
      R,
      terms: [
        { table: tables[0], digits: signedDigits(factor * v1) },
        { table: tables[1], digits: signedDigits(factor * absolute - 1n) },
      ],
    });
    if (hint !== undefined) return hint;
  }
  return "0x";
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

/** P, 3P, 5P … 15P, and the slopes by which the verifier makes 2P and then adds it. */
export type OddMultiples = { readonly points: readonly Point[]; readonly slopes: readonly bigint[] };

export function oddMultiples(P: Point): OddMultiples {
  const first = tangent(P);
  const twice = follow(P, P, first);
  const points = [P];
  const slopes = [first];
  for (let point = P; points.length < 8; points.push(point)) {
    const lambda = chord(point, twice);
    slopes.push(lambda);
    point = follow(point, twice, lambda);
  }
  return { points, slopes };
}

/** The signed digits of `scalar`, odd or 0, from the lowest power of two up (wNAF of width 5). */
export function signedDigits(scalar: bigint): number[] {
  const result: number[] = [];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    const low = Number(rest & 31n);
    const digit = (low & 1) === 0 ? 0 : low > 16 ? low - 32 : low;
    result.push(digit);
    rest -= BigInt(digit);
  }
  return result;
}

/** What a hint says: that t·G + Σ digits·table is −R. The terms are v1·Q and (v2 − 1)·R. */
export type HintParts = {
  readonly flags: number;
  readonly t: bigint;
  readonly R: Point;
  readonly terms: readonly [HintTerm, HintTerm];
};
type HintTerm = { readonly table: OddMultiples; readonly digits: readonly number[] };

/**
 * The bytes of a hint; `undefined` if the sum meets a vertical line.
 *
 * @param line The slope of the line through two points, `undefined` if there is none.
 */
export function encodeHint(
  { flags, t, R, terms }: HintParts,
  line = (P: Point, Q: Point): bigint | undefined => (P.x === Q.x ? undefined : chord(P, Q)),
): `0x${string}` | undefined {
  const powers = Math.max(COLUMNS, ...terms.map(({ digits }) => digits.length));
  const column = combColumns(t);
  const slopes: bigint[] = [];
  let total: Point | undefined;
  for (let power = powers - 1; power >= 0; power--) {
    const points = terms.flatMap(({ table, digits }) => {
      const digit = digits[power] ?? 0;
      const point = table.points[Math.abs(digit) >> 1];
      return digit === 0 || point === undefined ? [] : [digit < 0 ? negate(point) : point];
    });
    if (power < COLUMNS) points.push(column(power));
    let doubled = total === undefined;
    for (const point of points) {
      if (total === undefined) {
        total = point;
        continue;
      }
      const lambda = line(total, point);
      if (lambda === undefined) return undefined;
      slopes.push(lambda);
      const sum = follow(total, point, lambda);
      if (doubled) {
        total = sum;
        continue;
      }
      // 2 total + point is total + (total + point).
      const next = line(total, sum);
      if (next === undefined) return undefined;
      slopes.push(next);
      total = follow(total, sum, next);
      doubled = true;
    }
    if (!doubled && total !== undefined) {
      const lambda = tangent(total);
      slopes.push(lambda);
      total = follow(total, total, lambda);
    }
  }
  return `0x${[
    byte(flags),
    hex48(t),
    ...[R.y, ...terms.flatMap(({ table }) => table.slopes)].map(montgomery),
    byte(powers),
    ...Array.from({ length: powers }, (_, i) =>
      terms.map(({ digits }) => digitByte(digits[powers - 1 - i] ?? 0)).join(""),
    ),
    ...slopes.map(montgomery),
  ].join("")}`;
}

const byte = (value: number) => value.toString(16).padStart(2, "0");

const digitByte = (digit: number) => byte(digit === 0 ? 0 : 0x08 | (Math.abs(digit) >> 1) | (digit < 0 ? 0x10 : 0));
