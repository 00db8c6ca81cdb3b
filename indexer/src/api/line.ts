import { Limit } from "../../../sdk/src/node/Limit.ts";

/**
 * What reads much of the database waits here for its turn: few at once, so that what follows the chain has its own, and
 * ten browsers' requests may wait.
 */
export const line = new Limit(4, 60);

/** Why there is no answer when the line is full. */
export const IS_BUSY = "the indexer is busy; ask again in a moment";
