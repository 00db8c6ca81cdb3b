import { defineQuery } from "../data/ask.ts";
import text from "./Nodes.graphql?raw";

export type NodeStatus = "NONE" | "ACTIVE" | "PAUSED" | "RETIRED";
export type Route = "ZK" | "TEE";

/** A node with its stake, its record, and what it offers now. */
export interface NodeRow {
  readonly id: string;
  readonly owner: string;
  readonly endpoint: string;
  readonly status: NodeStatus;
  readonly free: string;
  readonly bonded: string;
  readonly unbonding: string;
  readonly burned: string;
  readonly requests: string;
  readonly settlements: string;
  readonly declines: string;
  readonly defaults: string;
  readonly offers: {
    readonly items: readonly {
      readonly modelId: string;
      readonly route: Route;
      readonly token: string;
      readonly pricePerRequest: string;
      readonly pricePerUnit: string;
    }[];
  };
}

/** How long a node's answers waited for their proofs, in seconds. */
export interface NodeGap {
  /** The node. */
  readonly subject: string;
  readonly count: string;
  readonly p50: string;
  readonly p95: string;
  readonly p95Net: string | null;
}

/** The hundred nodes with most free OPG, of those that `where` lets through. */
export const nodesQuery = defineQuery<
  {
    readonly nodes: { readonly totalCount: number; readonly items: readonly NodeRow[] };
    readonly gaps: { readonly items: readonly NodeGap[] };
  },
  { readonly where?: Readonly<Record<string, unknown>> }
>(text);
