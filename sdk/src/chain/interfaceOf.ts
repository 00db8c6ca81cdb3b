import { Interface } from "ethers";
import type { Abi } from "./abiTypes.ts";

const interfaces = new WeakMap<Abi, Interface>();

/** An ABI as ethers reads it, read once. */
export function interfaceOf(abi: Abi): Interface {
  const known = interfaces.get(abi) ?? new Interface(abi);
  interfaces.set(abi, known);
  return known;
}
