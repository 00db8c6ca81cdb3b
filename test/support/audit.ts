import { getBytes, hexlify, keccak256 } from "ethers";
import {
  type Archive,
  type LocatedLog,
  type Reads,
  type RpcObject,
  recorded,
  rpcArchive,
} from "../../scripts/audit/archive.ts";
import { Auditor, type AuditReport } from "../../scripts/audit/audit.ts";
import { encodeReceipt, encodeTransaction, headerHash, listRoot } from "../../scripts/audit/encoding.ts";
import { DevelopmentEnclave } from "../../scripts/enclave/enclave.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { DigitRoute } from "./digits.ts";
import { EnclaveRoute, IMAGE } from "./enclave.ts";
import { ethers, loadProtocol, networkHelpers, type Protocol, type TermsChange } from "./fixtures.ts";
import { deploymentOf } from "./sdk.ts";

/** The fixture's protocol with both real routes, and what there is to audit on it. */
export class AuditedProtocol {
  readonly protocol: Protocol;
  readonly digits: DigitRoute;
  readonly route: EnclaveRoute;
  /** The enclave that signs, of which the route's own is not. */
  readonly enclave: DevelopmentEnclave;
  readonly deployment: Deployment;
  /** The chain, as it is. */
  readonly archive: Archive = rpcArchive(ethers.provider);
  #picture = 0;

  private constructor(
    protocol: Protocol,
    digits: DigitRoute,
    route: EnclaveRoute,
    enclave: DevelopmentEnclave,
    deployment: Deployment,
  ) {
    this.protocol = protocol;
    this.digits = digits;
    this.route = route;
    this.enclave = enclave;
    this.deployment = deployment;
  }

  static async open(): Promise<AuditedProtocol> {
    const protocol = await loadProtocol();
    const digits = await DigitRoute.open(protocol);
    const route = await EnclaveRoute.open(protocol);
    const enclave = await attestAnother(protocol, route);
    const { addresses, ...rest } = await deploymentOf(protocol);
    const nitro = { NitroVerifier: await route.nitro.getAddress() };
    return new AuditedProtocol(protocol, digits, route, enclave, { ...rest, addresses: { ...addresses, ...nitro } });
  }

  /** A digit that is requested, with its answer and its proof. */
  async askDigit(change: TermsChange = {}) {
    const pixels = this.digits.pixels(this.#picture++);
    const terms = await this.digits.terms(pixels, change);
    const answer = await this.digits.answer(terms, pixels);
    const { requester } = this.protocol.accounts;
    const requested = await placeOf(this.protocol.contracts.settlement.connect(requester).request(terms, "0x"));
    const proof = await this.digits.prove(terms, pixels, this.protocol.nodeId);
    return { terms, answer, proof, requested, requestId: await this.protocol.requestIdOf(terms) };
  }

  /** An answer of the enclave's that is requested, with its proof. */
  async askEnclave(change: TermsChange = {}) {
    const terms = await this.protocol.terms({ ...change, offer: { ...this.route.offer, ...change.offer } });
    const answer = await this.protocol.answer(terms);
    const { requester } = this.protocol.accounts;
    const requested = await placeOf(this.protocol.contracts.settlement.connect(requester).request(terms, "0x"));
    const claimHash = await this.protocol.hashClaim(await this.protocol.claim(terms, answer, this.protocol.nodeId));
    const proof = this.enclave.prove(claimHash, ATTESTATION);
    return { terms, answer, proof, requested, requestId: await this.protocol.requestIdOf(terms) };
  }

  /** Audits one request: of the chain, or of another archive. */
  audit(
    requestId: string,
    archive: Archive = this.archive,
    root: Uint8Array = this.route.root.certificate,
  ): Promise<AuditReport> {
    return new Auditor(archive, this.deployment, { root }).audit(requestId);
  }

  /** All that the audit of some requests reads. */
  async record(...requestIds: string[]): Promise<Reads> {
    const reads: Reads = {};
    const auditor = new Auditor(recorded(this.archive, reads), this.deployment, { root: this.route.root.certificate });
    for (const requestId of requestIds) await auditor.audit(requestId);
    return structuredClone(reads);
  }
}

/** Where a transaction is. */
export interface Place {
  readonly block: number;
}

/** Waits for a transaction. */
export async function placeOf(sent: Promise<{ wait(): Promise<{ readonly blockNumber: number } | null> }>) {
  return { block: (await (await sent).wait())?.blockNumber ?? 0 };
}

/** The attestation that proofs here name: its calldata is the document and little more. */
export const ATTESTATION = 1;

/** Has another enclave attested for the node, without hints. */
async function attestAnother({ nodeId, accounts }: Protocol, { tee, root }: EnclaveRoute): Promise<DevelopmentEnclave> {
  const now = await networkHelpers.time.latest();
  const enclave = new DevelopmentEnclave({ root, measurement: IMAGE, now });
  const [userData, nonce] = await tee.expectedBinding(nodeId);
  await tee.connect(accounts.operator).attest(nodeId, enclave.attest({ userData, nonce }, now * 1000), []);
  return enclave;
}

/** An archive whose block is another object; everything else is as it was. */
export const withBlock = (archive: Archive, number: number, block: RpcObject): Archive => ({
  ...archive,
  block: async (asked) => (asked === number ? block : archive.block(asked)),
});

/** A block and its receipts in a recorded archive, to be changed in place. */
export interface RecordedBlock {
  readonly block: RpcObject & { readonly transactions: Changeable[] };
  readonly receipts: (Changeable & { readonly logs: Changeable[] })[];
}

type Changeable = Record<string, unknown>;

const blockOf = (reads: Reads, number: number): RecordedBlock => ({
  block: reads[`block [${number}]`] as RecordedBlock["block"],
  receipts: reads[`receipts [${number}]`] as RecordedBlock["receipts"],
});

/**
 * A forger's archive: one block changed, and every hash over it made anew, as who controls the RPC node can. Logs that
 * were asked for are what the changed receipts say.
 */
export async function forge(reads: Reads, number: number, change: (recorded: RecordedBlock) => void): Promise<Reads> {
  const forged = structuredClone(reads);
  const recorded = blockOf(forged, number);
  change(recorded);
  const { receipts } = recorded;
  const block: Changeable = recorded.block;
  const transactions = recorded.block.transactions;
  const encoded = transactions.map((transaction) => encodeTransaction(transaction) ?? "0x");
  for (const [index, transaction] of transactions.entries()) transaction.hash = keccak256(encoded[index] ?? "0x");
  block.transactionsRoot = await listRoot(encoded);
  block.receiptsRoot = await listRoot(receipts.map((receipt) => encodeReceipt(receipt) ?? "0x"));
  block.hash = headerHash(block);

  const logs = receipts.flatMap(({ logs }, index) =>
    logs.map(({ address, topics, data }) => ({
      address,
      topics,
      data,
      transactionHash: transactions[index]?.hash,
    })),
  );
  for (const [key, value] of Object.entries(forged)) {
    if (!key.startsWith("logs ")) continue;
    forged[key] = (value as LocatedLog[]).map((log) =>
      log.blockNumber === number ? { ...log, ...logs[log.logIndex] } : log,
    );
  }
  return forged;
}

/** 0x-hex with one bit of a byte flipped. */
export function flip(hex: unknown, index: number): string {
  const bytes = getBytes(String(hex));
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
  return hexlify(bytes);
}
