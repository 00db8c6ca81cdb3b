import { AbiCoder, dataLength, getBytes, hexlify, keccak256, toBigInt } from "ethers";
import type { ZkParameters } from "../client/requireProductionKey.ts";
import type { InferenceClaim } from "../types.ts";
import { requireThat } from "./refuted.ts";

/** The orders of BN254's base field and of its groups (EIP-196). */
const P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
const R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

const MAGIC = "opg.groth16.bn254.v1";
const PARAMETERS_LENGTH = 96;
const PROOF_LENGTH = 256;

/** A verifying key as snarkjs writes it. */
export interface Groth16Key {
  readonly protocol: string;
  readonly curve: string;
  readonly nPublic: number;
  readonly vk_alpha_1: string[];
  readonly vk_beta_2: string[][];
  readonly vk_gamma_2: string[][];
  readonly vk_delta_2: string[][];
  readonly IC: string[][];
}

/** A proof as snarkjs writes it. */
export interface Groth16Points {
  readonly protocol: string;
  readonly curve: string;
  readonly pi_a: string[];
  readonly pi_b: string[][];
  readonly pi_c: string[];
}

/** What of snarkjs a verification needs; given by the caller, so that a page loads it when it is asked for. */
export interface Snarkjs {
  readonly groth16: {
    verify(key: Groth16Key, publicSignals: readonly string[], proof: Groth16Points): Promise<boolean>;
  };
  /** snarkjs's curve, BN254. */
  readonly curve: {
    readonly G2: {
      fromObject(affine: bigint[][]): Uint8Array;
      timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
      isZero(point: Uint8Array): boolean;
    };
  };
}

/** What a key declares of the ceremony that made it; see `IGroth16Verifier.Ceremony`. */
export interface KeyCeremony {
  readonly development: boolean;
  readonly contributions: number;
  /** 32 bytes; zero if there was none. */
  readonly beacon: `0x${string}`;
  /** The SHA-256 of the final .zkey file. */
  readonly zkeyHash: `0x${string}`;
}

/** A verifying key, and what it says of its ceremony. */
export interface DeclaredKey {
  readonly key: Groth16Key;
  readonly ceremony: KeyCeremony;
}

/** Reads a model's parameters for Groth16; undefined if they are another proof system's. */
export function readZkParameters(parameters: string): ZkParameters | undefined {
  if (dataLength(parameters) !== PARAMETERS_LENGTH) return undefined;
  const [keyId, weightsCommitment, units] = AbiCoder.defaultAbiCoder().decode(
    ["bytes32", "bytes32", "uint64"],
    parameters,
  );
  return { keyId, weightsCommitment, units };
}

/**
 * The verifying key in a contract's code, as `IGroth16Verifier` keeps it.
 *
 * @param code The code: a STOP, so that nobody calls it, and the key.
 * @throws Refuted if that is not the key with this identifier.
 */
export function readRegisteredKey(code: string, keyId: string): DeclaredKey {
  const bytes = getBytes(code);
  requireThat(bytes[0] === 0 && keccak256(bytes.subarray(1)) === keyId, `the contract's code is not key ${keyId}`);
  return readKey(bytes.subarray(1));
}

/** Reads a verifying key as `IGroth16Verifier` lays it out. @throws Refuted if it is none. */
function readKey(bytes: Uint8Array): DeclaredKey {
  const words = Array.from({ length: bytes.length / 32 }, (_, i) => toBigInt(bytes.subarray(32 * i, 32 * i + 32)));
  const nPublic = Number(toBigInt(bytes.subarray(28, 32)));
  const isKey =
    new TextDecoder().decode(bytes.subarray(0, 20)) === MAGIC && bytes.length === 0x260 + 64 * nPublic && nPublic === 4;
  requireThat(isKey, "the key is not of a circuit with four public signals");
  const g1 = (offset: number) => g1Point(words, offset / 32);
  const g2 = (offset: number) => g2Point(words, offset / 32);
  const key = {
    protocol: "groth16",
    curve: "bn128",
    nPublic,
    vk_delta_2: g2(0x60),
    vk_alpha_1: g1(0xe0),
    vk_beta_2: g2(0x120),
    vk_gamma_2: g2(0x1e0),
    IC: [g1(0x1a0), ...Array.from({ length: nPublic }, (_, i) => g1(0x260 + 64 * i))],
  };
  const ceremony: KeyCeremony = {
    development: bytes[20] === 1,
    contributions: Number(toBigInt(bytes.subarray(24, 28))),
    beacon: hexlify(bytes.subarray(32, 64)) as `0x${string}`,
    zkeyHash: hexlify(bytes.subarray(64, 96)) as `0x${string}`,
  };
  return { key, ceremony };
}

