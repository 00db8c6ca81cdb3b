import type { Abi, EventName } from "../../sdk/src/chain/abiTypes.ts";
import type { Posted } from "../../sdk/src/verify/calls.ts";
import { eventsIn, type MinedTransaction } from "./chain.ts";

/**
 * Whether a transaction's own call is all that can have made the only event of one kind in it. It is not where a consumer
 * of the settlement's was called, which may have settled something else.
 */
export const isOnlyCall = <const A extends Abi>(
  transaction: MinedTransaction,
  contract: string,
  abi: A,
  event: EventName<A>,
  posted: readonly Posted[],
): boolean =>
  transaction.to === contract.toLowerCase() &&
  posted.some(({ at }) => at === 0) &&
  eventsIn(transaction, contract, abi, event).length === 1;
