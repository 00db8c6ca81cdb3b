import type { Dealing } from "../../../src/mapping/dealing.ts";
import type { ProofMeaning, Trust } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import batches from "./Batches.graphql?raw";
import channels from "./Channels.graphql?raw";
import type { Listing, Place } from "./listing.ts";

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
  /** Null for those of a gate to x402. */
  readonly rows: string | null;
  readonly rowsNotPaid: string;
  readonly proves: ProofMeaning | null;
  readonly trust: Trust | null;
  readonly dealing: Dealing;
  readonly timestamp: string;
  readonly blockNumber: string;
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
  readonly withdrawableAt: string | null;
  readonly dealing: Dealing;
  readonly timestamp: string;
}

export const batchesQuery = defineQuery<{ readonly batchSettlements: Listing<BatchRow> }, Place>(batches);
export const channelsQuery = defineQuery<{ readonly channels: Listing<ChannelRow> }, Place>(channels);
