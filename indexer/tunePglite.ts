/**
 * Loaded into the indexer's process before Ponder: settings of a PGlite database that is not there yet.
 *
 * PGlite writes its log of changes with O_DSYNC, and so waits for the disk at every commit; but it never makes the tables'
 * own files durable, so that a machine that loses power may lose the database all the same. What is waited for here
 * therefore is nothing: a process that is killed loses no commit that it has written, and at most the latest ones that it
 * has not; those Ponder does again, because its checkpoint is in the same commit. Who wants more uses PostgreSQL.
 */
import { existsSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";

const SETTINGS = {
  wal_sync_method: "fdatasync",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "1GB",
  // There are no workers in WebAssembly, and no compiler; pages are read from memory for the most part.
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
