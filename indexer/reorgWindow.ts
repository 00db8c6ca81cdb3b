/**
 * Loaded into the indexer's process before Ponder: how deep a reorganisation may be.
 *
 * Ponder takes a block as final after a number of blocks that it has for each chain, 30 where it does not know the
 * chain, and there is no option for it. It cannot follow a deeper reorganisation, so here that number is at least
 * {@link REORG_WINDOW}. What a reader may call final is another question, which the node answers: see /finality.
 */
import { registerHooks } from "node:module";
import { REORG_WINDOW } from "./anchor.ts";

/** The module of Ponder's that decides it. Its own words are loaded under another address. */
const DECIDING = "/ponder/dist/esm/utils/finality.js";

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith(DECIDING)) return nextLoad(url, context);
    const original = JSON.stringify(`${url}?original`);
    const source = `
      import { getFinalityBlockCount as count } from ${original};
      export * from ${original};
      export const getFinalityBlockCount = (chain) => Math.max(count(chain), ${REORG_WINDOW});
    `;
    return { format: "module", source, shortCircuit: true };
  },
});
