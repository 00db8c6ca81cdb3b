import { getAddress, getBytes, hexlify, keccak256, sha256 } from "ethers";
import { decodeTeeParameters } from "../attestation/tee.ts";
import { isLocalChain } from "../chain/isLocalChain.ts";
import { keyWeaknesses } from "../client/keyWeaknesses.ts";
import { claimOf } from "../hash/claimOf.ts";
import { hashBatch } from "../hash/hashBatch.ts";
import { hashClaim } from "../hash/hashClaim.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import { type InferenceClaim, KeyFault, Route, Trust, VerifierStatus } from "../types.ts";
import {
  isAwsRoot,
  type ReadAttestation,
  readAttestation,
  readMeasurement,
  requireBinding,
  requireRoot,
  verifyCertificate,
  verifyDocumentSignature,
} from "./attestation.ts";
import { readEnclaveSignature } from "./enclaveSignature.ts";
import type { BatchEvidence, EnclaveEvidence, Evidence, EvidencePlace, InferenceEvidence } from "./evidence.ts";
import {
  type Groth16Key,
  isAccepted,
  isCanonical,
  isInSubgroup,
  publicSignalsFor,
  readRegisteredKey,
  readZkParameters,
  type Snarkjs,
} from "./groth16.ts";
import { printable } from "./printable.ts";
import { Refuted, requireThat, Unreadable } from "./refuted.ts";
import { time } from "./time.ts";

/** The steps of a verification, in their order; a batch begins with `batch`, an inference with `terms`. */
export type StepId =
  | "terms"
  | "claim"
  | "batch"
  | "route"
  | "key"
  | "ceremony"
  | "signals"
  | "subgroup"
  | "proof"
  | "signature"
  | "attestation"
  | "document"
  | "root"
  | "certificate"
  | "documentSignature"
  | "binding"
  | "measurement"
  | "meaning"
  | "revocations";

/** One step of a verification: what was compared, in words for people, and what came of it. */
export interface VerificationStep {
  readonly id: StepId;
  readonly title: string;
  /** What holds; what the reader should mind, if the state is `caveat`; why it does not, if it is `failed`. */
  readonly detail: string;
  readonly state: "ok" | "caveat" | "failed";
  /** What was compared, for who wants to do it again. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
}

/** What a verification found. */
export interface Verification {
  /** Unreadable: it could not be checked here; that says nothing about the proof. */
  readonly verdict: "proven" | "refuted" | "unreadable";
  /** The verdict in a sentence. */
  readonly summary: string;
  readonly steps: readonly VerificationStep[];
  /** What the reader should mind although it is proven. */
  readonly caveats: readonly string[];
  /** What the verdict rests on that was not checked here. */
  readonly restsOn: readonly string[];
}

/** How to verify. */
export interface VerificationOptions {
  /** Loads snarkjs; it is asked for only when there is a Groth16 proof. */
  readonly snarkjs: () => Promise<Snarkjs>;
  /**
   * The only root certificate (DER) to accept. Without one it is AWS's; on a local chain also the one that the chain's
   * verifier names.
   */
  readonly root?: Uint8Array;
  /** Who read the evidence from the chain: somebody else, or an RPC node of the caller's choice. */
  readonly readBy?: "indexer" | "rpc";
  /** Told of every step as it ends. */
  readonly onStep?: (step: VerificationStep) => void | Promise<void>;
}

/**
 * Verifies evidence on this machine, step by step, until one does not hold: that the terms are the request's, that the
 * claim was proven by a Groth16 proof (snarkjs), or signed by an enclave whose attestation leads up to AWS's root
 * (WebCrypto). Runs in browsers.
 *
 * What it takes as given is in `restsOn`: above all that the evidence is what the chain has, which whoever read it says.
 * Never rejects for what it finds.
 */
export async function verifyEvidence(evidence: Evidence, options: VerificationOptions): Promise<Verification> {
  const steps = new Steps(options.onStep);
  const report = (verdict: Verification["verdict"], summary: string): Verification => ({
    verdict,
    summary: printable(summary),
    steps: steps.ended,
    caveats: steps.ended.filter(({ state }) => state === "caveat").map(({ detail }) => detail),
    restsOn: restsOn(evidence, options.readBy ?? "indexer"),
  });
  try {
    const meaning =
      evidence.of === "batch"
        ? await verifyBatch(evidence, steps, options)
        : await verifyInference(evidence, steps, options);
    return report("proven", meaning);
  } catch (error) {
    if (error instanceof Refuted) return report("refuted", `It is not proven: ${error.message}.`);
    if (error instanceof Unreadable) return report("unreadable", `It cannot be checked here: ${error.message}.`);
    throw error;
  }
}

function restsOn({ contract, chainId, of }: Evidence, readBy: "indexer" | "rpc"): string[] {
  const chain =
    readBy === "rpc"
      ? "The RPC node that you named: that these transactions, this code and this state are on chain is its word."
      : "This indexer: that these transactions, this code and this state are on chain is its word. Name an RPC node of your own, or run opg audit, to read them yourself.";
  const name = of === "batch" ? "BatchSettlement" : "Settlement";
  const money =
    of === "batch" ? "what the payers owe, and the leaves under the Merkle root" : "fee, burn and deadlines";
  return [
    chain,
    `That ${contract} on chain ${chainId} is the protocol's ${name} contract: compare it with the published deployment.`,
    `Not looked at here: ${money}. opg audit does.`,
  ];
}

/** What a step can tell while it runs. */
interface Notes {
  /** A value that was compared. */
  show(name: string, value: string | number | bigint): void;
  /** The step holds, and the reader should mind something. */
  mind(caveat: string): void;
}

/** Runs steps and keeps what came of them. */
class Steps {
  readonly ended: VerificationStep[] = [];
  readonly #onStep: VerificationOptions["onStep"];

