import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import type { Posted } from "../../sdk/src/verify/calls.ts";
import { eventsIn, type MinedTransaction } from "./chain.ts";

/**
 * Whether a transaction's own call is all that can have made the only event of one kind in it. It is not where a consumer
 * of the settlement's was called, which may have settled something else.
 */
export const isOnlyCall = (
  transaction: MinedTransaction,
  settlement: string,
  event: "Delivered" | "Settled",
  posted: readonly Posted[],
): boolean =>
  transaction.to === settlement.toLowerCase() &&
  posted.some(({ at }) => at === 0) &&
  eventsIn(transaction, settlement, settlementAbi, event).length === 1;
