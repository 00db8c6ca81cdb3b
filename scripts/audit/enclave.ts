import {
  AbiCoder,
  computeAddress,
  dataLength,
  dataSlice,
  getAddress,
  getBytes,
  hexlify,
  keccak256,
  recoverAddress,
  sha256,
  toBeHex,
  toBigInt,
} from "ethers";
import { parseDocument } from "../../sdk/src/attestation/document.ts";
import { decodeTeeParameters, measurementOf } from "../../sdk/src/attestation/tee.ts";
import { nitroVerifierAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import { Trust } from "../../sdk/src/types.ts";
import { documentsIn } from "./calls.ts";
import { type Evidence, isBefore } from "./chain.ts";
import { type CertificateIdentity, isAwsRoot, verifyDocument } from "./document.ts";
import type { ProvenRoute } from "./route.ts";
import { type Notes, place, type Subject, time } from "./subject.ts";
import { Refuted, require, Unreadable } from "./verdict.ts";

/** r ‖ s ‖ v, then the attestation's number. */
const SIGNATURE_LENGTH = 65;
const PROOF_LENGTH = 69;
/** The order of secp256k1 (SEC 2, section 2.4.1). */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** What an enclave signed. */
export interface Signed {
  readonly what: "claim" | "batch";
  /** The node that the enclave's key is attested for. */
  readonly nodeId: string;
  /** The EIP-712 hash. */
  readonly hash: string;
  /** Who has to have signed it; whoever is attested, if absent. */
  readonly by?: string;
  /** Where it first came on chain: the key has to have been valid then. */
  readonly onChain: Evidence;
}

/**
 * Verifies that one of some proofs is an attested enclave's signature of a claim or a batch: the signature, the attestation
 * document and its certificates down from the root, what they bind, which images the model trusts, and revocations.
 *
 * @throws Refuted if none is; Unreadable if the attestation's transaction does not show its document.
 */
export async function auditEnclave(
  subject: Subject,
  signed: Signed,
  route: ProvenRoute,
  proofs: readonly string[],
  notes: Notes,
): Promise<void> {
  const failures: Refuted[] = [];
  for (const proof of proofs) {
    const lines: string[] = [];
    try {
      await auditProof(subject, signed, route, proof, { ...notes, say: (line) => void lines.push(line) });
      for (const line of lines) notes.say(line);
      return;
    } catch (error) {
      if (!(error instanceof Refuted)) throw error;
      failures.push(error);
    }
  }
  throw failures[0] ?? new Refuted("there is no proof");
}

async function auditProof(
  subject: Subject,
  { what, nodeId, hash, by, onChain }: Signed,
  { verifier, parameters }: ProvenRoute,
  proof: string,
  { say, mind }: Notes,
): Promise<void> {
  const { chain } = subject;
  require(dataLength(proof) ===
    PROOF_LENGTH, `an enclave's proof has ${PROOF_LENGTH} bytes, and this has ${dataLength(proof)}`);
  const signer = recover(hash, dataSlice(proof, 0, SIGNATURE_LENGTH));
  const index = toBigInt(dataSlice(proof, SIGNATURE_LENGTH));
  const indexed = [nodeId, toBeHex(index, 32)];
  const [attested] = await chain.events(verifier, teeVerifierAbi, "EnclaveAttested", indexed, { asked: 1 });
  require(attested !== undefined, `node ${nodeId} has no attestation ${index}`);
  const { key, measurement, validFrom, validUntil } = attested.args;
  require(signer === key &&
    (by === undefined || getAddress(by) === key), `the ${what} is not signed by the attested key ${key}`);
  say(`the ${what} is signed by the key ${key} of attestation ${index}`);

  const claimedAt = onChain.block.timestamp;
  const isValid = isBefore(attested, onChain) && validFrom === attested.block.timestamp && claimedAt < validUntil;
  require(isValid, `the key was not valid at ${time(claimedAt)}, when the ${what} came on chain`);
  for (const revoked of await chain.events(verifier, teeVerifierAbi, "EnclaveRevoked", indexed, { asked: 1 })) {
    const { validUntil, emergency } = revoked.args;
    const how = `${emergency ? "in an emergency " : ""}(${place(revoked)})`;
    require(claimedAt <
      validUntil, `the key was revoked ${how} from ${time(validUntil)} on, before the ${what} came on chain`);
    say(`the key was revoked after the ${what} came on chain ${how}`);
  }

  const document = await findDocument(subject, attested, nodeId, key);
  const { document: shown, certificates } = verifyDocument(document, subject.root, attested.block.timestamp);
  say(`its attestation document, ${document.length} bytes in ${place(attested)}:`);
  say(`  ${certificates.length + 1} signatures by P-384, from the root ${sha256(subject.root)}`);
  if (!isAwsRoot(subject.root)) {
    mind("the enclave is attested under the root given by --root, NOT under AWS's: its owner can attest anything");
  }

  const chainId = BigInt(subject.deployment.chainId);
  const binding = ["uint256", "address", "bytes32"];
  const bound = [chainId, verifier, nodeId];
  const encode = (types: string[], values: unknown[]) => AbiCoder.defaultAbiCoder().encode(types, values);
  require(hex(shown.userData) === encode(binding, bound), "the document is bound to another chain, registry or node");
  const nonce = keccak256(encode([...binding, "uint256"], [...bound, index]));
  require(hex(shown.nonce) === nonce, "the document was made for another attestation of the node");
  require(shown.publicKey?.length === SIGNATURE_LENGTH &&
    computeAddress(hexlify(shown.publicKey)) === key, "the document is of another key");
  say(`  bound to this chain, registry, node and attestation, and to the key`);
  const age = attested.block.timestamp - Number(shown.timestamp / 1000n);
  say(`  made ${time(Number(shown.timestamp / 1000n))}, ${age} s before it was registered`);

  const registers = [0, 1, 2].map((register) => shown.pcrs.get(register) ?? new Uint8Array());
  const [pcr0, pcr1, pcr2] = registers;
  const isMeasured = registers.every((pcr) => pcr.length === 48 && pcr.some((byte) => byte !== 0));
  require(isMeasured &&
    pcr0 !== undefined &&
    pcr1 !== undefined &&
    pcr2 !== undefined, "the enclave is not measured, or in debug mode");
  require(measurementOf([pcr0, pcr1, pcr2]) === measurement, "the measurement on chain is not that of the document");
  const trusted = decodeTeeParameters(parameters);
  require(trusted?.measurements.includes(measurement) ===
    true, `the model does not trust the measurement ${measurement}`);
  say(`the model trusts the measurement ${measurement}`);
  if (trusted.trust === Trust.GATEWAY) {
    say(`what that proves: RELAY, NOT EXECUTION: the image is a gateway to ${trusted.backend}`);
    mind(`the proof shows what a gateway relayed from ${trusted.backend}, not that a model ran`);
  } else {
    say("what that proves: execution; the image contains weights and runtime");
  }
  await auditRevocations(subject, attested, measurement, verifier, certificates, { mind });
}

/** The document that was registered, from the calldata of its transaction or, where the node can, from its calls. */
async function findDocument(subject: Subject, attested: Evidence, nodeId: string, key: string): Promise<Uint8Array> {
  const { hash, input, to } = attested.transaction;
  const isFor = (found: { readonly nodeId: string; readonly document: string }) => found.nodeId === nodeId;
  let found = documentsIn(input).filter(isFor);
  if (found.length === 0 && to !== attested.log.address) {
    const calls = await subject.chain.calls(hash);
    if (calls === null) {
      throw new Unreadable(
        `the attestation ${hash} was made by a contract: its document is not in the calldata, and the RPC node cannot trace`,
      );
    }
    found = calls.flatMap((call) => documentsIn(call.input)).filter(isFor);
  }
  // A transaction can register several documents; one that does not even show the key is for the verification to refuse.
  const named = found.find(({ document }) => shownKey(document) === key) ?? found[0];
  require(named !== undefined, `transaction ${hash} does not show the attestation's document`);
  return getBytes(named.document);
}

/** The address of the key in a document; undefined if there is none to be read. */
function shownKey(document: string): string | undefined {
  try {
    const { publicKey } = parseDocument(getBytes(document));
    return publicKey === null ? undefined : computeAddress(hexlify(publicKey));
  } catch {
    return undefined;
  }
}

/** Checks that nothing that the attestation rests on was banned or revoked before it; mentions what was later. */
async function auditRevocations(
  { chain, deployment }: Subject,
  attested: Evidence,
  measurement: string,
  verifier: string,
  certificates: readonly CertificateIdentity[],
  { mind }: Pick<Notes, "mind">,
): Promise<void> {
  for (const banned of await chain.events(verifier, teeVerifierAbi, "MeasurementBanned", [measurement])) {
    require(isBefore(attested, banned), `the measurement was banned before the attestation (${place(banned)})`);
    mind(`the image was banned later (${place(banned)})`);
  }
  const nitroVerifiers = Object.entries(deployment.addresses).filter(([name]) => name.endsWith("NitroVerifier"));
  for (const [, address] of nitroVerifiers) {
    for (const revoked of await chain.events(address, nitroVerifierAbi, "CertificateRevoked", [])) {
      const { issuer, serial } = revoked.args;
      if (!certificates.some((certificate) => certificate.issuer === issuer && certificate.serial === serial)) continue;
      require(isBefore(attested, revoked), `a certificate was revoked before the attestation (${place(revoked)})`);
      mind(`a certificate of the attestation was revoked later (${place(revoked)})`);
    }
  }
}

/** Who signed a hash by r ‖ s ‖ v; high and low s alike, as the contract takes them. */
function recover(hash: string, signature: string): string {
  const s = toBigInt(dataSlice(signature, 32, 64));
  const v = Number(dataSlice(signature, 64));
  const isHigh = s > N / 2n;
  require(v === 27 || v === 28, "the enclave's signature is none");
  try {
    return recoverAddress(hash, {
      r: dataSlice(signature, 0, 32),
      s: toBeHex(isHigh ? N - s : s, 32),
      v: isHigh ? 55 - v : v,
    });
  } catch {
    throw new Refuted("the enclave's signature is none");
  }
}

const hex = (bytes: Uint8Array | null): string => (bytes === null ? "0x" : hexlify(bytes));
