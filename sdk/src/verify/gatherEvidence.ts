import {
  dataLength,
  getBytes,
  keccak256,
  type Provider,
  type TransactionReceipt,
  type TransactionResponse,
} from "ethers";
import { parseDocument } from "../attestation/document.ts";
import { decodeTeeParameters } from "../attestation/tee.ts";
import type { Abi, EventArgs, EventName } from "../chain/abiTypes.ts";
import { TypedContract } from "../chain/TypedContract.ts";
import { ContractError } from "../errors/ContractError.ts";
import {
  batchSettlementAbi,
  groth16VerifierAbi,
  modelRegistryAbi,
  nitroVerifierAbi,
  settlementAbi,
  teeVerifierAbi,
  verifierRegistryAbi,
} from "../generated/abis.ts";
import { claimOf } from "../hash/claimOf.ts";
import { hashBatch } from "../hash/hashBatch.ts";
import { hashClaim } from "../hash/hashClaim.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import { Route } from "../types.ts";
import { shownKey } from "./attestation.ts";
import { batchesIn, documentsIn, type Posted, proofsIn } from "./calls.ts";
import { Certificate } from "./certificate.ts";
import { readEnclaveSignature } from "./enclaveSignature.ts";
import type {
  BatchEvidence,
  EnclaveEvidence,
  Evidence,
  EvidencePlace,
  Groth16Evidence,
  InferenceEvidence,
  RouteEvidence,
} from "./evidence.ts";
import { readZkParameters } from "./groth16.ts";
import { Refuted, Unreadable } from "./refuted.ts";

/** Finds the transaction that attested a node's enclave; undefined if there is none. */
type FindAttestation = (verifier: string, nodeId: string, index: number) => Promise<string | undefined>;

interface CommonPointers {
  readonly chainId: number;
  /** Settlement for an inference, BatchSettlement for a batch. */
  readonly contract: string;
  /** The request's identifier, or the batch's digest. */
  readonly id: string;
  /** Hashes of transactions, here and below. */
  readonly settled: string;
  readonly routeSet: string;
  readonly attested: FindAttestation;
}

/** In which transactions the evidence of an inference is. */
export interface InferencePointers extends CommonPointers {
  readonly of: "inference";
  readonly requested: string;
  readonly delivered: string;
}

/** In which transactions the evidence of a batch is. */
export interface BatchPointers extends CommonPointers {
  readonly of: "batch";
  /** Where it was shown that the key signed another batch for one of these inferences, if it was. */
  readonly equivocated?: string;
}

/** Where evidence is on chain. Whoever names it is not trusted: what stands there is read, and `verifyEvidence` judges it. */
export type EvidencePointers = InferencePointers | BatchPointers;

/** Where some evidence says that it is: to read it again, from a chain that one trusts more. */
export function pointersOf(evidence: Evidence): EvidencePointers {
  const { chainId, contract, id, enclave } = evidence;
  const common: CommonPointers = {
    chainId,
    contract,
    id,
    settled: evidence.settled.transaction,
    routeSet: evidence.route.set.transaction,
    attested: async (_, __, index) => (index === enclave?.index ? enclave.attested.transaction : undefined),
  };
  if (evidence.of === "batch") {
    const { equivocated } = evidence;
    return { of: "batch", ...common, ...(equivocated && { equivocated: equivocated.transaction }) };
  }
  const { requested, delivery } = evidence;
  return { of: "inference", ...common, requested: requested.transaction, delivered: delivery.at.transaction };
}

/**
 * Reads from a chain all that it takes to check a proof: events from receipts, proof and attestation document from
 * calldata, the verifying key from its contract's code, and what is revoked by now. Nothing is judged.
 *
 * @throws Unreadable if the chain's node does not have it: because it is pruned, or the proof is in no calldata.
 */
export async function gatherEvidence(provider: Provider, pointers: EvidencePointers): Promise<Evidence> {
  const reader = new Reader(provider);
  await reader.requireChain(pointers.chainId);
  return pointers.of === "batch" ? gatherBatch(reader, pointers) : gatherInference(reader, pointers);
}

