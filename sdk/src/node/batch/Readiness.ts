import type { Contracts } from "../../chain/contracts.ts";
import { TypedContract } from "../../chain/TypedContract.ts";
import { verifierFor } from "../../client/verifyProof.ts";
import { teeVerifierAbi } from "../../generated/abis.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import { Route } from "../../types.ts";
import { HttpError } from "../HttpError.ts";
import type { BatchAccountant } from "./BatchAccountant.ts";

/** Milliseconds for which stake and key are believed to suffice. */
const LIFETIME = 10_000;

/** Whose batches have to settle. */
export interface ReadinessOptions {
  readonly contracts: Contracts;
  readonly accountant: BatchAccountant;
  readonly nodeId: string;
  /** The models and versions that the accountant's key signs for. */
  readonly routes: readonly { readonly modelId: string; readonly routeVersion: number }[];
  /** Seconds after which a charged inference is settled at the latest. */
  readonly settleAfter: number;
}

/** Whether a node can settle what it is about to charge: by its stake, and by its enclave's key. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #check: { readonly at: number; readonly done: Promise<void> } | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** @throws HttpError 503 if the node cannot settle what it charges now. */
  async require(): Promise<void> {
    if (this.#check === undefined || Date.now() - this.#check.at > LIFETIME) {
      const check = { at: Date.now(), done: this.#look() };
      check.done.catch(() => {
        if (this.#check === check) this.#check = undefined;
      });
      this.#check = check;
    }
    await this.#check.done;
  }

  async #look(): Promise<void> {
    const { contracts, accountant, nodeId, routes, settleAfter } = this.#options;
    const { settlement, nodes } = contracts;
    const [{ teeVerificationFee }, { free }, block] = await Promise.all([
      settlement.read("parameters"),
      nodes.read("accountOf", nodeId),
      settlement.provider.getBlock("latest"),
    ]);
    const unsettled = accountant.store.streams().reduce((sum, stream) => {
      const { next, unbatched } = accountant.store.head(streamIdOf(stream));
      return sum + next - unbatched;
    }, 0);
    const needed = teeVerificationFee * BigInt(unsettled + 1);
    if (free < needed) {
      throw new HttpError(503, `this node's free stake is ${free}, and ${needed} could burn: it does not serve now`);
    }
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
  }
}
