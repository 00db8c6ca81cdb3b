import { dataLength, dataSlice, getBytes, hexlify, keccak256, toBigInt } from "ethers";
import type { Curve } from "ffjavascript";
import { type Groth16Proof, type Groth16VerificationKey, groth16 } from "snarkjs";
import { withCurve } from "../../circuits/src/curve.ts";
import type { Ceremony } from "../../circuits/src/key.ts";
import { groth16VerifierAbi } from "../../sdk/src/generated/abis.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import type { InferenceClaim } from "../../sdk/src/types.ts";
import type { ProvenRoute } from "./route.ts";
import { domainOf, type Notes, type Subject } from "./subject.ts";
import { require, Unreadable } from "./verdict.ts";

/** The orders of BN254's base field and of its groups (EIP-196). */
const P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
const R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

const MAGIC = "opg.groth16.bn254.v1";
const PROOF_LENGTH = 256;

/** A verifying key as snarkjs has it, and what it says of its ceremony. */
export interface DeclaredKey {
  readonly key: Groth16VerificationKey;
  readonly ceremony: Ceremony;
}

/**
 * Verifies with snarkjs that one of some proofs proves a claim: under the key that the model's route names, read from
 * its contract's code, and with public signals made here of the claim.
 *
 * @throws Refuted if none does; Unreadable for another proof system or a key that the node does not have.
 */
export async function auditGroth16(
  subject: Subject,
  claim: InferenceClaim,
  route: ProvenRoute,
  proofs: readonly string[],
  { say, mind }: Notes,
): Promise<void> {
  if (dataLength(route.parameters) !== 96)
    throw new Unreadable("the route's verifier is of a proof system that this audit does not know");
  const { parameters } = route;
  const keyId = dataSlice(parameters, 0, 32);
  const [weightsCommitment, units] = [toBigInt(dataSlice(parameters, 32, 64)), toBigInt(dataSlice(parameters, 64))];
  const [registered] = await subject.chain.events(route.verifier, groth16VerifierAbi, "KeyRegistered", [keyId]);
  if (registered === undefined) throw new Unreadable(`no Groth16 key ${keyId} is registered with the route's verifier`);
  const { pointer } = registered.args;
  // Data contracts begin with a STOP, so that nobody calls them.
  const code = getBytes(await subject.chain.code(pointer));
  require(code[0] === 0 && keccak256(code.subarray(1)) === keyId, `the code of ${pointer} is not key ${keyId}`);
  const { key, ceremony } = readKey(code.subarray(1));
  say(`key ${keyId}, from the code of ${pointer}`);
  say(`its ceremony: ${describe(ceremony)}`);
  if (ceremony.development) {
    mind(
      "the verifying key is a development key: whoever made it can prove anything, so this proof shows nothing to others",
    );
  }

  require(claim.units === units, `the claim is of ${claim.units} units, and the model's inferences are of ${units}`);
  const claimHash = hashClaim(domainOf(subject), claim);
  const signals = [toBigInt(claimHash) % R, weightsCommitment, toBigInt(claim.inputHash), toBigInt(claim.outputHash)];
  require(signals.every((signal) => signal < R), "a public signal is not below the field's order");
  const verdicts = await withCurve((curve) => Promise.all(proofs.map((proof) => isValid(curve, key, signals, proof))));
  require(verdicts.includes(true), "snarkjs refuses the proof");
  say("snarkjs accepts the proof of claim, weights, input and output");
}

const describe = ({ development, contributions, beacon, zkeyHash }: Ceremony): string =>
  development
    ? "none; a DEVELOPMENT key"
    : `${contributions} contributions, ${BigInt(beacon) === 0n ? "no beacon" : `beacon ${beacon}`}, zkey ${zkeyHash} (as declared; opg circuit verify checks a ceremony)`;

/** Reads a verifying key as `IGroth16Verifier` lays it out. @throws Refuted if it is none. */
export function readKey(bytes: Uint8Array): DeclaredKey {
  const words = Array.from({ length: bytes.length / 32 }, (_, i) => toBigInt(bytes.subarray(32 * i, 32 * i + 32)));
  const nPublic = Number(toBigInt(bytes.subarray(28, 32)));
  const isKey =
    new TextDecoder().decode(bytes.subarray(0, 20)) === MAGIC && bytes.length === 0x260 + 64 * nPublic && nPublic === 4;
  require(isKey, "the key is not of a circuit with four public signals");
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
  const ceremony: Ceremony = {
    development: bytes[20] === 1,
    contributions: Number(toBigInt(bytes.subarray(24, 28))),
    beacon: hexlify(bytes.subarray(32, 64)) as `0x${string}`,
    zkeyHash: hexlify(bytes.subarray(64, 96)) as `0x${string}`,
  };
  return { key, ceremony };
}

async function isValid(curve: Curve, key: Groth16VerificationKey, signals: readonly bigint[], proof: string) {
  if (dataLength(proof) !== PROOF_LENGTH) return false;
  const bytes = getBytes(proof);
  const words = Array.from({ length: 8 }, (_, i) => toBigInt(bytes.subarray(32 * i, 32 * i + 32)));
  // snarkjs would reduce a coordinate that is too large, and does not look whether B is in the subgroup.
  if (words.some((word) => word >= P)) return false;
  const points: Groth16Proof = {
    protocol: "groth16",
    curve: "bn128",
    pi_a: g1Point(words, 0),
    pi_b: g2Point(words, 2),
    pi_c: g1Point(words, 6),
  };
  const [x1 = 0n, x0 = 0n, y1 = 0n, y0 = 0n] = words.slice(2, 6);
  const b = curve.G2.fromObject([
    [x0, x1],
    [y0, y1],
    [1n, 0n],
  ]);
  return (await groth16.verify(key, signals.map(String), points)) && curve.G2.isZero(curve.G2.timesScalar(b, R));
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
