import { AbiCoder, concat, dataSlice, isHexString, keccak256, toBeHex } from "ethers";
import type { Groth16Proof, Groth16VerificationKey } from "snarkjs";
import { FIELD, type Hex, toBytes32 } from "./field.ts";

/** snarkjs's JSON files in the encodings of `IGroth16Verifier`. */

/** What a key declares of the ceremony that made it; see `IGroth16Verifier.Ceremony`. */
export interface Ceremony {
  readonly development: boolean;
  readonly contributions: number;
  /** 32 bytes; zero if there was none. */
  readonly beacon: Hex;
  /** The SHA-256 of the final .zkey file. */
  readonly zkeyHash: Hex;
}

const ZERO: Hex = `0x${"00".repeat(32)}`;

/** The declaration for a key of which nothing is known: a development key. */
export const UNDECLARED: Ceremony = { development: true, contributions: 0, beacon: ZERO, zkeyHash: ZERO };

/**
 * A verifying key as `registerKey` takes it.
 *
 * @throws TypeError naming the part of `key` that is not as snarkjs writes it.
 */
export function keyBytes(key: unknown, ceremony: Ceremony): Hex {
  const { nPublic, vk_alpha_1, vk_beta_2, vk_gamma_2, vk_delta_2, IC } = groth16Object(key, "the verification key");
  const count = number(nPublic, "nPublic");
  if (count >= 2n ** 32n) throw new TypeError(`nPublic is ${count}: more than any key has`);
  if (!Array.isArray(IC) || BigInt(IC.length) !== count + 1n) {
    throw new TypeError(`IC must have nPublic + 1 = ${count + 1n} points`);
  }
  const [first, ...rest] = IC.map((point: unknown, i) => g1(point, `IC[${i}]`));
  return concat([
    new TextEncoder().encode("opg.groth16.bn254.v1"),
    toBeHex(ceremony.development ? 1 : 0, 1),
    toBeHex(ceremony.contributions, 7),
    toBeHex(count, 4),
    ceremony.beacon,
    ceremony.zkeyHash,
    g2(vk_delta_2, "vk_delta_2"),
    g1(vk_alpha_1, "vk_alpha_1"),
    g2(vk_beta_2, "vk_beta_2"),
    first ?? "0x",
    g2(vk_gamma_2, "vk_gamma_2"),
    ...rest,
  ]) as Hex;
}

/** The name under which the contract knows a key: the Keccak-256 of its bytes. */
export function keyIdOf(bytes: Hex): Hex {
  return keccak256(bytes) as Hex;
}

/**
 * A proof as the contract takes it: A ‖ B ‖ C, 256 bytes.
 *
 * @throws TypeError naming the part of `proof` that is not as snarkjs writes it.
 */
export function proofBytes(proof: unknown): Hex {
  const { pi_a, pi_b, pi_c } = groth16Object(proof, "the proof");
  return concat([g1(pi_a, "pi_a"), g2(pi_b, "pi_b"), g1(pi_c, "pi_c")]) as Hex;
}

/**
 * Public signals as numbers; not yet compared with the field's order, which is for the contract to do.
 *
 * @throws TypeError naming the signal that is not a number of at most 256 bits.
 */
export function publicSignalsOf(signals: unknown): bigint[] {
  if (!Array.isArray(signals)) throw new TypeError("the public signals must be an array");
  return signals.map((signal: unknown, i) => number(signal, `public signal ${i}`));
}

/** A model's parameters for the ZK route, as the model registry stores them; see `IGroth16Verifier.ZkParameters`. */
export interface ZkParameters {
  readonly keyId: Hex;
  readonly weightsCommitment: Hex;
  /** What one inference meters. */
  readonly units: bigint;
}

