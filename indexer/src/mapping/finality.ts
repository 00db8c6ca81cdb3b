/** How certain it is that a block stays on the chain. */
export const FINALITIES = ["PENDING", "SAFE", "FINALISED"] as const;
export type Finality = (typeof FINALITIES)[number];

/** The last blocks that a chain calls safe and final; null where it knows no such thing. */
export interface FinalityHeads {
  readonly safe: bigint | null;
  readonly finalised: bigint | null;
}

/** Most blocks in one question. */
export const MAX_BLOCKS = 1_000;

/**
 * How certain a block is. Where a block is final at once, as on a CometBFT chain, every block is.
 *
 * @param heads `instant` for such a chain.
 */
export function finalityOf(block: bigint, heads: FinalityHeads | "instant"): Finality {
  if (heads === "instant") return "FINALISED";
  if (heads.finalised !== null && block <= heads.finalised) return "FINALISED";
  return heads.safe !== null && block <= heads.safe ? "SAFE" : "PENDING";
}
