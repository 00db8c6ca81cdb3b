/** Blocks that can be taken back: four epochs of Ethereum, twice what it needs for finality when all is well. */
export const REORG_WINDOW = 128;

/** A block of the chain that tables are built on, by which to tell whether the chain has taken it back since. */
export interface Anchor {
  readonly number: number;
  readonly hash: string;
}

/** Where the tables' {@link Anchor} is kept: beside them, so that it goes when they do. */
export interface AnchorStore {
  /** Null if there are no tables yet, or nothing is known of them. */
  read(): Promise<Anchor | null>;
  write(anchor: Anchor): Promise<void>;
}
