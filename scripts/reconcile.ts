import { parseArgs } from "node:util";
import { deploymentKey } from "../indexer/start.ts";
import { loadDeployment } from "../sdk/src/node/loadDeployment.ts";
import type { Difference } from "./reconcile/compare.ts";
import { exitCodeOf, type Report, reconcile } from "./reconcile/reconcile.ts";
import type { Source } from "./reconcile/tables.ts";

const HELP = `Re-reads the chain and compares every row of the indexer's tables with it.

Usage: npm run reconcile -- --rpc URL --deployment PATH [--indexer URL | --data-dir DIR | --database-url URL] [options]

  --rpc URL            RPC node of the chain                     (or OPG_RPC_URL)
  --deployment PATH    ignition/deployments/chain-ID, or the JSON that
                       \`npm run opg -- deployment\` writes     (or OPG_DEPLOYMENT)
  --database-url URL   PostgreSQL                                (or DATABASE_URL, which no list of processes shows)
  --schema NAME        the schema of the tables in it            (or DATABASE_SCHEMA; the deployment's own)
  --data-dir DIR       PGlite's tables in its place; a running indexer may go on using them
  --indexer URL        a running indexer in its place, which has to take SQL (OPG_SQL=on) of that size
  --block N            compare at this block                     (where the tables are)
  --json               print one JSON object
  --help

Exits with 0 if nothing differs, with 1 if something does, with 2 if chain or tables cannot be read or hold what
this command has no rule for.

Example: npm run reconcile -- --rpc http://127.0.0.1:8545 --deployment ignition/deployments/chain-31337 \\
           --indexer http://127.0.0.1:42069`;

/** How many differences are printed as text. */
const PRINTED = 100;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rpc: { type: "string" },
      deployment: { type: "string" },
      indexer: { type: "string" },
      "data-dir": { type: "string" },
      "database-url": { type: "string" },
      schema: { type: "string" },
      block: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const rpcUrl = values.rpc ?? process.env.OPG_RPC_URL;
  const path = values.deployment ?? process.env.OPG_DEPLOYMENT;
  if (!rpcUrl || !path) throw new Error("it needs --rpc and --deployment; --help says more");
  if (values.block !== undefined && !/^\d{1,15}$/.test(values.block)) {
    throw new Error(`--block is not a block's number: ${values.block}`);
  }
  const deployment = loadDeployment(path);
  const source = await sourceOf(values, () => deploymentKey(rpcUrl, deployment));
  const report = await reconcile({
    rpcUrl,
    source,
    deployment,
    progress,
    ...(values.block === undefined ? {} : { block: Number(values.block) }),
  });
  if (values.json) console.log(JSON.stringify(report));
  else print(report);
  return exitCodeOf(report);
}

/** Options that say where the tables are. */
interface Place {
  readonly indexer?: string;
  readonly "data-dir"?: string;
  readonly "database-url"?: string;
  readonly schema?: string;
}

/**
 * Where the tables are: what the options name, or the environment's database.
 *
 * @param key The deployment's name for its tables.
 * @throws {Error} unless it is one place.
 */
async function sourceOf(
  { indexer: url, "data-dir": directory, "database-url": database, schema }: Place,
  key: () => Promise<string>,
): Promise<Source> {
  const { DATABASE_URL, DATABASE_SCHEMA } = process.env;
  const named = [url, directory, database].filter((place) => place !== undefined);
  if (named.length > 1) throw new Error("the tables are in one of --indexer, --data-dir and --database-url");
  if (url !== undefined) return { kind: "indexer", url };
  // An indexer has a directory to itself, and gives its tables no name of their own there.
  if (directory !== undefined) return { kind: "pglite", directory, schema: schema ?? "opg" };
  const connectionString = database ?? DATABASE_URL;
  if (!connectionString) {
    throw new Error("it needs one of --indexer, --data-dir and --database-url, or DATABASE_URL; --help says more");
  }
  return { kind: "postgres", connectionString, schema: schema ?? DATABASE_SCHEMA ?? `opg_${await key()}` };
}

/** One line that moves on a terminal, a line per thousand in a log. */
function progress(what: string, done: number, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${done} of ${of}\x1b[K${done === of ? "\n" : ""}`);
  else if (done === of || done % 1_000 === 0) console.error(`${what}: ${done} of ${of}`);
}

function print({ block, rows, statements, differences, uncompared }: Report): void {
  const compared = Object.values(rows).reduce((sum, count) => sum + count, 0);
  for (const difference of differences.slice(0, PRINTED)) console.log(line(difference));
  if (differences.length > PRINTED) console.log(`… and ${differences.length - PRINTED} more; --json prints them all`);
  if (uncompared.length !== 0) console.log(`Not compared: ${uncompared.join(", ")}`);
  console.log(
    `Block ${block}: ${compared} rows of ${Object.keys(rows).length} entities and ${statements} answers of the contracts; ` +
      (differences.length === 0 ? "no difference" : `${differences.length} differences`),
  );
}

function line({ entity, id, field, chain, table, source }: Difference): string {
  return `${entity} ${id} ${field}: ${chain ?? "none"} by the ${source}, ${table ?? "none"} in the table`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`reconcile: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
  },
);
