/** NIST P-384 (FIPS 186-5, SP 800-186 section 3.2.1.4): y² = x³ − 3x + b over the integers modulo p, of prime order n. */
export const p = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
/** The order of the group of points. */
export const n = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
/** The curve's coefficient b. */
export const b = 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn;

/** A point other than infinity, by its affine coordinates, both in [0, p). */
export type Point = { readonly x: bigint; readonly y: bigint };

/** The base point G. */
export const G: Point = {
  x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
  y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
};

/** `a` modulo `m`, in [0, m). */
export function mod(a: bigint, m: bigint): bigint {
  const r = a % m;
  return r < 0n ? r + m : r;
}

/** The inverse of `a` modulo the prime `m`, by Euclid's algorithm; 0 for 0. */
export function invert(a: bigint, m: bigint): bigint {
  let [r0, r1, t0, t1] = [m, mod(a, m), 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1];
  }
  return r0 === 1n ? mod(t0, m) : 0n;
}

/** The slope of the tangent at `P`. No point of P-384 has y = 0: its order is prime. */
export const tangent = ({ x, y }: Point): bigint => mod((3n * x * x - 3n) * invert(2n * y, p), p);

/** The slope of the line through `P` and `Q`, which must not have the same x. */
export const chord = (P: Point, Q: Point): bigint => mod((Q.y - P.y) * invert(Q.x - P.x, p), p);

/** The sum of `P` and `Q`, whose line has slope `lambda`. */
export function follow(P: Point, Q: Point, lambda: bigint): Point {
  const x = mod(lambda * lambda - P.x - Q.x, p);
  return { x, y: mod(lambda * (P.x - x) - P.y, p) };
}

/** −`P`. */
export const negate = ({ x, y }: Point): Point => ({ x, y: mod(-y, p) });

/** `P` + `Q`, where `undefined` is the point at infinity. */
export function add(P: Point | undefined, Q: Point | undefined): Point | undefined {
  if (P === undefined) return Q;
  if (Q === undefined) return P;
  if (P.x !== Q.x) return follow(P, Q, chord(P, Q));
  return P.y === Q.y ? follow(P, P, tangent(P)) : undefined;
}

/** Σ scalar · point, for public scalars (not in constant time). `undefined` is infinity. */
export function sum(...terms: readonly (readonly [scalar: bigint, point: Point])[]): Point | undefined {
  let total = INFINITY;
  const top = Math.max(...terms.map(([scalar]) => scalar.toString(2).length));
  for (let i = BigInt(top) - 1n; i >= 0n; i--) {
    total = double(total);
    for (const [scalar, point] of terms) if ((scalar >> i) & 1n) total = addTo(total, point);
  }
  if (total.Z === 0n) return undefined;
  const inverse = invert(total.Z, p);
  return { x: mod(total.X * inverse ** 2n, p), y: mod(total.Y * inverse ** 3n, p) };
}

/** A point in Jacobian coordinates: x = X/Z², y = Y/Z³; infinity has Z = 0. */
type Jacobian = { readonly X: bigint; readonly Y: bigint; readonly Z: bigint };
const INFINITY: Jacobian = { X: 1n, Y: 1n, Z: 0n };

function double({ X, Y, Z }: Jacobian): Jacobian {
  const delta = (Z * Z) % p;
  const gamma = (Y * Y) % p;
  const beta = (X * gamma) % p;
  const alpha = (3n * (X - delta) * (X + delta)) % p;
  const X3 = mod(alpha * alpha - 8n * beta, p);
  return { X: X3, Y: mod(alpha * (4n * beta - X3) - 8n * gamma * gamma, p), Z: (2n * Y * Z) % p };
}

function addTo(sum: Jacobian, { x, y }: Point): Jacobian {
  const { X, Y, Z } = sum;
  if (Z === 0n) return { X: x, Y: y, Z: 1n };
  const ZZ = (Z * Z) % p;
  const H = mod(x * ZZ - X, p);
  const r = mod(y * ZZ * Z - Y, p);
  if (H === 0n) return r === 0n ? double(sum) : INFINITY;
  const HHH = (H * H * H) % p;
  const V = (X * H * H) % p;
  const X3 = mod(r * r - HHH - 2n * V, p);
  return { X: X3, Y: mod(r * (V - X3) - Y * HHH, p), Z: (Z * H) % p };
}

/** Whether `P` is on the curve, its coordinates in [0, p). */
export const isOnCurve = ({ x, y }: Point): boolean =>
  x >= 0n && x < p && y >= 0n && y < p && mod(y * y - x * x * x + 3n * x - b, p) === 0n;

/** `value` in hex, 48 bytes, without a prefix. */
export const hex48 = (value: bigint): string => value.toString(16).padStart(96, "0");

/** A field element as the verifier computes with it: times 2^224 modulo p (Montgomery's form), in hex without prefix. */
export const montgomery = (value: bigint): string => hex48(mod(value << 224n, p));
