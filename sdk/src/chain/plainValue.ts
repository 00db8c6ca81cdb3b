import type { ParamType } from "ethers";

/** Integers of up to this many bits become numbers, which hold 53 exactly. */
const NUMBER_BITS = 48;

/**
 * Turns a value that ethers decoded into a plain one: structs become objects, arrays become arrays, integers of up to
 * 48 bits become numbers. The counterpart of `AbiValue`.
 */
export function plainValue(type: ParamType, value: unknown): unknown {
  if (type.isArray() && isIterable(value)) return [...value].map((element) => plainValue(type.arrayChildren, element));
  if (type.isTuple() && isIterable(value)) return plainStruct(type.components, [...value]);
  const bits = /^u?int(\d+)$/.exec(type.baseType)?.[1];
  return typeof value === "bigint" && bits !== undefined && Number(bits) <= NUMBER_BITS ? Number(value) : value;
}

/** Values in the order of their types, as an object by name. */
export function plainStruct(types: readonly ParamType[], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(types.map((type, index) => [type.name, plainValue(type, values[index])]));
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;