/** The public signal that binds a proof to its claim: the claim's hash, reduced into the field. */
export const claimSignal = (claimHash: string): bigint => toBigInt(claimHash) % R;

/**
 * The four public signals of a claim, as the contract makes them: nobody supplies any.
 *
 * @throws Refuted if the claim is not of the model's units, or a signal is not below the field's order.
 */
export function publicSignalsFor(
  claim: InferenceClaim,
  claimHash: string,
  { weightsCommitment, units }: ZkParameters,
): bigint[] {
  requireThat(
    claim.units === units,
    `the claim is of ${claim.units} units, and the model's inferences are of ${units}`,
  );
  const [weights, input, output] = [weightsCommitment, claim.inputHash, claim.outputHash].map((word) => toBigInt(word));
  const signals = [claimSignal(claimHash), weights ?? R, input ?? R, output ?? R];
  requireThat(
    signals.every((signal) => signal < R),
    "a public signal is not below the field's order",
  );
  return signals;
}

/** Whether snarkjs accepts a proof of some public signals, and all that snarkjs does not look at is right too. */
export const isGroth16Valid = async (
  snarkjs: Snarkjs,
  key: Groth16Key,
  signals: readonly bigint[],
  proof: string,
): Promise<boolean> =>
  isCanonical(proof) && isInSubgroup(snarkjs, proof) && (await isAccepted(snarkjs, key, signals, proof));

/** Whether a proof has its length and every coordinate is below the field's order: snarkjs would reduce a larger one. */
export const isCanonical = (proof: string): boolean =>
  dataLength(proof) === PROOF_LENGTH && wordsOf(proof).every((word) => word < P);

/** Whether a proof's point B is in the subgroup of order r, which snarkjs does not look at. */
export function isInSubgroup({ curve: { G2 } }: Snarkjs, proof: string): boolean {
  const [x1 = 0n, x0 = 0n, y1 = 0n, y0 = 0n] = wordsOf(proof).slice(2, 6);
  const b = G2.fromObject([
    [x0, x1],
    [y0, y1],
    [1n, 0n],
  ]);
  return G2.isZero(G2.timesScalar(b, R));
}

/** Whether snarkjs accepts a proof. */
export function isAccepted(
  { groth16 }: Snarkjs,
  key: Groth16Key,
  signals: readonly bigint[],
  proof: string,
): Promise<boolean> {
  const words = wordsOf(proof);
  return groth16.verify(key, signals.map(String), {
    protocol: "groth16",
    curve: "bn128",
    pi_a: g1Point(words, 0),
    pi_b: g2Point(words, 2),
    pi_c: g1Point(words, 6),
  });
}

/** The eight coordinates of a proof. */
function wordsOf(proof: string): bigint[] {
  const bytes = getBytes(proof);
  return Array.from({ length: 8 }, (_, i) => toBigInt(bytes.subarray(32 * i, 32 * i + 32)));
}

/** A point as snarkjs writes it; EIP-196 encodes the one at infinity as zeros. */
function g1Point(words: readonly bigint[], at: number): string[] {
  const [x = 0n, y = 0n] = words.slice(at, at + 2);
  return x === 0n && y === 0n ? ["0", "1", "0"] : [String(x), String(y), "1"];
}

/** A point as snarkjs writes it: the real part of each coordinate first, where EIP-197 has it last. */
function g2Point(words: readonly bigint[], at: number): string[][] {
  const [x1 = 0n, x0 = 0n, y1 = 0n, y0 = 0n] = words.slice(at, at + 4);
  return [x0, x1, y0, y1].every((part) => part === 0n)
    ? [
        ["0", "0"],
        ["1", "0"],
        ["0", "0"],
      ]
    : [
        [String(x0), String(x1)],
        [String(y0), String(y1)],
        ["1", "0"],
      ];
}