  constructor(onStep: VerificationOptions["onStep"]) {
    this.#onStep = onStep;
  }

  /**
   * Runs one step. @param work Gives what holds, and what later steps need.
   *
   * @throws Refuted, Unreadable as the step does; what else is thrown of malformed evidence is Refuted.
   */
  async run<T>(
    id: StepId,
    title: string,
    work: (notes: Notes) => readonly [detail: string, result: T] | Promise<readonly [detail: string, result: T]>,
  ): Promise<T> {
    const values: { name: string; value: string }[] = [];
    const caveats: string[] = [];
    const notes: Notes = {
      show: (name, value) => void values.push({ name, value: printable(String(value)) }),
      mind: (caveat) => void caveats.push(caveat),
    };
    const end = async (state: VerificationStep["state"], detail: string) => {
      // Names in documents and parameters are whatever somebody put there.
      const step: VerificationStep = { id, title: printable(title), detail: printable(detail), state, values };
      this.ended.push(step);
      await this.#onStep?.(step);
    };
    let done: readonly [string, T];
    try {
      done = await work(notes);
    } catch (error) {
      const known = error instanceof Refuted || error instanceof Unreadable;
      const reason = known ? error : new Refuted(`the evidence is malformed (${messageOf(error)})`);
      await end("failed", sentence(reason.message));
      throw reason;
    }
    const [detail, result] = done;
    await end(caveats.length > 0 ? "caveat" : "ok", [...caveats, sentence(detail)].join(" "));
    return result;
  }
}

/**
 * Looks at what was posted as proofs. Where a contract settled, by one that may not be among them, that they do not hold
 * says nothing: anybody may have put them there.
 *
 * @throws Unreadable instead of Refuted, then.
 */
async function judged<T>({ ownCall }: Evidence, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (ownCall || !(error instanceof Refuted)) throw error;
    throw new Unreadable(
      `no proof in the calldata holds (${error.message}), but a contract settled, by a proof that may not be in it: opg audit can read that from a node that traces`,
    );
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const isBefore = (a: EvidencePlace, b: EvidencePlace): boolean =>
  a.block < b.block || (a.block === b.block && a.logIndex < b.logIndex);

/** What an enclave, or a circuit, has to have said. */
interface Statement {
  readonly what: "claim" | "batch";
  readonly nodeId: string;
  readonly hash: string;
  /** Who has to have signed it; whoever is attested, if absent. */
  readonly by?: string;
  /** When it first came on chain: an enclave's key has to have been valid then. */
  readonly onChain: EvidencePlace;
}

async function verifyInference(
  evidence: InferenceEvidence,
  steps: Steps,
  options: VerificationOptions,
): Promise<string> {
  const { chainId, contract, id, terms, delivery, requested, settled } = evidence;
  const domain = { chainId, settlement: contract };
  await steps.run("terms", "The request is the hash of its terms", ({ show }) => {
    const recomputed = hashTerms(domain, terms);
    show("Request", id);
    show("Recomputed EIP-712 hash", recomputed);
    show("Chain", chainId);
    show("Contract", contract);
    requireThat(recomputed === id, `the terms hash to ${recomputed}, which is another request`);
    return ["chain, contract, requester, model, prices and deadlines give exactly this request's identifier", null];
  });
  const { nodeId } = delivery;
  const claim = claimOf(id, terms, delivery);
  const hash = await steps.run(
    "claim",
    "The claim names this request, its input and the delivered output",
    ({ show }) => {
      const claimHash = hashClaim(domain, claim);
      for (const [name, value] of Object.entries(claim)) show(name, value);
      show("Claim hash", claimHash);
      const asked = terms.offer.nodeId;
      requireThat(BigInt(asked) === 0n || asked === nodeId, `node ${nodeId} delivered, and the request names ${asked}`);
      requireThat(isBefore(requested, delivery.at), "the delivery came before the request");
      requireThat(isBefore(delivery.at, settled), "the settlement came before the delivery");
      return ["it is made here, of the terms and of what the node committed to when it delivered", claimHash];
    },
  );
  await verifyRoute(evidence, terms.offer.route, requested, steps);
  if (evidence.route.route === Route.ZK) return verifyGroth16(evidence, claim, hash, steps, options);
  return verifyEnclave(evidence, { what: "claim", nodeId, hash, onChain: delivery.at }, steps, options);
}

async function verifyBatch(evidence: BatchEvidence, steps: Steps, options: VerificationOptions): Promise<string> {
  const { chainId, contract, id, batch, rows, settled } = evidence;
  await steps.run("batch", "The batch is the hash of what the enclave signed", ({ show }) => {
    const recomputed = hashBatch({ chainId, settlement: contract }, batch);
    show("Batch", id);
    show("Recomputed EIP-712 hash", recomputed);
    show("Inferences", `${batch.first} to ${batch.first + batch.count - 1n}`);
    show("Merkle root", batch.root);
    requireThat(recomputed === id, `the batch hashes to ${recomputed}, which is another batch`);
    requireThat(
      keccak256(rows) === batch.rowsHash,
      "the rows that the payers were charged by are not those of the batch",
    );
    return ["node, model, range of inferences, Merkle root and the payers' rows give exactly this batch", null];
  });
  await verifyRoute(evidence, Route.TEE, settled, steps);
  const { nodeId, key } = batch;
  return verifyEnclave(evidence, { what: "batch", nodeId, hash: id, by: key, onChain: settled }, steps, options);
}

const verifyRoute = (evidence: Evidence, route: Route, use: EvidencePlace, steps: Steps): Promise<null> =>
  steps.run("route", "The model says how its inferences are proven", ({ show, mind }) => {
    const { verifier, verifierId, status, parameters, set } = evidence.route;
    show("Verifier", `${verifierId}, ${verifier}`);
    show("Parameters", parameters);
    show("Set in transaction", set.transaction);
    requireThat(evidence.route.route === route, "the verifier is of another route than the terms name");
    requireThat(isBefore(set, use), "the model's route was set after it was used");
    if (status === VerifierStatus.REVOKED) {
      mind("The route's verifier was revoked later. What follows does not rest on its code.");
    }
    const kind = route === Route.ZK ? "a zero-knowledge proof" : "an attested enclave's signature";
    return [`by ${kind}; the parameters were set before they were used, and a version never changes`, null];
  });

async function verifyGroth16(
  evidence: InferenceEvidence,
  claim: InferenceClaim,
  claimHash: string,
  steps: Steps,
  options: VerificationOptions,
): Promise<string> {
  const { chainId, route, groth16 } = evidence;
  const { parameters, declared } = await steps.run(
    "key",
    "The verifying key is the one that the model names",
    ({ show }) => {
      const parameters = readZkParameters(route.parameters);
      if (parameters === undefined || groth16 === null) {
        throw new Unreadable("the route is of a proof system that is not known here; only Groth16 is");
      }
      show("Key", parameters.keyId);
      show("Read from the code of", groth16.pointer);
      const declared = readRegisteredKey(groth16.code, parameters.keyId);
      return ["its Keccak-256 hash is the key's name in the route's parameters", { parameters, declared }];
    },
  );
  const { ceremony, key } = declared;
  await steps.run("ceremony", "Where the verifying key comes from", ({ show, mind }) => {
    show("Contributions", ceremony.contributions);
    show("Beacon", ceremony.beacon);
    show("SHA-256 of the zkey", ceremony.zkeyHash);
    const [weakness] = keyWeaknesses(ceremony);
    requireThat(weakness === undefined || isLocalChain(chainId), `the key is not one for production: ${weakness}`);
    if (weakness === undefined) {
      return ["the key declares its ceremony; opg circuit verify checks that it took place", null];
    }
    mind("DEVELOPMENT KEY: whoever made it can prove anything, so this proof shows nothing to others.");
    return [`accepted on local chains only: ${weakness}`, null];
  });
  const signals = await steps.run("signals", "The public inputs are made here, of the claim", ({ show }) => {
    const signals = publicSignalsFor(claim, claimHash, parameters);
    const names: readonly string[] = ["Claim hash, reduced into the field", "Weights", "Input", "Output"];
    for (const [index, signal] of signals.entries()) show(names[index] ?? "", signal);
    return ["claim, weights, input and output; nobody supplies them", signals] as const;
  });
  const snarkjs = await options.snarkjs();
  await judged(evidence, () => verifyPoints(evidence, key, signals, steps, snarkjs));
  return steps.run("meaning", "What that proves", ({ show }) => {
    show("Commitment to the weights", parameters.weightsCommitment);
    return [
      "execution: the model with exactly these weights gives exactly this output for this input",
      "The model ran: its proof holds.",
    ];
  });
}

/** That snarkjs verifies one of the proofs. */
async function verifyPoints(
  { proofs }: Evidence,
  key: Groth16Key,
  signals: readonly bigint[],
  steps: Steps,
  snarkjs: Snarkjs,
): Promise<void> {
  const wellFormed = await steps.run("subgroup", "The proof's points are well formed", ({ show }) => {
    for (const proof of proofs) show("Proof", proof);
    const found = proofs.filter((proof) => isCanonical(proof) && isInSubgroup(snarkjs, proof));
    requireThat(found.length > 0, "a point of the proof is not canonical, or not in the right subgroup");
    return [
      "every coordinate is below the field's order and B is in the subgroup, which snarkjs does not check",
      found,
    ];
  });
  await steps.run("proof", "snarkjs verifies the zero-knowledge proof", async () => {
    for (const proof of wellFormed) {
      if (await isAccepted(snarkjs, key, signals, proof)) {
        return ["the pairing equation of Groth16 holds for this key, these public inputs and this proof", null];
      }
    }
    throw new Refuted("snarkjs refuses the proof");
  });
}

async function verifyEnclave(
  evidence: Evidence,
  statement: Statement,
  steps: Steps,
  options: VerificationOptions,
): Promise<string> {
  const { attestation, enclave, trusted } = await judged(evidence, () =>
    verifySignature(evidence, statement, steps, options),
  );
  const meaning = await steps.run("meaning", "What that proves", ({ show, mind }) => {
    show("Trust", trusted.trust === Trust.GATEWAY ? "GATEWAY" : "LOCAL");
    if (trusted.trust === Trust.GATEWAY) {
      show("Backend", trusted.backend);
      mind(`RELAY, NOT EXECUTION: the image is a gateway to ${trusted.backend}. What ran there, nobody knows.`);
      return [
        "the enclave saw this prompt and relayed this answer; it does not show that a model ran",
        `An attested gateway relayed it from ${trusted.backend}: not shown is what ran there.`,
      ];
    }
    return [
      "execution: the image contains the model's weights and its runtime",
      statement.what === "batch"
        ? "An attested enclave that runs the model signed this batch."
        : "An attested enclave ran the model and signed this claim.",
    ];
  });
  await verifyRevocations(evidence, attestation, enclave, steps);
  return meaning;
}

/** That the statement is signed by a key that was attested for its node, with an image that the model trusts. */
async function verifySignature(
  evidence: Evidence,
  { what, nodeId, hash, by, onChain }: Statement,
  steps: Steps,
  options: VerificationOptions,
) {
  const { chainId, proofs, route } = evidence;
  const { verifier } = route;
  const enclave = await steps.run("signature", `An enclave's key signed the ${what}`, ({ show }) => {
    const [proof] = proofs;
    requireThat(proof !== undefined, "there is no signature");
    const { signer, index } = readEnclaveSignature(hash, proof);
    const { enclave } = evidence;
    if (enclave === null) throw new Unreadable(`the attestation ${index} of the node is not in the evidence`);
    show(what === "batch" ? "Batch" : "Claim hash", hash);
    show("Signature", proof);
    show("Signed by", signer);
    const isAttested = signer === getAddress(enclave.key) && index === enclave.index;
    requireThat(
      isAttested && (by === undefined || getAddress(by) === signer),
      `${signer} signed, which is not the attested key`,
    );
    return [`the signature is by ${signer}, the key of the node's attestation ${index}`, enclave];
  });
  const key = getAddress(enclave.key);
  await steps.run("attestation", "That key was the node's, and valid then", ({ show, mind }) => {
    const { attested, validFrom, validUntil, endsAt } = enclave;
    show("Node", nodeId);
    show("Attested", `${time(validFrom)}, transaction ${attested.transaction}`);
    show("Valid until", time(endsAt));
    show("On chain", time(onChain.timestamp));
    const wasValid = isBefore(attested, onChain) && validFrom === attested.timestamp && onChain.timestamp < validUntil;
    requireThat(wasValid, `the key was not valid at ${time(onChain.timestamp)}, when the ${what} came on chain`);
    requireThat(
      onChain.timestamp < endsAt,
      `the key was revoked from ${time(endsAt)} on, before the ${what} came on chain`,
    );
    if (endsAt < validUntil) mind(`The key was revoked later: it ended at ${time(endsAt)}.`);
    return [`it was attested before the ${what} came on chain, and had not ended by then`, null];
  });
  const attestation = await steps.run("document", "The attestation document can be read", ({ show }) => {
    const bytes = getBytes(enclave.document);
    const read = readAttestation(bytes);
    const { moduleId, timestamp, cabundle } = read.document;
    show("Length", `${bytes.length} bytes`);
    show("Enclave", moduleId);
    show("Made", time(Number(timestamp / 1000n)));
    return [`a COSE_Sign1 message with ${cabundle.length + 1} certificates, and no header that nobody signs`, read];
  });
  await verifyChain(attestation, enclave, chainId, steps, options);
  await steps.run("binding", "The document was made for this node and key", ({ show }) => {
    const { index } = enclave;
    requireBinding(attestation.document, { chainId, verifier: getAddress(verifier), nodeId, index, key });
    show("Verifier", verifier);
    show("Attestation", index);
    show("Key", key);
    return [
      "its user data names chain, verifier and node, its nonce the attestation, its public key the key that signed",
      null,
    ];
  });
  const trusted = await steps.run("measurement", "The measured image is one that the model trusts", ({ show }) => {
    const measured = readMeasurement(attestation.document);
    for (const register of [0, 1, 2]) {
      show(`PCR${register}`, hexlify(attestation.document.pcrs.get(register) ?? "0x").slice(2));
    }
    show("Measurement", measured);
    requireThat(measured === enclave.measurement, "the measurement on chain is not that of the document");
    const trusted = decodeTeeParameters(route.parameters);
    requireThat(
      trusted?.measurements.includes(measured) === true,
      `the model does not trust the measurement ${measured}`,
    );
    return ["the Keccak-256 hash of PCR0, PCR1 and PCR2 is in the model's set of trusted images", trusted];
  });
  return { attestation, enclave, trusted };
}

/** The attestation's signatures, from the root down to the document. */
async function verifyChain(
  attestation: ReadAttestation,
  { attested, rootHash }: EnclaveEvidence,
  chainId: number,
  steps: Steps,
  { root }: VerificationOptions,
): Promise<void> {
  const { path, document } = attestation;
  await steps.run("root", "The certificates start at a known root", ({ show, mind }) => {
    const first = path[0]?.der ?? new Uint8Array();
    const fingerprint = sha256(first);
    show("SHA-256 of the root", fingerprint);
    if (root !== undefined) requireRoot(attestation, root);
    if (isAwsRoot(first)) return ["it is the root of AWS Nitro enclaves, by the fingerprint that AWS publishes", null];
    const isAccepted = root !== undefined || (isLocalChain(chainId) && fingerprint === rootHash);
    requireThat(isAccepted, `the root ${fingerprint} is not AWS's`);
    mind("DEVELOPMENT ROOT, not AWS's: whoever owns it can attest anything, so this shows nothing to others.");
    return [
      root === undefined
        ? "it is accepted because the chain is a local one, and its verifier trusts it"
        : "it is accepted because it was named",
      null,
    ];
  });
  const made = Number(document.timestamp / 1000n);
  for (const [index, certificate] of path.entries()) {
    const title = `Certificate ${index + 1} of ${path.length}: ${certificate.name}`;
    await steps.run("certificate", title, async ({ show }) => {
      show("Valid", `${time(certificate.notBefore)} to ${time(certificate.notAfter)}`);
      show("Serial number", certificate.identity.serial);
      show("Authority", certificate.isAuthority ? `yes, path length ${certificate.pathLength ?? "unlimited"}` : "no");
      // At the block's time, as the contract did; and when the document says that it was made, which AWS signed.
      await verifyCertificate(attestation, index, attested.timestamp);
      certificate.requireValid(made);
      return index === 0
        ? ["it was valid when the enclave was registered", null]
        : [
            "the one before may issue it and signed it, by ECDSA P-384; it was valid when the enclave was registered",
            null,
          ];
    });
  }
  await steps.run("documentSignature", "The enclave's hardware signed the document", async ({ show }) => {
    show("Signature", hexlify(document.signature).slice(2));
    await verifyDocumentSignature(attestation);
    return ["the COSE signature (ES384) is by the last certificate's key, which is for signatures only", null];
  });
}

const verifyRevocations = (
  evidence: Evidence,
  { path }: ReadAttestation,
  { fault, banned, revokedCertificates }: EnclaveEvidence,
  steps: Steps,
): Promise<null> =>
  steps.run("revocations", "Nothing of it was revoked since", ({ mind }) => {
    const equivocated = evidence.of === "batch" ? evidence.equivocated : null;
    requireThat(equivocated === null, "the key signed another batch for one of these inferences");
    if (banned) mind("The image was banned later.");
    for (const place of revokedCertificates) mind(`The certificate of ${path[place]?.name} was revoked later.`);
    if (fault === KeyFault.EQUIVOCATED) mind("The key was found later to have signed two batches for one inference.");
    if (fault === KeyFault.COMPROMISED) mind("An attestation of this key was later ended in an emergency.");
    const isClean = !banned && fault === KeyFault.NONE && revokedCertificates.length === 0;
    return [
      isClean ? "neither image, nor certificate, nor key" : "the attestation counted when the enclave was registered",
      null,
    ];
  });
