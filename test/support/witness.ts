import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CircuitInput } from "snarkjs";
import { FIELD } from "../../circuits/src/field.ts";
import { calculateWitness } from "../../circuits/src/prove.ts";
import { type Constraint, readR1cs, readWitness } from "../../circuits/src/r1cs.ts";
import { type CompiledCircuit, compileCircuit } from "../../circuits/src/setup.ts";
import { openWires } from "./determined.ts";

const modulo = (x: bigint) => ((x % FIELD) + FIELD) % FIELD;

/** The constraints of a compiled circuit, to try witnesses on that its own program would never make. */
export class Constraints {
  readonly wires: number;
  readonly #constraints: readonly Constraint[];
  /** For each wire, the constraints that it is in, with its coefficients on their three sides. */
  readonly #uses: readonly Map<number, [bigint, bigint, bigint]>[];
  /** The wires by the names of their signals, without the leading "main."; several names may share one. */
  readonly #names: ReadonlyMap<string, number>;

  private constructor(wires: number, constraints: readonly Constraint[], names: ReadonlyMap<string, number>) {
    this.wires = wires;
    this.#constraints = constraints;
    this.#names = names;
    this.#uses = Array.from({ length: wires }, () => new Map());
    for (const [index, constraint] of constraints.entries()) {
      for (const [position, side] of constraint.entries()) {
        for (const [wire, coefficient] of side) {
          const coefficients = this.#uses[wire]?.get(index) ?? [0n, 0n, 0n];
          coefficients[position] = coefficient;
          this.#uses[wire]?.set(index, coefficients);
        }
      }
    }
  }

  static async read(circuit: CompiledCircuit): Promise<Constraints> {
    const { wires, constraints } = readR1cs(await readFile(circuit.r1cs));
    const names = new Map<string, number>();
    for (const line of (await readFile(circuit.sym, "utf8")).trim().split("\n")) {
      const [, wire, , name = ""] = line.split(",");
      names.set(name.replace(/^main\./, ""), Number(wire));
    }
    return new Constraints(wires, constraints, names);
  }

  get count(): number {
    return this.#constraints.length;
  }

  /** Whether a witness meets every constraint. */
  hold(witness: readonly bigint[]): boolean {
    return this.#values(witness).every(holds);
  }

  /** Whether a signal has a wire of its own: circom expresses some by others. */
  hasWire(name: string): boolean {
    return (this.#names.get(name) ?? -1) >= 0;
  }

  /**
   * A witness with signals changed. Those that the compiler expressed by others have no wire and follow these.
   *
   * @throws RangeError if the circuit has no signal of that name.
   */
  changed(witness: readonly bigint[], values: Readonly<Record<string, bigint>>): bigint[] {
    const copy = [...witness];
    for (const [name, value] of Object.entries(values)) {
      const wire = this.#names.get(name);
      if (wire === undefined) throw new RangeError(`the circuit has no signal ${name}`);
      if (wire >= 0) copy[wire] = modulo(value);
    }
    return copy;
  }

  /**
   * The names of the wires that the constraints do not determine by the given ones; none if no two witnesses that agree on
   * those differ.
   *
   * @param isGiven Says so of a signal's name.
   * @param without A constraint to leave out.
   */
  open(isGiven: (name: string) => boolean, without = -1): string[] {
    const given = [...this.#names].filter(([name, wire]) => wire >= 0 && isGiven(name)).map(([, wire]) => wire);
    const constraints = this.#constraints.filter((_, index) => index !== without);
    return [...openWires(constraints, this.wires, given)].map((wire) => this.#nameOf(wire));
  }

  /**
   * The names of the wires of a valid witness that can be changed alone, to one of several values, and stay unnoticed.
   * Wire 0 is the number 1, which is the verifier's.
   */
  free(witness: readonly bigint[]): string[] {
    const values = this.#values(witness);
    const wires = [...this.#uses.keys()].slice(1).filter((wire) => {
      const old = witness[wire] ?? 0n;
      const random = BigInt(`0x${Buffer.from(crypto.getRandomValues(new Uint8Array(31))).toString("hex")}`);
      return [old + 1n, old - 1n, 1n - old, 2n * old, -old, random].some((value) => {
        const delta = modulo(value - old);
        if (delta === 0n) return false;
        return [...(this.#uses[wire] ?? [])].every(([index, coefficients]) =>
          holds((values[index] ?? []).map((side, position) => side + delta * (coefficients[position] ?? 0n))),
        );
      });
    });
    return wires.map((wire) => this.#nameOf(wire));
  }

  #nameOf(wire: number): string {
    return [...this.#names].find(([, number]) => number === wire)?.[0] ?? `wire ${wire}`;
  }

  #values(witness: readonly bigint[]): bigint[][] {
    return this.#constraints.map((constraint) =>
      constraint.map((side) =>
        modulo(side.reduce((sum, [wire, coefficient]) => sum + coefficient * (witness[wire] ?? 0n), 0n)),
      ),
    );
  }
}

function holds([a = 0n, b = 0n, c = 0n]: readonly bigint[]): boolean {
  return modulo(a * b - c) === 0n;
}

/** The values of a circuit's wires for an input. @throws Error naming the circuit's line that refuses it. */
export async function witnessOf(circuit: CompiledCircuit, input: CircuitInput): Promise<bigint[]> {
  const { error: print } = console;
  console.error = () => {}; // circom's runtime prints the assertion that it throws
  try {
    return readWitness((await calculateWitness(circuit, input)).data);
  } finally {
    console.error = print;
  }
}

/** Compiles one template of circuits/lib as a circuit of its own, whose inputs are public, so that no wire is left out. */
export async function compileTemplate(
  file: string,
  template: string,
  inputs: readonly string[],
): Promise<CompiledCircuit> {
  const directory = await mkdtemp(join(tmpdir(), "opg-circuit-"));
  try {
    const source = join(directory, `${template.replace(/\W+/g, "_").replace(/_$/, "")}.circom`);
    const main = `component main {public [${inputs.join(", ")}]} = ${template};`;
    await writeFile(source, `pragma circom 2.1.6;\n\ninclude "lib/${file}";\n\n${main}\n`);
    return await compileCircuit(source);
  } finally {
    await rm(directory, { recursive: true });
  }
}
