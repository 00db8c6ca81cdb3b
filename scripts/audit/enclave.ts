import { getAddress, getBytes, sha256, toBeHex } from "ethers";
import { decodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { nitroVerifierAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import { Trust } from "../../sdk/src/types.ts";
import {
  isAwsRoot,
  readMeasurement,
  requireBinding,
  shownKey,
  verifyDocument,
} from "../../sdk/src/verify/attestation.ts";
import { documentsIn } from "../../sdk/src/verify/calls.ts";
import type { CertificateIdentity } from "../../sdk/src/verify/certificate.ts";
import { readEnclaveSignature } from "../../sdk/src/verify/enclaveSignature.ts";
import { Refuted, requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { time } from "../../sdk/src/verify/time.ts";
import { isBefore, type Located } from "./chain.ts";
import type { ProvenRoute } from "./route.ts";
import type { Proof, Shown } from "./shown.ts";
import { type Notes, place, type Subject } from "./subject.ts";

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
  readonly onChain: Located;
}

/**
 * Verifies that one of some proofs is an attested enclave's signature of a claim or a batch: the signature, the attestation
 * document and its certificates down from the root, what they bind, which images the model trusts, and revocations.
 *
 * @throws Refuted if none is; Unreadable if the transaction of an attestation that one names does not show its document.
 */
export async function auditEnclave(
  subject: Subject,
  signed: Signed,
  route: ProvenRoute,
  proofs: AsyncIterable<Shown<Proof>>,
  { say, mind }: Notes,
): Promise<void> {
  const failures: Error[] = [];
  for await (const { proof, where } of proofs) {
    const [lines, caveats]: [string[], string[]] = [[`the signature is ${where}`], []];
    const notes: Notes = { say: (line) => void lines.push(line), mind: (caveat) => void caveats.push(caveat) };
    try {
      await auditProof(subject, signed, route, proof, notes);
      for (const line of lines) say(line);
      for (const caveat of caveats) mind(caveat);
      return;
    } catch (error) {
      if (!(error instanceof Refuted || error instanceof Unreadable)) throw error;
      failures.push(error);
    }
  }
  // Where one could not be read, that the others do not hold says nothing.
  throw failures.find((error) => error instanceof Unreadable) ?? failures[0] ?? new Refuted("there is no proof");
}

async function auditProof(
  subject: Subject,
  { what, nodeId, hash, by, onChain }: Signed,
  { verifier, parameters }: ProvenRoute,
  proof: string,
  { say, mind }: Notes,
): Promise<void> {
  const { chain } = subject;
  const { signer, index } = readEnclaveSignature(hash, proof);
  const indexed = [nodeId, toBeHex(index, 32)];
  const [attested] = await chain.events(verifier, teeVerifierAbi, "EnclaveAttested", indexed, { asked: 1 });
  requireThat(attested !== undefined, `node ${nodeId} has no attestation ${index}`);
  const { key, measurement, validFrom, validUntil } = attested.args;
  requireThat(
    signer === key && (by === undefined || getAddress(by) === key),
    `the ${what} is not signed by the attested key ${key}`,
  );
  say(`the ${what} is signed by the key ${key} of attestation ${index}`);

  const claimedAt = onChain.block.timestamp;
  const isValid = isBefore(attested, onChain) && validFrom === attested.block.timestamp && claimedAt < validUntil;
  requireThat(isValid, `the key was not valid at ${time(claimedAt)}, when the ${what} came on chain`);
  for (const revoked of await chain.events(verifier, teeVerifierAbi, "EnclaveRevoked", indexed, { asked: 1 })) {
    const { validUntil, emergency } = revoked.args;
    const how = `${emergency ? "in an emergency " : ""}(${place(revoked)})`;
    requireThat(
      claimedAt < validUntil,
      `the key was revoked ${how} from ${time(validUntil)} on, before the ${what} came on chain`,
    );
    say(`the key was revoked after the ${what} came on chain ${how}`);
  }

  const document = await findDocument(subject, attested, nodeId, key);
  const { document: shown, certificates } = await verifyDocument(document, subject.root, attested.block.timestamp);
  say(`its attestation document, ${document.length} bytes in ${place(attested)}:`);
  say(`  ${certificates.length + 1} signatures by P-384, from the root ${sha256(subject.root)}`);
  if (!isAwsRoot(subject.root)) {
    mind("the enclave is attested under the root given by --root, NOT under AWS's: its owner can attest anything");
  }

  requireBinding(shown, { chainId: subject.deployment.chainId, verifier, nodeId, index, key });
  say(`  bound to this chain, registry, node and attestation, and to the key`);
  const age = attested.block.timestamp - Number(shown.timestamp / 1000n);
  say(`  made ${time(Number(shown.timestamp / 1000n))}, ${age} s before it was registered`);

  requireThat(readMeasurement(shown) === measurement, "the measurement on chain is not that of the document");
  const trusted = decodeTeeParameters(parameters);
  requireThat(
    trusted?.measurements.includes(measurement) === true,
    `the model does not trust the measurement ${measurement}`,
  );
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
async function findDocument(subject: Subject, attested: Located, nodeId: string, key: string): Promise<Uint8Array> {
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
  requireThat(named !== undefined, `transaction ${hash} does not show the attestation's document`);
  return getBytes(named.document);
}

/** Checks that nothing that the attestation rests on was banned or revoked before it; mentions what was later. */
async function auditRevocations(
  { chain, deployment }: Subject,
  attested: Located,
  measurement: string,
  verifier: string,
  certificates: readonly CertificateIdentity[],
  { mind }: Pick<Notes, "mind">,
): Promise<void> {
  for (const banned of await chain.events(verifier, teeVerifierAbi, "MeasurementBanned", [measurement])) {
    requireThat(isBefore(attested, banned), `the measurement was banned before the attestation (${place(banned)})`);
    mind(`the image was banned later (${place(banned)})`);
  }
  const nitroVerifiers = Object.entries(deployment.addresses).filter(([name]) => name.endsWith("NitroVerifier"));
  for (const [, address] of nitroVerifiers) {
    for (const revoked of await chain.events(address, nitroVerifierAbi, "CertificateRevoked", [])) {
      const { issuer, serial } = revoked.args;
      if (!certificates.some((certificate) => certificate.issuer === issuer && certificate.serial === serial)) continue;
      requireThat(isBefore(attested, revoked), `a certificate was revoked before the attestation (${place(revoked)})`);
      mind(`a certificate of the attestation was revoked later (${place(revoked)})`);
    }
  }
}
