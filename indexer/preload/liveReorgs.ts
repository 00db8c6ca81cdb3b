/**
 * Loaded into the indexer's process before Ponder: live queries and reorganisations.
 *
 * Ponder takes rows back with its triggers off, so that a live query of tables that no later event changes goes on saying
 * what was taken back, and so does its memory of answers to /sql/db. Here the first block after a reorganisation tells that
 * all tables have changed. See "live queries" in test/integration/indexerApi.ts.
 */
import { patchPonder } from "./patchPonder.ts";

const MODULE = "runtime/multichain.js";

patchPonder(MODULE, /^/g, "const reverted = new Set();\n");
patchPonder(
  MODULE,
  /common\.logger\.debug\(\{\s*msg: "Reverted reorged database rows"/g,
  "reverted.add(getTableName(table));\n$&",
);
// Here a block's transaction notifies of the tables that it has written into this temporary one.
patchPonder(
  MODULE,
  /await tx\.wrap\(\{ label: "update_checkpoints" \}, \(db\)/g,
  `if (reverted.size > 0) {
    const names = Array.from(reverted, (name) => "('" + name + "')").join(", ");
    const insert = "INSERT INTO " + getLiveQueryTempTableName() + " VALUES " + names + " ON CONFLICT DO NOTHING";
    await tx.wrap((tx) => tx.execute(insert), context);
    reverted.clear();
  }
  $&`,
);
