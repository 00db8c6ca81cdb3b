import { randomBytes } from "node:crypto";

/** A 0x-prefixed hexadecimal string. */
export type Hex = `0x${string}`;

/** The order of BN254's scalar field: public signals and Poseidon's values are below it. */
export const FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** A salt of 248 random bits. */
export function randomSalt(): bigint {
  return BigInt(`0x${randomBytes(31).toString("hex")}`);
}

/** @throws RangeError unless the salt is in the field. */
export function checkSalt(salt: bigint): void {
  if (salt < 0n || salt >= FIELD) throw new RangeError(`the salt ${salt} is not below the field's order`);
}

/** A number as 32 big-endian bytes. */
export function toBytes32(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
