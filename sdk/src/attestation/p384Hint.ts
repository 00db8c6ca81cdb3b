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
import { combColumns } from "./p384Table.ts";

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
 * Layout: flags (1 byte: bit 0 the sign is minus, bit 1 the x of R is r + n), v1 (25), v2 (25), t (48), then in
 * Montgomery's form, 48 bytes each, the y of R, the slopes of the tables of odd multiples of Q (8) and R (8), and the
 * slopes of t·G + v1·Q + (v2 − 1)·R in the order of the verifier.
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
    const slopes = sumSlopes(t, tables[0].points, factor * v1, tables[1].points, factor * absolute - 1n);
    if (slopes === undefined) continue;
    return `0x${[
      flags.toString(16).padStart(2, "0"),
      (factor * v1).toString(16).padStart(50, "0"),
      (factor * absolute).toString(16).padStart(50, "0"),
      hex48(t),
      ...[R.y, ...tables[0].slopes, ...tables[1].slopes, ...slopes].map(montgomery),
    ].join("")}`;
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
function oddMultiples(P: Point): { points: Point[]; slopes: bigint[] } {
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

/** The signed odd digits of `scalar` (wNAF of width 5), by their power of two. */
function digits(scalar: bigint): Map<number, number> {
  const result = new Map<number, number>();
  for (let power = 0, rest = scalar; rest > 0n; power++, rest >>= 1n) {
    if ((rest & 1n) === 0n) continue;
    const low = Number(rest & 31n);
    const digit = low > 16 ? low - 32 : low;
    result.set(power, digit);
    rest -= BigInt(digit);
  }
  return result;
}

/** The slopes of t·G + v1·Q + v2·R as `accumulateBy` of the verifier takes them; `undefined` if a line is not defined. */
function sumSlopes(t: bigint, Q: readonly Point[], v1: bigint, R: readonly Point[], v2: bigint): bigint[] | undefined {
  const sources = [
    [digits(v1), Q],
    [digits(v2), R],
  ] as const;
  const column = combColumns(t);
  const slopes: bigint[] = [];
  let total: Point | undefined;
  for (let power = Math.max(42, ...sources.flatMap(([named]) => [...named.keys()])); power >= 0; power--) {
    const points = sources.flatMap(([named, table]) => {
      const digit = named.get(power) ?? 0;
      const point = table[Math.abs(digit) >> 1];
      return digit === 0 || point === undefined ? [] : [digit < 0 ? negate(point) : point];
    });
    if (power < 43) points.push(column(power));
    let doubled = total === undefined;
    for (const point of points) {
      if (total === undefined) {
        total = point;
        continue;
      }
      if (total.x === point.x) return undefined;
      const lambda = chord(total, point);
      slopes.push(lambda);
      let other = point;
      if (!doubled) {
        other = follow(total, point, lambda);
        if (total.x === other.x) return undefined;
        slopes.push(chord(total, other));
        doubled = true;
      }
      total = follow(total, other, slopes.at(-1) ?? lambda);
    }
    if (!doubled && total !== undefined) {
      slopes.push(tangent(total));
      total = follow(total, total, tangent(total));
    }
  }
  return slopes;
}
