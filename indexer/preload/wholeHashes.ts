/**
 * Loaded into the indexer's process before Ponder: which statements /sql may carry out.
 *
 * Ponder looks at a statement once and remembers by a hash of it whether it may pass. Of that SHA-256 it keeps 40 bits, so
 * a million tries find an allowed statement and a forbidden one that are the same to it, and with PGlite the forbidden one
 * may write. Here it keeps the whole hash. See test/attacks/indexerSqlCollision.ts.
 */
import { patchPonder } from "./patchPonder.ts";

patchPonder("utils/sql-parse.js", /\.digest\("hex"\)\s*\.slice\(0, 10\)/g, '.digest("hex")');
