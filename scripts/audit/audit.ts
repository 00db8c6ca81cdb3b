import type { Deployment } from "../../sdk/src/deployment.ts";
import { addressOf } from "../../sdk/src/deployment.ts";
import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import type { Archive } from "./archive.ts";
import { type Block, Chain, createMemory } from "./chain.ts";
import { auditDelivery } from "./delivery.ts";
import { auditEnding, auditEscrow, auditPayment } from "./money.ts";
import { auditProof, auditSubmission, findSettlement } from "./proof.ts";
import type { Subject } from "./subject.ts";
import { auditTerms } from "./terms.ts";
import { Refuted, Unreadable, Verdict } from "./verdict.ts";

/** What one step compared, and what came of it. */
export interface Step {
  readonly name: string;
  readonly verdict: Verdict;
  /** What holds; the last line says why the step does not, if it does not. */
  readonly lines: readonly string[];
}

/** What an audit of one request found. */
export interface AuditReport {
  readonly requestId: string;
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
    const chain = this.#chain();
    const subject: Subject = { chain, deployment: this.#deployment, requestId, root: this.#options.root };
    const steps: Step[] = [];
    const caveats = new Set<string>();
    const mind = (caveat: string) => void caveats.add(caveat);
    const step = async <T>(name: string, work: (say: (line: string) => void) => T | Promise<T>): Promise<T> => {
      const lines: string[] = [];
      const done = (verdict: Verdict) => steps.push({ name, verdict, lines });
      try {
        const result = await work((line) => void lines.push(line));
        done(Verdict.HOLDS);
        return result;
      } catch (error) {
        if (!(error instanceof Refuted || error instanceof Unreadable)) throw error;
        lines.push(error.message);
        done(error instanceof Refuted ? Verdict.DOES_NOT_HOLD : Verdict.CANNOT_BE_READ);
        throw error;
      }
    };
    let unproven = false;
    const report = (verdict: Verdict, summary: string): AuditReport => ({
      requestId,
      verdict,
      summary,
      unproven,
      steps,
      caveats: [...caveats],
      blocks: chain.used.map(({ number, hash, timestamp, caveats }) => ({ number, hash, timestamp, caveats })),
    });

    try {
      const request = await step("terms", async (say) => {
        await this.#requireChain();
        return auditTerms(subject, fromBlock, { say });
      });
      await step("escrow", (say) => auditEscrow(subject, request, { say }));
      const settlement = await findSettlement(subject, request);
      if (settlement === undefined) {
        const ending = await step("ending", (say) => auditEnding(subject, request, { say }));
        unproven = true;
        return report(
          Verdict.CANNOT_BE_READ,
          ending === undefined
            ? "the request is pending: nothing was proven yet"
            : `the request was ${ending}: nothing was proven`,
        );
      }
      const delivery = await step("delivery", (say) => auditDelivery(subject, request, { say }));
      const proofs = await step("submission", (say) =>
        auditSubmission(subject, request, delivery, settlement, { say }),
      );
      await step("proof", (say) => auditProof(subject, request, delivery, settlement, proofs, { say, mind }));
      await step("payment", (say) => auditPayment(subject, request, delivery, settlement, { say }));
      return report(Verdict.HOLDS, "the inference is proven, paid and burned as its terms say");
    } catch (error) {
      if (error instanceof Refuted) return report(Verdict.DOES_NOT_HOLD, error.message);
      if (error instanceof Unreadable) return report(Verdict.CANNOT_BE_READ, error.message);
      throw error;
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
