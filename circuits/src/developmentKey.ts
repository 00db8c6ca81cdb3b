import { createHash } from "node:crypto";
import { ChaCha, type Curve, type Group } from "ffjavascript";
import { withCurve } from "./curve.ts";
import { FIELD } from "./field.ts";
import { readR1cs } from "./r1cs.ts";

/** The exponent of the number of times that snarkjs hashes a beacon: 2^10, its minimum. */
export const BEACON_ITERATIONS_EXP = 10;

/** The most rows, as a power of two, that this was compared with snarkjs for. */
const MAX_POWER = 15;

/** snarkjs hashes the differences of powers of tau by this many, and the last of several chunks as full as the first. */
const HASH_CHUNK = 2 ** 14;

/**
 * A development proving key before its second phase: byte by byte what snarkjs makes of the constraints (`zkey new`) and of a
 * powers-of-tau file whose only contribution is a public beacon (`powersoftau new`, `beacon`, `prepare phase2`). The file
 * has the circuit's power of two, and one more for circuits of more than 2^14 rows: with the same power, what snarkjs hashes
 * of them ends behind the end of a section.
 *
 * snarkjs takes minutes, because it works on points whose scalars nobody is supposed to know. Here everybody knows them, so
 * that every point is one multiplication of the generator. Whoever reads this can forge proofs: **development only**.
 *
 * @param r1cs circom's constraints, of which there may be up to about 2^15.
 * @param beacon 32 bytes of hex without 0x.
 */
export function developmentZkey(r1cs: Uint8Array, beacon: string): Promise<Uint8Array> {
  return withCurve(async (curve) => {
    const { Fr, G1, G2 } = curve;
    const { wires, publicSignals, constraints } = readR1cs(r1cs);
    const power = Math.ceil(Math.log2(constraints.length + publicSignals + 1));
    if (power > MAX_POWER) {
      throw new RangeError(`2^${power} constraints are too many for this setup: at most 2^${MAX_POWER}`);
    }
    const n = 2 ** power;

    // The secrets that snarkjs draws from the beacon, in its order.
    const rng = rngOfBeacon(beacon);
    const secret = () => Fr.toObject(Fr.fromRng(rng));
    const tau = secret();
    const alpha = secret();
    const beta = secret();

    // The wires' polynomials at tau. A row of its own keeps each public signal, and 1, independent of the others.
    const lagrange = await lagrangeBasis(curve, n, powersOf(tau, n));
    const [a, b, c] = [0, 1, 2].map(() => new Array<bigint>(wires).fill(0n)) as [bigint[], bigint[], bigint[]];
    const coefficients: Uint8Array[] = [];
    const add = (matrix: 0 | 1, row: number, wire: number, coefficient: bigint) => {
      addTo(matrix === 0 ? a : b, wire, coefficient * (lagrange[row] ?? 0n));
      coefficients.push(uint32(matrix, row, wire), littleEndian((coefficient * MONTGOMERY_SQUARED) % FIELD));
    };
    for (const [row, [left, right, product]] of constraints.entries()) {
      for (const [wire, coefficient] of left) add(0, row, wire, coefficient);
      for (const [wire, coefficient] of right) add(1, row, wire, coefficient);
      for (const [wire, coefficient] of product) addTo(c, wire, coefficient * (lagrange[row] ?? 0n));
    }
    for (let wire = 0; wire <= publicSignals; wire++) add(0, constraints.length + wire, wire, 1n);
    const combined = a.map((value, wire) => (beta * value + alpha * (b[wire] ?? 0n) + (c[wire] ?? 0n)) % FIELD);

    // The quotient is interpolated at the odd points of twice the domain. Of its own power, the file knows one power of tau
    // less than points.
    const powers = powersOf(tau, n - 1 <= HASH_CHUNK ? 2 * n - 1 : 2 * n);
    const odd = (await lagrangeBasis(curve, 2 * n, powers)).filter((_, i) => i % 2 === 1);
    const vanishing = powers.slice(n).map((value, i) => (value + FIELD - (powers[i] ?? 0n)) % FIELD);

    const g1 = fixedBasePoints(G1);
    const g2 = fixedBasePoints(G2);
    const head1 = await g1([alpha, beta]);
    const head2 = await g2([beta, 1n]); // beta, gamma
    const delta1 = await g1([1n]);
    const delta2 = await g2([1n]);
    const ic = await g1(combined.slice(0, publicSignals + 1));
    const pointsA = await g1(a);
    const pointsB1 = await g1(b);
    const pointsB2 = await g2(b);
    const pointsC = await g1(combined.slice(publicSignals + 1));
    const pointsH = await g1(odd);

    const hash = createHash("blake2b512");
    for (const part of [
      await G1.batchLEMtoU(head1),
      await G2.batchLEMtoU(head2),
      await G1.batchLEMtoU(delta1),
      await G2.batchLEMtoU(delta2),
      ...(await counted(G1, ic)),
      ...(await counted(G1, await g1(vanishing), n - 1)),
      ...(await counted(G1, pointsC)),
      ...(await counted(G1, pointsA)),
      ...(await counted(G1, pointsB1)),
      ...(await counted(G2, pointsB2)),
    ]) {
      hash.update(part);
    }

    const field = (order: bigint) => [uint32(32), littleEndian(order)];
    const sizes = uint32(wires, publicSignals, n);
    const sections = [
      section(1, uint32(1)), // Groth16
      section(2, ...field(curve.q), ...field(curve.r), sizes, head1, head2, delta1, delta2),
      section(4, uint32(coefficients.length / 2), Buffer.concat(coefficients)),
      section(3, ic),
      section(9, pointsH),
      section(8, pointsC),
      section(5, pointsA),
      section(6, pointsB1),
      section(7, pointsB2),
      section(10, hash.digest(), uint32(0)), // no contributions yet
    ];
    return Buffer.concat([Buffer.from("zkey"), uint32(1, sections.length), ...sections]);
  });
}

