/**
 * Loaded into the indexer's process before Ponder: makes a PGlite database that is not there yet, with settings.
 *
 * PGlite writes its log of changes with O_DSYNC, and so waits for the disk at every commit; but it never makes the tables'
 * own files durable, so that a machine that loses power may lose the database all the same. Here it does not wait. A
 * process that is killed still loses nothing that it has committed: the operating system has it. Who wants more uses
 * PostgreSQL.
 *
 * PGlite takes seconds to make a database. So an empty one is kept with the installed packages, and copied.
 */
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

const SETTINGS = {
  wal_sync_method: "fdatasync",
  max_wal_size: "256MB",
  // There are no workers in WebAssembly, and no compiler; most pages are in memory.
  max_parallel_workers_per_gather: "0",
  jit: "off",
  random_page_cost: "1.1",
  // Our views join in a sensible order as they are written, and to look for a better one takes longer than to run them.
  join_collapse_limit: "4",
};

/** The file by which PGlite knows a database. */
const MARK = "PG_VERSION";

async function make(directory: string): Promise<void> {
  const database = await PGlite.create(directory);
  for (const [name, value] of Object.entries(SETTINGS)) await database.exec(`ALTER SYSTEM SET ${name} = '${value}'`);
  await database.close();
}

/** Where the empty database of this PGlite, these settings and this user is kept; null if nothing can be kept there. */
async function keptDatabase(): Promise<string | null> {
  const manifest = readFileSync(new URL("../package.json", import.meta.resolve("@electric-sql/pglite")), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const made = JSON.stringify([version, SETTINGS, process.getuid?.()]);
  const name = `pglite-${createHash("sha256").update(made).digest("hex").slice(0, 16)}`;
  const kept = fileURLToPath(new URL(`../../node_modules/.cache/opg-indexer/${name}`, import.meta.url));
  if (existsSync(kept)) return kept;
  const work = `${kept}.${process.pid}.tmp`;
  try {
    mkdirSync(work, { recursive: true });
  } catch {
    return null;
  }
  try {
    await make(work);
    renameSync(work, kept);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    if (!existsSync(kept)) throw error; // otherwise another process was faster
  }
  return kept;
}

const { DATABASE_URL, OPG_DATA_DIR: directory } = process.env;
if (!DATABASE_URL && directory && !existsSync(join(directory, MARK))) {
  const kept = await keptDatabase();
  if (kept === null) await make(directory);
  else {
    // The mark comes last: whoever is killed before it has no database yet.
    const mark = join(kept, MARK);
    cpSync(kept, directory, { recursive: true, filter: (source) => source !== mark });
    copyFileSync(mark, join(directory, MARK));
  }
}
