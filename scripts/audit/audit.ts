import type { LeafSet } from "../../sdk/src/batch/leafSet.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { addressOf } from "../../sdk/src/deployment.ts";
import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import { Refuted, Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { Archive } from "./archive.ts";
import { auditBatchPayment, auditBatchProof, auditBatchTerms, auditLeaves, auditRows, batchDigestOf } from "./batch.ts";
import { type Block, Chain, createMemory } from "./chain.ts";
import { auditDelivery } from "./delivery.ts";
import { auditEnding, auditEscrow, auditPayment } from "./money.ts";
import { auditProof, auditSubmission, findSettlement } from "./proof.ts";
import type { Notes, RequestSubject, Subject } from "./subject.ts";
import { auditTerms } from "./terms.ts";
import { Verdict } from "./verdict.ts";

/** What one step compared, and what came of it. */
export interface Step {
  readonly name: string;
  readonly verdict: Verdict;
  /** What holds; the last line says why the step does not, if it does not. */
  readonly lines: readonly string[];
}

/** What an audit of one request, or of one batch, found. */
export interface AuditReport {
  readonly of: "request" | "batch";
  /** The request's identifier, or the batch's digest. */
  readonly id: string;
  readonly verdict: Verdict;
  /** The verdict in a sentence. */
  readonly summary: string;
  /** Whether there is no proof to audit: the request ended without one, or is pending; its money was checked. */
  readonly unproven: boolean;
  readonly steps: readonly Step[];
  /** What the verdict rests on that this audit could not, or did not, check; the blocks have caveats of their own. */
  readonly caveats: readonly string[];
  /** The blocks that everything is in, to be compared with another source. */
  readonly blocks: readonly Pick<Block, "number" | "hash" | "timestamp" | "caveats">[];
}

/** How to audit. */
export interface AuditOptions {
  /** The root certificate (DER) under which enclaves are attested. */
  readonly root: Uint8Array;
  /** See `ChainOptions`. */
  readonly trustHeaders?: boolean;
}

/** A request without a proof to audit. */
class Unproven extends Unreadable {
  override name = "Unproven";
}

/** Runs one step of an audit. */
type RunStep = <T>(name: string, work: (say: Notes["say"]) => T | Promise<T>) => Promise<T>;

/** The steps of an audit. @returns the summary of what holds. */
type Work = (subject: Subject, step: RunStep, mind: Notes["mind"]) => Promise<string>;

/** The verdict that an error is. @throws the error, if it is none. */
function verdictOf(error: unknown): Verdict {
  if (error instanceof Refuted) return Verdict.DOES_NOT_HOLD;
  if (error instanceof Unreadable) return Verdict.CANNOT_BE_READ;
  throw error;
}

/** Audits requests of one deployment, of an archive alone: what is read for one request is not read again for another. */
export class Auditor {
  readonly #archive: Archive;
  readonly #deployment: Deployment;
  readonly #memory = createMemory();
  readonly #options: AuditOptions;

  constructor(archive: Archive, deployment: Deployment, options: AuditOptions) {
    this.#archive = archive;
    this.#deployment = deployment;
    this.#options = options;
  }

  /** The requests that were made from one block to another, in order. @throws Unreadable, Refuted as an audit finds it. */
  async requests(
    fromBlock = this.#deployment.startBlock,
    toBlock = Number.POSITIVE_INFINITY,
  ): Promise<{ readonly requestId: string; readonly block: number }[]> {
    const settlement = addressOf(this.#deployment, "Settlement");
    const requested = await this.#chain().events(settlement, settlementAbi, "Requested", [], { fromBlock });
    return requested
      .filter(({ block }) => block.number <= toBlock)
      .map(({ block, args: { requestId } }) => ({ requestId, block: block.number }));
  }

  /**
   * Audits one request. Never rejects for what it finds: the report says it.
   *
   * @param fromBlock A block not after the request's, where it is known.
   */
  async audit(requestId: string, fromBlock = this.#deployment.startBlock): Promise<AuditReport> {
    return this.#conduct({ of: "request", id: requestId }, async (subject, step, mind) => {
      const own: RequestSubject = { ...subject, requestId };
      const request = await step("terms", (say) => auditTerms(own, fromBlock, { say }));
      await step("escrow", (say) => auditEscrow(own, request, { say }));
      const settlement = await findSettlement(own, request);
      if (settlement === undefined) {
        const ending = await step("ending", (say) => auditEnding(own, request, { say }));
        const how = ending === undefined ? "is pending: nothing was proven yet" : `was ${ending}: nothing was proven`;
        throw new Unproven(`the request ${how}`);
      }
      const delivery = await step("delivery", (say) => auditDelivery(own, request, { say }));
      await step("submission", (say) => auditSubmission(request, delivery, settlement, { say }));
      await step("proof", (say) => auditProof(own, request, delivery, settlement, { say, mind }));
      await step("payment", (say) => auditPayment(own, request, delivery, settlement, { say }));
      return "the inference is proven, paid and burned as its terms say";
    });
  }

  /** Audits one batch by its leaf set. Never rejects for what it finds: the report says it. */
  async auditBatch(set: LeafSet): Promise<AuditReport> {
    return this.#conduct(
      { of: "batch", id: batchDigestOf(this.#deployment, set.batch) },
      async (subject, step, mind) => {
        const settled = await step("batch", (say) => auditBatchTerms(subject, set, { say }));
        await step("leaves", (say) => auditLeaves(set, { say }));
        const rows = await step("rows", (say) => auditRows(subject, set, settled, { say, mind }));
        await step("proof", (say) => auditBatchProof(subject, settled, { say, mind }));
        await step("payment", (say) => auditBatchPayment(subject, settled, rows, { say }));
        return `${set.batch.count} inferences are proven by one signature, paid and burned`;
      },
    );
  }

  /** Runs the steps of an audit until one does not hold. @param steps Gives the summary of what holds. */
  async #conduct(about: Pick<AuditReport, "of" | "id">, work: Work): Promise<AuditReport> {
    const chain = this.#chain();
    const steps: Step[] = [];
    const caveats = new Set<string>();
    const step: RunStep = async (name, work) => {
      const lines: string[] = [];
      const done = (verdict: Verdict) => steps.push({ name, verdict, lines });
      try {
        const result = await work((line) => void lines.push(line));
        done(Verdict.HOLDS);
        return result;
      } catch (error) {
        const verdict = verdictOf(error);
        lines.push((error as Error).message);
        done(verdict);
        throw error;
      }
    };
    const report = (verdict: Verdict, summary: string, unproven = false): AuditReport => ({
      ...about,
      verdict,
      summary,
      unproven,
      steps,
      caveats: [...caveats],
      blocks: chain.used.map(({ number, hash, timestamp, caveats }) => ({ number, hash, timestamp, caveats })),
    });
    try {
      await this.#requireChain();
      const subject = { chain, deployment: this.#deployment, root: this.#options.root };
      return report(Verdict.HOLDS, await work(subject, step, (caveat) => void caveats.add(caveat)));
    } catch (error) {
      return report(verdictOf(error), (error as Error).message, error instanceof Unproven);
    }
  }

  #chain(): Chain {
    const { startBlock } = this.#deployment;
    const { trustHeaders = false } = this.#options;
    return new Chain(this.#archive, { startBlock, trustHeaders }, this.#memory);
  }

  async #requireChain(): Promise<void> {
    const [actual, expected] = [await this.#archive.chainId(), this.#deployment.chainId];
    if (actual !== expected)
      throw new Unreadable(`the RPC node is of chain ${actual}, and the deployment of chain ${expected}`);
  }
}
