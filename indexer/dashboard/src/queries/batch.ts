import type { RowFault } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import batch from "./Batch.graphql?raw";
import type { BatchRow } from "./batches.ts";
import rows from "./RowsNotPaid.graphql?raw";

/** All about a batch. */
export interface BatchDetail extends BatchRow {
  readonly routeVersion: string;
  readonly key: string;
  readonly root: string;
  readonly rowsHash: string;
  readonly payout: string;
  /** What its rows that were not paid in full carry, too. */
  readonly drawId: string | null;
  readonly transactionHash: string;
}

/** A payer's row that was not paid in full. */
export interface RowNotPaid {
  readonly id: string;
  readonly channelId: string;
  /** Null for a channel of x402. */
  readonly signer: string | null;
  readonly index: string;
  readonly fault: Exclude<RowFault, "NONE">;
  readonly missing: string;
}

export const batchQuery = defineQuery<{ readonly batchSettlement: BatchDetail | null }, { readonly id: string }>(batch);
export const rowsNotPaidQuery = defineQuery<
  { readonly rowNotPaids: { readonly totalCount: number; readonly items: readonly RowNotPaid[] } },
  { readonly drawId: string | null }
>(rows);
