import { type Archive, type Reads, recorded, replayed, rpcArchive } from "../../scripts/audit/archive.ts";
import { Auditor, type AuditReport } from "../../scripts/audit/audit.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { DigitRoute } from "./digits.ts";
import { EnclaveRoute } from "./enclave.ts";
import { ethers, loadProtocol, type Protocol, type TermsChange } from "./fixtures.ts";
import { deploymentOf } from "./sdk.ts";

/** The fixture's protocol with both real routes, and what there is to audit on it. */
export class AuditedProtocol {
  readonly protocol: Protocol;
  readonly digits: DigitRoute;
  readonly enclave: EnclaveRoute;
  readonly deployment: Deployment;
  /** The chain, as it is. */
  readonly archive: Archive = rpcArchive(ethers.provider);
  #picture = 0;

  private constructor(protocol: Protocol, digits: DigitRoute, enclave: EnclaveRoute, deployment: Deployment) {
    this.protocol = protocol;
    this.digits = digits;
    this.enclave = enclave;
    this.deployment = deployment;
  }

  static async open(): Promise<AuditedProtocol> {
    const protocol = await loadProtocol();
    const digits = await DigitRoute.open(protocol);
    const enclave = await EnclaveRoute.open(protocol);
    const { addresses, ...rest } = await deploymentOf(protocol);
    const nitro = { NitroVerifier: await enclave.nitro.getAddress() };
    return new AuditedProtocol(protocol, digits, enclave, { ...rest, addresses: { ...addresses, ...nitro } });
  }

  /** A digit that is requested, with its answer and its proof. */
  async askDigit(change: TermsChange = {}) {
    const pixels = this.digits.pixels(this.#picture++);
    const terms = await this.digits.terms(pixels, change);
    const answer = await this.digits.answer(terms, pixels);
    const { requester } = this.protocol.accounts;
    await this.protocol.contracts.settlement.connect(requester).request(terms, "0x");
    const proof = await this.digits.prove(terms, pixels, this.protocol.nodeId);
    return { terms, answer, proof, requestId: await this.protocol.requestIdOf(terms) };
  }

  /** An answer of the enclave's that is requested, with its proof. */
  async askEnclave(change: TermsChange = {}) {
    const terms = await this.protocol.terms({ ...change, offer: { ...this.enclave.offer, ...change.offer } });
    const answer = await this.protocol.answer(terms);
    const { requester } = this.protocol.accounts;
    await this.protocol.contracts.settlement.connect(requester).request(terms, "0x");
    const proof = await this.enclave.prove(terms, answer);
    return { terms, answer, proof, requestId: await this.protocol.requestIdOf(terms) };
  }

  /** Audits one request: of the chain, or of another archive. */
  audit(
    requestId: string,
    archive: Archive = this.archive,
    root: Uint8Array = this.enclave.root,
  ): Promise<AuditReport> {
    return new Auditor(archive, this.deployment, { root }).audit(requestId);
  }

  /** All that the audit of some requests reads. */
  async record(...requestIds: string[]): Promise<Reads> {
    const reads: Reads = {};
    const auditor = new Auditor(recorded(this.archive, reads), this.deployment, { root: this.enclave.root });
    for (const requestId of requestIds) await auditor.audit(requestId);
    return structuredClone(reads);
  }
}

/** Audits a request of what was recorded, with changes. */
export const replayWith = (reads: Reads, change: (reads: Reads) => void): Archive => {
  const changed = structuredClone(reads);
  change(changed);
  return replayed(changed);
};
