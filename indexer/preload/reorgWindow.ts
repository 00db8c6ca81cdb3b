/**
 * Loaded into the indexer's process before Ponder: how deep a reorganisation may be.
 *
 * Ponder takes a block as final after a number of blocks that it has for each chain, 30 where it does not know the
 * chain, and there is no option for it. It cannot follow a deeper reorganisation, so here that number is at least
 * {@link REORG_WINDOW}. What a reader may call final is another question, which the node answers: see /finality.
 */
import { REORG_WINDOW } from "../anchor.ts";
import { patchPonder } from "./patchPonder.ts";

patchPonder(
  "utils/finality.js",
  /return finalityBlockCount;/g,
  `return Math.max(finalityBlockCount, ${REORG_WINDOW});`,
);