/**
 * The powers of tau of 2^power points under the secret of a public beacon, as far as a PLONK setup reads them: of tau's
 * multiples of the generator of G2 the first two, and no transcript. **Development only**, like {@link developmentZkey}.
 *
 * @param power At most 15.
 * @param beacon 32 bytes of hex without 0x.
 */
export function developmentPtau(power: number, beacon: string): Promise<Uint8Array> {
  return withCurve(async (curve) => {
    const { Fr, G1, G2 } = curve;
    if (power > MAX_POWER)
      throw new RangeError(`2^${power} points are too many for this setup: at most 2^${MAX_POWER}`);
    const n = 2 ** power;
    const tau = Fr.toObject(Fr.fromRng(rngOfBeacon(beacon)));
    const powers = powersOf(tau, 2 * n - 1);
    const bases: bigint[] = [];
    for (let size = 1; size <= n; size *= 2) bases.push(...(await lagrangeBasis(curve, size, powers.slice(0, size))));
    const g1 = fixedBasePoints(G1);
    const sections = [
      section(1, uint32(32), littleEndian(curve.q), uint32(power, power)),
      section(2, await g1(powers)),
      section(3, await fixedBasePoints(G2)([1n, tau])),
      section(12, await g1(bases)),
    ];
    return Buffer.concat([Buffer.from("ptau"), uint32(1, sections.length), ...sections]);
  });
}

/** What snarkjs draws a contribution's secrets from, in either phase: ChaCha20, seeded by the iterated SHA-256. */
export function rngOfBeacon(beacon: string): ChaCha {
  let digest = Buffer.from(beacon, "hex");
  for (let i = 0; i < 2 ** BEACON_ITERATIONS_EXP; i++) digest = createHash("sha256").update(digest).digest();
  return new ChaCha(Array.from({ length: 8 }, (_, i) => digest.readUInt32BE(4 * i)));
}

/** snarkjs keeps the constraints' coefficients multiplied by R^2, where R = 2^256 is Montgomery's. */
const MONTGOMERY_SQUARED = 2n ** 512n % FIELD;

function powersOf(tau: bigint, count: number): bigint[] {
  const powers = [1n];
  while (powers.length < count) powers.push(((powers.at(-1) ?? 0n) * tau) % FIELD);
  return powers;
}

/** The values at tau of the Lagrange polynomials over the n-th roots of unity; of powers that are not given, without them. */
async function lagrangeBasis({ Fr }: Curve, n: number, powers: readonly bigint[]): Promise<bigint[]> {
  const padded = new Uint8Array(32 * n); // not a Buffer: ffjavascript relies on slice() to copy
  for (const [i, power] of powers.entries()) padded.set(Fr.e(power), 32 * i);
  const values = await Fr.ifft(padded);
  return Array.from({ length: n }, (_, i) => Fr.toObject(values.slice(32 * i, 32 * (i + 1))));
}

/** Multiplies the generator by scalars, from a table of the multiples of its 2^(8·i)-folds. The points are affine. */
function fixedBasePoints<Coordinate>(group: Group<Coordinate>): (scalars: readonly bigint[]) => Promise<Uint8Array> {
  const table: Uint8Array[][] = [];
  let base = group.g;
  for (let window = 0; window < 32; window++) {
    const row = [group.zero];
    for (let digit = 1; digit <= 256; digit++) row.push(group.add(row[digit - 1] ?? group.zero, base));
    base = row.pop() ?? group.zero;
    table.push(row);
  }
  const multiply = (scalar: bigint) => {
    let sum = group.zero;
    for (const [window, digit] of littleEndian(scalar).entries()) {
      if (digit !== 0) sum = group.add(sum, table[window]?.[digit] ?? group.zero);
    }
    return sum;
  };
  return (scalars) => group.batchToAffine(Buffer.concat(scalars.map(multiply)));
}

/** Points as snarkjs hashes them: their number, as it counts them, then their coordinates, big-endian. */
async function counted<Coordinate>(
  group: Group<Coordinate>,
  points: Uint8Array,
  number = points.length / group.zeroAffine.length,
): Promise<Uint8Array[]> {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(number);
  return [count, await group.batchLEMtoU(points)];
}

function addTo(sums: bigint[], index: number, term: bigint): void {
  sums[index] = ((sums[index] ?? 0n) + term) % FIELD;
}

/** A section of iden3's binary files: its type (4 bytes), its length (8 bytes) and its content. */
function section(type: number, ...parts: Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(content.length));
  return Buffer.concat([uint32(type), length, content]);
}

function uint32(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, 4 * i);
  return bytes;
}

/** A field element as 32 bytes, the lowest first. */
function littleEndian(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}
