import { FIELD } from "../../circuits/src/field.ts";
import type { Combination, Constraint } from "../../circuits/src/r1cs.ts";

const modulo = (x: bigint) => ((x % FIELD) + FIELD) % FIELD;

/** The exponents of plus and minus the powers of two of which no sums wrap around the field. */
const EXPONENTS = new Map(
  Array.from({ length: 252 }, (_, exponent) => exponent).flatMap((exponent) => [
    [1n << BigInt(exponent), exponent],
    [FIELD - (1n << BigInt(exponent)), exponent],
  ]),
);

/**
 * The wires of a circuit that its constraints leave open once some are given. None is left only if every witness with the
 * given wires is the same one. This is shown, and never guessed, by what is known of linear combinations of open wires:
 *
 * 1. Of a constraint a · b = c with a and b known, c is known.
 * 2. What is known of combinations is known of their combinations (Gauss, Jordan).
 * 3. A known combination of one wire is that wire.
 * 4. A known combination of bits, with distinct powers of two as coefficients (up to their signs and a common factor), is
 *    all these bits: a number has one decomposition. A wire is a bit by a constraint x · (x - 1) = 0; where circom has put a combination
 *    for x, x is one more unknown that is a bit, and known is that the combination less x is 0.
 */
export function openWires(constraints: readonly Constraint[], wires: number, given: Iterable<number>): Set<number> {
  const bits = new Set<number>();
  const known = new Known(bits, [0, ...given]);
  let pending: Constraint[] = [];
  const combinations: Combination[] = [];
  for (const constraint of constraints) {
    const bit = bitOf(...constraint);
    if (bit === undefined) {
      pending.push(constraint);
      continue;
    }
    const [single, ...others] = bit.filter(([wire]) => wire !== 0);
    const sum = modulo(bit.reduce((total, [, coefficient]) => total + coefficient, 0n));
    // x itself, or 1 - x.
    if (single !== undefined && others.length === 0 && (sum === single[1] ? sum === 1n : sum === 0n))
      bits.add(single[0]);
    else combinations.push(bit);
  }
  for (const [i, combination] of combinations.entries()) {
    bits.add(wires + i);
    known.add([...combination, [wires + i, FIELD - 1n]]);
  }
  for (let count = Number.POSITIVE_INFINITY; pending.length < count; ) {
    count = pending.length;
    pending = pending.filter(([a, b, c]) => {
      const isKnown = known.covers(a) && known.covers(b);
      if (isKnown) known.add(c);
      return !isKnown;
    });
  }
  const all = Array.from({ length: wires }, (_, wire) => wire);
  return new Set(all.filter((wire) => !known.wires.has(wire)));
}

/** What is known: single wires, and combinations of others. */
class Known {
  readonly wires: Set<number>;
  readonly #bits: ReadonlySet<number>;
  /** Each combination by one of its wires, which is in no other; its coefficient is 1. */
  readonly #rows = new Map<number, Map<number, bigint>>();
  /** For each wire, the leading wires of the combinations that it is in. */
  readonly #uses = new Map<number, Set<number>>();

  constructor(bits: ReadonlySet<number>, wires: Iterable<number>) {
    this.#bits = bits;
    this.wires = new Set(wires);
  }

  covers(combination: Combination): boolean {
    return this.#rest(combination).size === 0;
  }

