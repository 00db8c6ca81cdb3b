import type { NodeStatus, Route } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import text from "./Nodes.graphql?raw";

/** A node with its stake, its record, and what it offers now. */
export interface NodeRow {
  readonly id: string;
  readonly owner: string;
  readonly endpoint: string;
  readonly status: Exclude<NodeStatus, "NONE">;
  readonly free: string;
  readonly bonded: string;
  readonly unbonding: string;
  readonly burned: string;
  readonly requests: string;
  readonly settlements: string;
  readonly declines: string;
  readonly defaults: string;
}

/** An offer that a request can name now: it stands, its route is in force, and its node's free OPG covers it. */
export interface UsableOffer {
  readonly nodeId: string;
  readonly modelId: string;
  readonly route: Route;
  readonly token: string;
  readonly pricePerRequest: string;
  readonly pricePerUnit: string;
}

/** Facts about a node that one may choose it by. */
export interface Reputation {
  readonly nodeId: string;
  readonly settledNet: string;
  /** settled / (settled + defaulted); null if there is neither. */
  readonly reliability: number | null;
  readonly reliabilityNet: number | null;
  /** Seconds. */
  readonly gapP50: string | null;
  readonly gapP95: string | null;
  readonly gapP50Net: string | null;
  readonly gapP95Net: string | null;
  /** OPG that batches signed twice for one range cost it. */
  readonly slashed: string;
}

/** The query's limit. */
export const MOST_OFFERS = 1_000;

/** The hundred nodes with most free OPG, of those that `where` lets through. */
export const nodesQuery = defineQuery<
  {
    readonly nodes: { readonly totalCount: number; readonly items: readonly NodeRow[] };
    /** Not of every node where there are many. */
    readonly reputations: { readonly items: readonly Reputation[] };
    /** At most {@link MOST_OFFERS}. */
    readonly usableOffers: { readonly items: readonly UsableOffer[] };
  },
  { readonly where?: Readonly<Record<string, unknown>> }
>(text);
