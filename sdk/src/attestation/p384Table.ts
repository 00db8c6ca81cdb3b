import { add, G, montgomery, negate, type Point } from "./p384Curve.ts";

const TEETH = 9;
const SPACING = 43;

/**
 * The fixed-base table of the P-384 verifier: a signed comb with nine teeth, 43 bits apart. Entry e (0 to 255) is
 * 2^(8·43)·G + Σ ±2^(43·i)·G over i from 0 to 7, plus where bit i of e is set; each entry is x ‖ y, 48 bytes each,
 * in Montgomery's form.
 *
 * @returns The table's 24,576 bytes as 0x-hex: the constructor argument of P384Table.
 */
export function p384Table(): `0x${string}` {
  const teeth: Point[] = [];
  let power: Point = G;
  for (let i = 0; i < TEETH; i++) {
    teeth.push(power);
    for (let j = 0; j < SPACING; j++) power = finite(add(power, power));
  }
  const [top, ...lower] = teeth.toReversed();
  const entries: Point[] = [lower.reduce((sum, tooth) => finite(add(sum, negate(tooth))), finite(top))];
  for (const tooth of teeth.slice(0, TEETH - 1)) {
    const twice = finite(add(tooth, tooth));
    entries.push(...entries.map((entry) => finite(add(entry, twice))));
  }
  return `0x${entries.map(({ x, y }) => montgomery(x) + montgomery(y)).join("")}`;
}

/** No sum in the table is infinity: each is a multiple of G by a number in [1, n - 1]. */
function finite(point: Point | undefined): Point {
  if (point === undefined) throw new Error("p384Table: a table entry came out as the point at infinity.");
  return point;
}