  add(combination: Combination): void {
    const row = this.#rest(combination);
    // Bits are what rule 4 needs to be left.
    const lead = [...row.keys()].find((wire) => !this.#bits.has(wire)) ?? row.keys().next().value;
    if (lead === undefined) return;
    const scale = inverse(row.get(lead) ?? 0n);
    for (const [wire, coefficient] of row) row.set(wire, modulo(coefficient * scale));
    const changed = [...(this.#uses.get(lead) ?? [])];
    this.#rows.set(lead, row);
    for (const wire of row.keys()) this.#use(wire, lead);
    for (const other of changed) {
      const target = this.#rows.get(other);
      if (target) this.#subtract(target, row, target.get(lead) ?? 0n, other);
    }
    const found = [lead, ...changed];
    for (let next = found.pop(); next !== undefined; next = found.pop()) found.push(...this.#conclude(next));
  }

  /** Rules 3 and 4. @returns the combinations that say more now. */
  #conclude(lead: number): number[] {
    const row = this.#rows.get(lead);
    if (row === undefined) return [];
    const wires = [...row.keys()];
    const isDecomposition = wires.every((wire) => this.#bits.has(wire)) && arePowers([...row.values()]);
    if (wires.length > 1 && !isDecomposition) return [];
    this.#rows.delete(lead);
    const others = new Set<number>();
    for (const wire of wires) {
      this.wires.add(wire);
      for (const other of this.#uses.get(wire) ?? []) {
        this.#rows.get(other)?.delete(wire);
        others.add(other);
      }
      this.#uses.delete(wire);
    }
    return [...others];
  }

  /** What of a combination is not known. */
  #rest(combination: Combination): Map<number, bigint> {
    const rest = new Map<number, bigint>();
    for (const [wire, coefficient] of combination) {
      if (!this.wires.has(wire) && coefficient !== 0n) rest.set(wire, coefficient);
    }
    for (const [wire, coefficient] of [...rest]) {
      const row = this.#rows.get(wire);
      if (row) this.#subtract(rest, row, coefficient);
    }
    return rest;
  }

  #subtract(from: Map<number, bigint>, row: ReadonlyMap<number, bigint>, factor: bigint, lead?: number): void {
    for (const [wire, coefficient] of row) {
      const difference = modulo((from.get(wire) ?? 0n) - factor * coefficient);
      if (difference === 0n) from.delete(wire);
      else from.set(wire, difference);
      if (lead === undefined) continue;
      if (difference === 0n) this.#uses.get(wire)?.delete(lead);
      else this.#use(wire, lead);
    }
  }

  #use(wire: number, lead: number): void {
    const leads = this.#uses.get(wire) ?? new Set();
    this.#uses.set(wire, leads.add(lead));
  }
}

/** The x of a constraint that is, up to factors, x · (x - 1) = 0. */
function bitOf(a: Combination, b: Combination, c: Combination): Combination | undefined {
  if (c.some(([, coefficient]) => coefficient !== 0n)) return undefined;
  const wire = a.find(([candidate]) => candidate !== 0)?.[0];
  if (wire === undefined) return undefined;
  const [left, right] = [new Map(a), new Map(b)];
  const at = (side: Map<number, bigint>, index: number) => side.get(index) ?? 0n;
  const ratio = modulo(at(right, wire) * inverse(at(left, wire)));
  const same = [...new Set([...left.keys(), ...right.keys()])].every(
    (index) => index === 0 || at(right, index) === modulo(ratio * at(left, index)),
  );
  if (!same || ratio === 0n) return undefined;
  const factor = modulo(at(left, 0) - at(right, 0) * inverse(ratio));
  if (factor === 0n) return undefined;
  const scale = inverse(factor);
  return a.map(([index, coefficient]) => [index, modulo(coefficient * scale)] as const).filter(([, x]) => x !== 0n);
}

/** Whether numbers are distinct powers of two, but for their signs, all of them multiplied by the same number. */
function arePowers(coefficients: readonly bigint[]): boolean {
  return coefficients.some((lowest) => {
    const scale = inverse(lowest);
    const exponents = coefficients.map((coefficient) => EXPONENTS.get(modulo(coefficient * scale)));
    return !exponents.includes(undefined) && new Set(exponents).size === coefficients.length;
  });
}

/** Of a number that is not 0, modulo the field's order (Fermat). */
function inverse(x: bigint): bigint {
  let [result, base, exponent] = [1n, modulo(x), FIELD - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD;
    base = (base * base) % FIELD;
  }
  return result;
}
