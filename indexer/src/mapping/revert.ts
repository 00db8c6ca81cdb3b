import { type Abi, type Hex, slice, toFunctionSelector } from "viem";
import { abis } from "../../../sdk/src/generated/abis.ts";

type AbiError = Extract<Abi[number], { type: "error" }>;

/** Of every contract of the protocol. */
const ERRORS: ReadonlyMap<Hex, string> = new Map(
  Object.values<Abi>(abis)
    .flat()
    .filter((item): item is AbiError => item.type === "error")
    .map((error) => [
      toFunctionSelector({ ...error, type: "function", outputs: [], stateMutability: "pure" }),
      error.name,
    ]),
);

/** The name of the error that a call reverted with, by its data or their beginning; null if it is none of ours. */
export const errorNameOf = (reason: Hex): string | null =>
  reason.length < 10 ? null : (ERRORS.get(slice(reason, 0, 4)) ?? null);