async function gatherInference(reader: Reader, pointers: InferencePointers): Promise<InferenceEvidence> {
  const { chainId, contract: address, id } = pointers;
  const contract = reader.contract(address, settlementAbi);
  const isThis = ({ requestId }: { readonly requestId: string }) => requestId === id;
  const [requested, delivered, settled] = await Promise.all([
    reader.event(contract, "Requested", pointers.requested, isThis),
    reader.event(contract, "Delivered", pointers.delivered, isThis),
    reader.event(contract, "Settled", pointers.settled, isThis),
  ]);
  const { terms } = requested.args;
  const { nodeId, outputHash, units } = delivered.args;
  const domain = { chainId, settlement: address };
  const route = await gatherRoute(reader, address, terms.offer, pointers.routeSet);
  const transaction = await reader.transaction(pointers.settled);
  const posted = proofsIn(transaction.data).filter(
    (one) => hashTerms(domain, one.terms) === id && one.outputHash === outputHash && one.units === units,
  );
  const statement = { nodeId, hash: hashClaim(domain, claimOf(id, terms, delivered.args)), onChain: delivered.at };
  const proofs = proofsOf("proof", address, transaction, posted);
  return {
    of: "inference",
    chainId,
    contract: address,
    id,
    terms,
    requested: requested.at,
    delivery: { nodeId, outputHash, units, at: delivered.at },
    settled: settled.at,
    ...(await gatherProof(reader, route, statement, proofs, pointers.attested)),
  };
}

async function gatherBatch(reader: Reader, pointers: BatchPointers): Promise<BatchEvidence> {
  const { chainId, contract: address, id } = pointers;
  const contract = reader.contract(address, batchSettlementAbi);
  const settled = await reader.event(contract, "BatchSettled", pointers.settled, ({ digest }) => digest === id);
  const { batch } = settled.args;
  const route = await gatherRoute(reader, address, { ...batch, route: Route.TEE }, pointers.routeSet);
  const domain = { chainId, settlement: address };
  const transaction = await reader.transaction(pointers.settled);
  const posted = batchesIn(transaction.data).filter(
    (one) => hashBatch(domain, one.batch) === id && keccak256(one.rows) === batch.rowsHash,
  );
  const proofs = proofsOf("batch", address, transaction, posted);
  const statement = { nodeId: batch.nodeId, hash: id, onChain: settled.at };
  const { equivocated } = pointers;
  const shown =
    equivocated === undefined
      ? null
      : await reader.event(
          contract,
          "Equivocated",
          equivocated,
          ({ digestA, digestB }) => digestA === id || digestB === id,
        );
  return {
    of: "batch",
    chainId,
    contract: address,
    id,
    batch,
    rows: posted[0]?.rows ?? "0x",
    settled: settled.at,
    equivocated: shown?.at ?? null,
    ...(await gatherProof(reader, route, statement, proofs, pointers.attested)),
  };
}

const notInCalldata = (what: string, transaction: string): Unreadable =>
  new Unreadable(
    `a contract made the settlement, and the ${what} is not in the calldata of transaction ${transaction}: opg audit can read it from a node that traces`,
  );

/** A version of a model's route, as the registries that the settlement names have it. */
async function gatherRoute(
  reader: Reader,
  address: string,
  { modelId, route, routeVersion }: { modelId: string; route: Route; routeVersion: number },
  transaction: string,
): Promise<RouteEvidence> {
  const settlement = reader.contract(address, settlementAbi); // A batch settlement has the two functions that are read here.
  const [models, verifiers] = await Promise.all([
    reader.ask(() => settlement.read("models")),
    reader.ask(() => settlement.read("verifiers")),
  ]);
  const set = await reader.event(
    reader.contract(models, modelRegistryAbi),
    "RouteSet",
    transaction,
    (one) => one.modelId === modelId && one.route === route && one.version === routeVersion,
  );
  const { verifierId, parameters } = set.args;
  const registry = reader.contract(verifiers, verifierRegistryAbi);
  const { verifier, status, route: kind } = await reader.ask(() => registry.read("verifierOf", verifierId));
  // The chain's own numbers: what they mean is what the verification compares.
  return {
    route: kind as Route,
    verifierId,
    verifier,
    status: status as RouteEvidence["status"],
    parameters,
    set: set.at,
  };
}

/** What a proof is of, and where that came on chain. */
interface Statement {
  readonly nodeId: string;
  readonly hash: string;
  readonly onChain: EvidencePlace;
}

/** What a transaction carries as proofs. */
type PostedProofs = Pick<Evidence, "proofs" | "ownCall">;

