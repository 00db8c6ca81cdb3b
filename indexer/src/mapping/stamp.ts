/** What every event of Ponder's carries, as far as the tables keep it. `id` sorts in chain order. */
export interface ChainEvent {
  readonly id: string;
  readonly block: { readonly number: bigint; readonly timestamp: bigint };
  readonly transaction: { readonly hash: `0x${string}`; readonly from: `0x${string}` };
}

/** Where on the chain an event was: block, time in seconds, transaction. */
export interface Stamp {
  readonly blockNumber: bigint;
  readonly timestamp: bigint;
  readonly transactionHash: `0x${string}`;
}

/** The stamp of an event. */
export function stampOf({ block, transaction }: ChainEvent): Stamp {
  return { blockNumber: block.number, timestamp: block.timestamp, transactionHash: transaction.hash };
}
