/**
 * Loaded into the indexer's process before Ponder: which statements /sql may carry out.
 *
 * Ponder looks at a statement once and remembers by a hash of it whether it may pass. Of that SHA-256 it keeps 40 bits, so
 * a million tries find an allowed statement and a forbidden one that are the same to it, and with PGlite the forbidden one
 * may write. Here it keeps the whole hash. See test/attacks/indexerSqlCollision.ts.
 */
import { registerHooks } from "node:module";

/** The module of Ponder's that decides it, and what it cuts hashes with. */
const DECIDING = "/ponder/dist/esm/utils/sql-parse.js";
const CUT = /\.digest\("hex"\)\s*\.slice\(0, 10\)/g;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(DECIDING)) return loaded;
    const source = String(loaded.source);
    if (!CUT.test(source)) throw new Error(`${url} does not cut hashes as it did: look at what it does now`);
    return { ...loaded, source: source.replaceAll(CUT, '.digest("hex")') };
  },
});
