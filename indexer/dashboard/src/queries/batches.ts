import { defineQuery } from "../data/ask.ts";
import batches from "./Batches.graphql?raw";
import channels from "./Channels.graphql?raw";

/** Which page of a list, by its cursors. */
export interface Place {
  readonly after?: string;
  readonly before?: string;
}

/** A page of a list. */
export interface Listing<Row> {
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly items: readonly Row[];
}

/** Inferences that were settled at once. */
export interface BatchRow {
  readonly id: string;
  readonly streamId: string;
  readonly nodeId: string;
  readonly modelId: string;
  readonly token: string;
  readonly first: string;
  readonly count: string;
  readonly paid: string;
  readonly burned: string;
  readonly rows: string;
  readonly rowsNotPaid: string;
  readonly proves: "EXECUTION" | "RELAY" | null;
  readonly dealing: "ARMS_LENGTH" | "UNPAID" | "FUNDED" | "PARTY";
  readonly timestamp: string;
}

/** A payer's prepaid balance towards a node. */
export interface ChannelRow {
  readonly id: string;
  readonly nodeId: string;
  readonly modelId: string;
  readonly token: string;
  readonly payer: string;
  readonly deposited: string;
  readonly claimed: string;
  readonly withdrawn: string;
  readonly balance: string;
  readonly claims: string;
  readonly withdrawableAt: string | null;
  readonly dealing: "ARMS_LENGTH" | "UNPAID" | "FUNDED" | "PARTY";
  readonly timestamp: string;
}

export const batchesQuery = defineQuery<{ readonly batchSettlements: Listing<BatchRow> }, Place>(batches);
export const channelsQuery = defineQuery<{ readonly channels: Listing<ChannelRow> }, Place>(channels);
