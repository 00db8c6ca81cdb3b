import type { BatchContract } from "../../chain/batchContract.ts";
import type { Contracts } from "../../chain/contracts.ts";
import { TypedContract } from "../../chain/TypedContract.ts";
import { verifierFor } from "../../client/verifyProof.ts";
import { teeVerifierAbi } from "../../generated/abis.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import { Route } from "../../types.ts";
import { HttpError } from "../HttpError.ts";
import type { BatchAccountant } from "./BatchAccountant.ts";

/** Milliseconds for which what the chain says of stake and key is believed. */
const LIFETIME = 10_000;

/** Whose batches have to settle. */
export interface ReadinessOptions {
  readonly contracts: Contracts;
  readonly batches: BatchContract;
  readonly accountant: BatchAccountant;
  readonly nodeId: string;
  /** The models and versions that the accountant's key signs for. */
  readonly routes: readonly { readonly modelId: string; readonly routeVersion: number }[];
  /** Seconds after which a charged inference is settled at the latest. */
  readonly settleAfter: number;
}

/** What can burn, by the chain. */
interface Stake {
  readonly free: bigint;
  /** For each inference. */
  readonly fee: bigint;
  /** The next sequence numbers at that moment. */
  readonly next: ReadonlyMap<string, number>;
}

/** Whether a node can settle what it is about to charge: by its stake, and by its enclave's key. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #check: { readonly at: number; readonly done: Promise<Stake> } | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /**
   * @param calls How many calls are to be charged: none, to settle only what was charged before.
   * @throws HttpError 503 if the node cannot settle what it charges now.
   */
  async require(calls = 1): Promise<void> {
    if (this.#check === undefined || Date.now() - this.#check.at > LIFETIME) {
      const check = { at: Date.now(), done: this.#look() };
      check.done.catch(() => {
        if (this.#check === check) this.#check = undefined;
      });
      this.#check = check;
    }
    const { free, fee, next } = await this.#check.done;
    // The books are read every time: many calls may come before the chain is asked again.
    const needed = fee * BigInt(this.#unsettled(next) + calls);
    if (free < needed) {
      throw new HttpError(503, `this node's free stake is ${free}, and ${needed} could burn: it does not serve now`);
    }
  }

  /** How many inferences can be settled that were not when the streams were at these numbers. */
  #unsettled(next: ReadonlyMap<string, number>): number {
    const { store, key } = this.#options.accountant;
    return store.streams().reduce((sum, stream) => {
      const streamId = streamIdOf(stream);
      const isOwn = stream.key.toLowerCase() === key.toLowerCase();
      const end = isOwn ? store.head(streamId).next : store.signedEnd(streamId);
      return sum + Math.max(0, end - (next.get(streamId) ?? 0));
    }, 0);
  }

  async #look(): Promise<Stake> {
    const { contracts, batches, accountant, nodeId, routes, settleAfter } = this.#options;
    const { settlement, nodes } = contracts;
    // Before the stake: a batch that settles in between then counts twice, and not never.
    const streamIds = accountant.store.streams().map(streamIdOf);
    const numbers = await Promise.all(streamIds.map((streamId) => batches.read("nextSequence", streamId)));
    const [{ teeVerificationFee }, { free }, block] = await Promise.all([
      settlement.read("parameters"),
      nodes.read("accountOf", nodeId),
      settlement.provider.getBlock("latest"),
    ]);
    // The key has to be valid when what it signs is settled.
    const until = BigInt(Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1000)) + 2 * settleAfter);
    const versions = new Map(routes.map((route) => [`${route.modelId}/${route.routeVersion}`, route]));
    for (const { modelId, routeVersion } of versions.values()) {
      const { verifier } = await verifierFor(contracts, { modelId, route: Route.TEE, routeVersion });
      const enclaves = new TypedContract(verifier, teeVerifierAbi, settlement.provider);
      if (!(await enclaves.read("isKeyValidAt", nodeId, accountant.key, until))) {
        throw new HttpError(
          503,
          `key ${accountant.key} is not attested for node ${nodeId} for long enough: it does not serve now`,
        );
      }
    }
    const next = new Map(streamIds.map((streamId, index) => [streamId, Number(numbers[index])]));
    return { free, fee: teeVerificationFee, next };
  }
}