/** @throws RangeError unless the key and the commitment are 32 bytes, the commitment in the field and the units 64 bits. */
export function encodeZkParameters({ keyId, weightsCommitment, units }: ZkParameters): Hex {
  if (!isHexString(keyId, 32)) throw new RangeError(`keyId ${keyId} is not 32 bytes`);
  if (!isHexString(weightsCommitment, 32) || BigInt(weightsCommitment) >= FIELD) {
    throw new RangeError(`weightsCommitment ${weightsCommitment} is not 32 bytes below the field's order`);
  }
  if (units < 0n || units >= 2n ** 64n) throw new RangeError(`units ${units} do not fit 64 bits`);
  return AbiCoder.defaultAbiCoder().encode(ZK_PARAMETERS, [keyId, weightsCommitment, units]) as Hex;
}

/** What {@link encodeZkParameters} made; undefined if it did not. */
export function decodeZkParameters(parameters: string): ZkParameters | undefined {
  if (!isHexString(parameters, 96)) return undefined;
  const [keyId, weightsCommitment, units] = ZK_PARAMETERS.map((_, i) => dataSlice(parameters, 32 * i, 32 * (i + 1)));
  return { keyId: keyId as Hex, weightsCommitment: weightsCommitment as Hex, units: BigInt(units ?? 0) };
}

const ZK_PARAMETERS = ["bytes32", "bytes32", "uint64"];

/** The names of BN254 that snarkjs takes, and the one that it writes, "bn128". */
const BN254_NAMES = ["bn128", "bn254", "altbn128"];

type Fields = Partial<Record<keyof (Groth16Proof & Groth16VerificationKey), unknown>>;

/** The object, once it says that it is of Groth16 over BN254. Some provers leave the curve out of their proofs. */
function groth16Object(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null) throw new TypeError(`${what} is not an object`);
  const { protocol, curve = "bn128" }: Fields = value;
  if (protocol !== "groth16") throw new TypeError(`${what} is of protocol ${JSON.stringify(protocol)}, not "groth16"`);
  if (!BN254_NAMES.includes(String(curve).toLowerCase().replaceAll(/[_-]/g, ""))) {
    throw new TypeError(`${what} is over the curve ${JSON.stringify(curve)}, not "bn128" (BN254)`);
  }
  return value;
}

/** A G1 point [x, y, "1"]; snarkjs writes infinity as ["0", "1", "0"], which EIP-196 encodes as zeros. */
function g1(point: unknown, what: string): Hex {
  const [x, y, z] = tuple(point, what, 3);
  return affine([x, y], [z], what);
}

/** A G2 point [[x.real, x.imaginary], [y.real, y.imaginary], ["1", "0"]]; the contract takes the imaginary part first. */
function g2(point: unknown, what: string): Hex {
  const [x, y, z] = tuple(point, what, 3);
  const [x0, x1] = tuple(x, what, 2);
  const [y0, y1] = tuple(y, what, 2);
  return affine([x1, x0, y1, y0], tuple(z, what, 2), what);
}

/** The coordinates one after another, where `z` says that they are affine or the point is at infinity. */
function affine(coordinates: unknown[], z: unknown[], what: string): Hex {
  const [one, ...zeros] = z.map((part) => number(part, what));
  if (zeros.some((part) => part !== 0n) || (one !== 0n && one !== 1n)) {
    throw new TypeError(`${what} is not in affine form`);
  }
  return concat(coordinates.map((part) => toBytes32(one === 0n ? 0n : number(part, what)))) as Hex;
}

function tuple(value: unknown, what: string, length: number): unknown[] {
  if (!Array.isArray(value) || value.length !== length) {
    throw new TypeError(`${what} is not a list of ${length}: ${JSON.stringify(value)}`);
  }
  return value;
}

/** A number of at most 256 bits in a string, as snarkjs writes it, or as a JSON number. */
function number(value: unknown, what: string): bigint {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string" || !/^(\d{1,78}|0x[\da-f]{1,64})$/i.test(text) || BigInt(text) >= 2n ** 256n) {
    throw new TypeError(`${what} is not a number of at most 256 bits: ${JSON.stringify(value)}`);
  }
  return BigInt(text);
}
