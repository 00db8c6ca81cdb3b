import { add, G, montgomery, n, negate, type Point } from "./p384Curve.ts";

const TEETH = 9;
/** The number of the comb's columns, and the distance of its teeth in bits. */
export const COLUMNS = 43;

let entries: readonly Point[] | undefined;

/** The table's points, computed once. */
function tablePoints(): readonly Point[] {
  if (entries !== undefined) return entries;
  const teeth: Point[] = [];
  let power: Point = G;
  for (let i = 0; i < TEETH; i++) {
    teeth.push(power);
    for (let j = 0; j < COLUMNS; j++) power = finite(add(power, power));
  }
  const [top, ...lower] = teeth.toReversed();
  const points: Point[] = [lower.reduce((sum, tooth) => finite(add(sum, negate(tooth))), finite(top))];
  for (const tooth of teeth.slice(0, TEETH - 1)) {
    const twice = finite(add(tooth, tooth));
    points.push(...points.map((point) => finite(add(point, twice))));
  }
  entries = points;
  return points;
}

/**
 * The fixed-base table of the P-384 verifier: a signed comb with nine teeth, 43 bits apart. Entry e (0 to 255) is
 * 2^(8·43)·G + Σ ±2^(43·i)·G over i from 0 to 7, plus where bit i of e is set; each entry is x ‖ y, 48 bytes each,
 * in Montgomery's form.
 *
 * @returns The table's 24,576 bytes as 0x-hex: the constructor argument of P384Table.
 */
export const p384Table = (): `0x${string}` =>
  `0x${tablePoints()
    .map(({ x, y }) => montgomery(x) + montgomery(y))
    .join("")}`;

/**
 * The points that the verifier's comb adds for `scalar`·G, below 2^384, by column: `scalar`·G = Σ 2^j · column(j) over
 * j from 0 to 42. Made odd by adding n if need be, the scalar is Σ ±2^i over i below 387.
 */
export function combColumns(scalar: bigint): (column: number) => Point {
  const odd = scalar & 1n ? scalar : scalar + n;
  const signs = (odd + 2n ** BigInt(TEETH * COLUMNS) - 1n) / 2n;
  return (column) => {
    let index = 0;
    for (let i = 0; i < TEETH; i++) index |= Number((signs >> BigInt(COLUMNS * i + column)) & 1n) << i;
    const plus = index >> (TEETH - 1) === 1;
    const point = finite(tablePoints()[plus ? index & 0xff : ~index & 0xff]);
    return plus ? point : negate(point);
  };
}

/** No sum in the table is infinity: each is a multiple of G by a number in [1, n - 1]. */
function finite(point: Point | undefined): Point {
  if (point === undefined) throw new Error("p384Table: a table entry came out as the point at infinity.");
  return point;
}