/** Of what a transaction's calldata has as proofs of something, the one that its own call settled by; else all. */
function proofsOf(
  what: "proof" | "batch",
  contract: string,
  { hash, to }: TransactionResponse,
  posted: readonly (Posted & { readonly proof: string })[],
): PostedProofs {
  if (posted.length === 0) throw notInCalldata(what, hash);
  const own = posted.find(({ at }) => at === 0 && to?.toLowerCase() === contract.toLowerCase());
  if (own !== undefined) return { proofs: [own.proof], ownCall: true };
  return { proofs: [...new Set(posted.map(({ proof }) => proof))], ownCall: false };
}

/** What proofs rest on besides what they are of. */
async function gatherProof(
  reader: Reader,
  route: RouteEvidence,
  statement: Statement,
  posted: PostedProofs,
  find: FindAttestation,
): Promise<Pick<Evidence, "route" | "proofs" | "ownCall" | "groth16" | "enclave">> {
  if (route.route === Route.ZK) return { route, ...posted, groth16: await gatherKey(reader, route), enclave: null };
  return { route, ...posted, groth16: null, ...(await gatherSignature(reader, route, statement, posted, find)) };
}

/**
 * The one of some signatures that the verifier accepts, with the attestation of its key; if none is, the first with an
 * attestation. The number of the attestation is not signed: anybody can write another one beside a signature.
 *
 * @throws Unreadable if the attestation is, of all that have one.
 */
async function gatherSignature(
  reader: Reader,
  { verifier, parameters }: RouteEvidence,
  { nodeId, hash, onChain }: Statement,
  { proofs }: PostedProofs,
  find: FindAttestation,
): Promise<{ readonly proofs: readonly string[]; readonly enclave: EnclaveEvidence | null }> {
  const trusted = decodeTeeParameters(parameters)?.measurements ?? [];
  let first: { readonly proofs: readonly string[]; readonly enclave: EnclaveEvidence } | undefined;
  let unread: unknown;
  for (const proof of proofs) {
    const signed = signatureIn(hash, proof);
    if (signed === undefined) continue;
    try {
      const enclave = await gatherEnclave(reader, verifier, nodeId, signed.index, find);
      const { key, validFrom, endsAt, measurement } = enclave;
      const wasValid = validFrom <= onChain.timestamp && onChain.timestamp < endsAt;
      if (key === signed.signer && wasValid && trusted.includes(measurement)) return { proofs: [proof], enclave };
      first ??= { proofs: [proof], enclave };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unread ??= error;
    }
  }
  if (unread !== undefined) throw unread;
  return first ?? { proofs, enclave: null };
}

function signatureIn(hash: string, proof: string) {
  try {
    return readEnclaveSignature(hash, proof);
  } catch (error) {
    if (error instanceof Refuted) return undefined;
    throw error;
  }
}

/** The verifying key that the route names; null if its verifier has none such: then it is of another proof system. */
async function gatherKey(reader: Reader, { verifier, parameters }: RouteEvidence): Promise<Groth16Evidence | null> {
  const zk = readZkParameters(parameters);
  if (zk === undefined) return null;
  const contract = reader.contract(verifier, groth16VerifierAbi);
  const info = await reader.ask(() =>
    contract.read("keyInfo", zk.keyId).catch((error: unknown) => {
      if (error instanceof ContractError) return null;
      throw error;
    }),
  );
  if (info === null) return null;
  const { pointer } = info;
  return { pointer, code: await reader.ask(() => reader.provider.getCode(pointer)) };
}

