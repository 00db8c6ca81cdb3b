/** A block that the indexer has indexed. */
export interface Head {
  readonly number: number;
  /** Seconds. */
  readonly timestamp: number;
}

/**
 * The block of a Ponder checkpoint: 75 digits, of which the first ten are the block's time, the next sixteen the
 * chain's id, and the next sixteen the block's number.
 */
export function headOf(checkpoint: string): Head {
  return { timestamp: Number(checkpoint.slice(0, 10)), number: Number(checkpoint.slice(26, 42)) };
}
