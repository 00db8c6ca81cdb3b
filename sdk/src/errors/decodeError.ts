import { type ErrorDescription, Interface } from "ethers";
import type { AbiEntry } from "../chain/abiTypes.ts";
import { plainStruct } from "../chain/plainValue.ts";
import { abis } from "../generated/abis.ts";
import { sentences } from "./sentences.ts";

/** A revert reason that is understood. */
export interface DecodedError {
  /** The custom error's name, or `Error` or `Panic` for Solidity's own. */
  readonly name: string;
  /** Its values, by name. */
  readonly args: Readonly<Record<string, unknown>>;
  /** What it means, with its values. */
  readonly sentence: string;
}

const entries: readonly AbiEntry[] = Object.values(abis).flat();
/** All custom errors of all contracts: a call that one contract passes on fails with another one's error. */
const errors = new Interface([
  ...new Map(entries.filter(({ type }) => type === "error").map((entry) => [JSON.stringify(entry), entry])).values(),
]);

/**
 * The meaning of a revert: from its data (0x-hex), or from anything that a provider threw that has the data somewhere
 * inside. Undefined if there is none, or if no contract of ours has such an error.
 */
export function decodeError(error: unknown): DecodedError | undefined {
  for (const data of revertData(error, 6)) {
    const parsed = parse(data);
    if (parsed === undefined) continue;
    const args = plainStruct(parsed.fragment.inputs, parsed.args.toArray());
    const sentence = SOLIDITY[parsed.name]?.(parsed.args[0]) ?? sentenceOf(parsed.name, args);
    return { name: parsed.name, args, sentence };
  }
  return undefined;
}

/** An error as one of our contracts or Solidity encodes it. Any contract can revert with any bytes. */
function parse(data: string): ErrorDescription | undefined {
  try {
    const parsed = errors.parseError(data);
    // Strings are decoded when they are read.
    parsed?.args.toArray();
    return parsed ?? undefined;
  } catch {
    return undefined;
  }
}

/** Solidity's own errors, which every interface of ethers knows. */
const SOLIDITY: Readonly<Record<string, ((value: unknown) => string) | undefined>> = {
  Error: (message) => `The contract refused: ${message}.`,
  Panic: (code) => `The contract panicked with code ${code}.`,
};

function sentenceOf(name: string, args: Readonly<Record<string, unknown>>): string {
  const write = (sentences as Readonly<Record<string, ((args: never) => string) | undefined>>)[name];
  // The ABI that gave the name gave the arguments, and `sentences` is typed by the same ABI.
  return write === undefined ? `${name}.` : write(args as never);
}

/** Every 0x-hex string that could be revert data inside what was thrown, the outermost first. */
function* revertData(value: unknown, depth: number): Generator<string> {
  if (typeof value === "string") {
    if (/^0x([0-9a-f]{2}){4,}$/i.test(value)) yield value;
  } else if (typeof value === "object" && value !== null && depth > 0) {
    for (const key of ["data", "error", "info", "cause"]) {
      if (key in value) yield* revertData((value as Readonly<Record<string, unknown>>)[key], depth - 1);
    }
  }
}
