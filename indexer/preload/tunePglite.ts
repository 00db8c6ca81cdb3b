/**
 * Loaded into the indexer's process before Ponder: settings of a PGlite database that is not there yet.
 *
 * PGlite writes its log of changes with O_DSYNC, and so waits for the disk at every commit; but it never makes the tables'
 * own files durable, so that a machine that loses power may lose the database all the same. Here it does not wait. A
 * process that is killed still loses nothing that it has committed: the operating system has it. Who wants more uses
 * PostgreSQL.
 */
import { existsSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";

const SETTINGS = {
  wal_sync_method: "fdatasync",
  max_wal_size: "256MB",
  // There are no workers in WebAssembly, and no compiler; most pages are in memory.
  max_parallel_workers_per_gather: "0",
  jit: "off",
  random_page_cost: "1.1",
};

const { DATABASE_URL, OPG_DATA_DIR: directory } = process.env;
if (!DATABASE_URL && directory && !existsSync(`${directory}/PG_VERSION`)) {
  const database = await PGlite.create(directory);
  for (const [name, value] of Object.entries(SETTINGS)) await database.exec(`ALTER SYSTEM SET ${name} = '${value}'`);
  await database.close();
}