async function gatherEnclave(
  reader: Reader,
  verifier: string,
  nodeId: string,
  index: number,
  find: FindAttestation,
): Promise<EnclaveEvidence> {
  const transaction = await find(verifier, nodeId, index);
  if (transaction === undefined) throw new Unreadable(`no attestation ${index} of node ${nodeId} is known`);
  const registry = reader.contract(verifier, teeVerifierAbi);
  const { args, at } = await reader.event(
    registry,
    "EnclaveAttested",
    transaction,
    (one) => one.nodeId === nodeId && one.index === BigInt(index),
  );
  const { key, measurement, validFrom, validUntil } = args;
  const documents = documentsIn((await reader.transaction(transaction)).data).filter((one) => one.nodeId === nodeId);
  // A transaction can register several documents; one that does not even show the key is for the verification to refuse.
  const named = documents.find(({ document }) => shownKey(document) === key) ?? documents[0];
  if (named === undefined) throw notInCalldata("attestation document", transaction);
  const [{ validUntil: endsAt }, fault, banned, nitroVerifier] = await Promise.all([
    reader.ask(() => registry.read("enclaveAt", nodeId, BigInt(index))),
    reader.ask(() => registry.read("faultOf", nodeId, key)),
    reader.ask(() => registry.read("isBanned", measurement)),
    reader.ask(() => registry.read("verifier")),
  ]);
  const nitro = reader.contract(nitroVerifier, nitroVerifierAbi);
  const revoked = await Promise.all(
    certificatesIn(named.document).map(async ({ identity: { issuer, serial } }, place) =>
      (await reader.ask(() => nitro.read("isRevoked", issuer, serial))) ? [place] : [],
    ),
  );
  return {
    index,
    key,
    measurement,
    validFrom,
    validUntil,
    endsAt,
    attested: at,
    document: named.document,
    rootHash: await reader.ask(() => nitro.read("rootHash")),
    fault: fault as EnclaveEvidence["fault"],
    banned,
    revokedCertificates: revoked.flat(),
  };
}

/** The certificates of a document; none if it cannot be read, which is for the verification to say. */
function certificatesIn(document: string): Certificate[] {
  try {
    const { cabundle, certificate } = parseDocument(getBytes(document));
    return [...cabundle, certificate].map((der) => new Certificate(der));
  } catch {
    return [];
  }
}

/** A chain, of which every answer is an answer or an `Unreadable`. */
class Reader {
  readonly provider: Provider;
  readonly #receipts = new Map<string, Promise<TransactionReceipt>>();
  readonly #times = new Map<number, Promise<number>>();

  constructor(provider: Provider) {
    this.provider = provider;
  }

  contract<const A extends Abi>(address: string, abi: A): TypedContract<A> {
    return new TypedContract(address, abi, this.provider);
  }

  /** @throws Unreadable if the node is of another chain. */
  async requireChain(chainId: number): Promise<void> {
    const network = await this.ask(() => this.provider.getNetwork());
    if (network.chainId !== BigInt(chainId)) {
      throw new Unreadable(`the RPC node is of chain ${network.chainId}, and the evidence of chain ${chainId}`);
    }
  }

  /** What the node answers. @throws Unreadable saying why it does not. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (error instanceof Unreadable) throw error;
      throw new Unreadable(`the RPC node does not answer: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The event of one kind in a transaction that is the one asked for. @throws Unreadable if there is none. */
  async event<const A extends Abi, N extends EventName<A>>(
    contract: TypedContract<A>,
    name: N,
    transaction: string,
    isAsked: (args: EventArgs<A, N>) => boolean,
  ): Promise<{ readonly args: EventArgs<A, N>; readonly at: EvidencePlace }> {
    const receipt = await remembered(this.#receipts, transaction, () => this.#receipt(transaction));
    const events = await this.ask(async () => contract.parse(name, receipt.logs));
    const found = events.find(({ args }) => isAsked(args));
    if (found === undefined)
      throw new Unreadable(`transaction ${transaction} has no such ${name} of ${contract.address}`);
    const { blockNumber: block, logIndex } = found;
    const timestamp = await remembered(this.#times, block, () => this.#time(block));
    return { args: found.args, at: { block, logIndex, timestamp, transaction } };
  }

  /** A transaction, with what it was sent with. */
  async transaction(hash: string): Promise<TransactionResponse> {
    const sent = await this.ask(() => this.provider.getTransaction(hash));
    if (sent === null || dataLength(sent.data) === 0) throw missing(`transaction ${hash}`);
    return sent;
  }

  async #receipt(transaction: string): Promise<TransactionReceipt> {
    const receipt = await this.ask(() => this.provider.getTransactionReceipt(transaction));
    if (receipt === null) throw missing(`transaction ${transaction}`);
    return receipt;
  }

  async #time(number: number): Promise<number> {
    const block = await this.ask(() => this.provider.getBlock(number));
    if (block === null) throw missing(`block ${number}`);
    return block.timestamp;
  }
}

const missing = (what: string): Unreadable =>
  new Unreadable(`the RPC node does not have ${what} (pruned, or not synced)`);

function remembered<K, V>(memory: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = memory.get(key) ?? make();
  memory.set(key, known);
  return known;
}
