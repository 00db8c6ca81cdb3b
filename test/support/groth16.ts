import { fileURLToPath } from "node:url";
import { concat, dataSlice, id, toBeHex } from "ethers";
import type { CircuitInput } from "snarkjs";
import { digitImages } from "../../circuits/src/dataset.ts";
import { type Digits, loadDigits, proveDigit } from "../../circuits/src/digits.ts";
import { FIELD, type Hex } from "../../circuits/src/field.ts";
import { keyBytes, keyIdOf, UNDECLARED } from "../../circuits/src/key.ts";
import { type Proof, prove } from "../../circuits/src/prove.ts";
import { buildCircuit, type Circuit } from "../../circuits/src/setup.ts";
import type { Groth16Verifier } from "../../types/ethers-contracts/index.ts";

/** The order of BN254's base field. */
export const BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** A point on the twist that is not in G2: (0 + 1u … ) has x = 1 and another order than r. */
export const OUTSIDE_SUBGROUP = concat([
  toBeHex(0, 32),
  toBeHex(1, 32),
  "0x0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4",
  "0x2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb",
]);

/** Offsets of the points of a key; see `IGroth16Verifier`. */
export const G1_OFFSETS = { alpha: 0xe0, ic0: 0x1a0, ic1: 0x260 } as const;
export const G2_OFFSETS = { delta: 0x60, beta: 0x120, gamma: 0x1e0 } as const;

/** A registered key, a proof under it, and what it proves. */
export interface Proven extends Proof {
  readonly keyId: Hex;
  readonly keyBytes: Hex;
}

/** Inputs of the circuits in test/support/circuits, by their number of public signals. */
export const INPUTS: Record<0 | 1 | 400, CircuitInput> = {
  0: { root: 7n },
  1: { factors: [6n, 7n] },
  400: { numbers: [3n, 5n, ...Array.from({ length: 397 }, (_, i) => BigInt(i) ** 20n % FIELD), 15n] },
};

export function smallCircuit(publicSignals: 0 | 1 | 400): Promise<Circuit> {
  return buildCircuit(fileURLToPath(new URL(`./circuits/publicSignals${publicSignals}.circom`, import.meta.url)));
}

/** A proof of a circuit that has nothing to do with ours; its key is registered. */
export async function provenByAnother(verifier: Groth16Verifier, publicSignals: 0 | 1 | 400): Promise<Proven> {
  const circuit = await smallCircuit(publicSignals);
  const proof = await prove(circuit, INPUTS[publicSignals]);
  return register(verifier, keyBytes(circuit.vkey, UNDECLARED), proof);
}

export const CLAIM_HASH = id("claim") as Hex;
export const SALT = 123_456_789n;

/** A proof of the digit circuit for {@link CLAIM_HASH} on the first held-out digit; its key is registered. */
export async function provenDigit(verifier: Groth16Verifier): Promise<Proven & { digits: Digits }> {
  const digits = await loadDigits(console.error);
  const [image] = digitImages().heldOut;
  if (!image) throw new Error("the mnist package has no digits");
  const proof = await proveDigit(digits, { claimHash: CLAIM_HASH, pixels: image.pixels, salt: SALT });
  return { digits, ...(await register(verifier, digits.keyBytes, proof)) };
}

async function register(verifier: Groth16Verifier, bytes: Hex, proof: Proof): Promise<Proven> {
  await verifier.registerKey(bytes);
  return { ...proof, keyBytes: bytes, keyId: keyIdOf(bytes) };
}

/** `data` with the bytes from `offset` on replaced. */
export function patched(data: string, offset: number, bytes: string): Hex {
  return concat([dataSlice(data, 0, offset), bytes, dataSlice(data, offset + bytes.length / 2 - 1)]) as Hex;
}

/** The 32-byte word at `offset`. */
export function wordAt(data: string, offset: number): bigint {
  return BigInt(dataSlice(data, offset, offset + 32));
}

/** `data` with the 32-byte word at `offset` replaced. */
export function withWord(data: string, offset: number, word: bigint): Hex {
  return patched(data, offset, toBeHex(word, 32));
}
