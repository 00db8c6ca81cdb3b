import { parseArgs } from "node:util";
import { loadDeployment } from "../sdk/src/node/loadDeployment.ts";
import type { Difference } from "./reconcile/compare.ts";
import { exitCodeOf, type Report, reconcile } from "./reconcile/reconcile.ts";
import type { Source } from "./reconcile/tables.ts";

const HELP = `Re-reads the chain and compares every row of the indexer's tables with it.

Usage: npm run reconcile -- --rpc URL --deployment PATH (--indexer URL | --data-dir DIR | --database-url URL) [options]

  --rpc URL            RPC node of the chain                     (or OPG_RPC_URL)
  --deployment PATH    ignition/deployments/chain-ID, or the JSON that
                       \`npm run opg -- deployment\` writes     (or OPG_DEPLOYMENT)
  --indexer URL        a running indexer
  --data-dir DIR       PGlite's tables; a running indexer may go on using them
  --database-url URL   PostgreSQL
  --schema NAME        the schema of the tables in either        (opg)
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
      schema: { type: "string", default: "opg" },
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
  const source = sourceOf(values);
  if (!rpcUrl || !path || source === null) {
    throw new Error("it needs --rpc, --deployment, and one of --indexer, --data-dir, --database-url; --help says more");
  }
  if (values.block !== undefined && !/^\d{1,15}$/.test(values.block)) {
    throw new Error(`--block is not a block's number: ${values.block}`);
  }
  const report = await reconcile({
    rpcUrl,
    source,
    deployment: loadDeployment(path),
    progress,
    ...(values.block === undefined ? {} : { block: Number(values.block) }),
  });
  if (values.json) console.log(JSON.stringify(report));
  else print(report);
  return exitCodeOf(report);
}

/** Where the tables are; null unless exactly one place is named. */
function sourceOf(values: Readonly<Record<string, string | boolean | undefined>>): Source | null {
  const { indexer, "data-dir": directory, "database-url": connectionString, schema } = values;
  const sources: Source[] = [];
  if (typeof indexer === "string") sources.push({ kind: "indexer", url: indexer });
  if (typeof directory === "string") sources.push({ kind: "pglite", directory, schema: String(schema) });
  if (typeof connectionString === "string") {
    sources.push({ kind: "postgres", connectionString, schema: String(schema) });
  }
  const [source, ...others] = sources;
  return source === undefined || others.length !== 0 ? null : source;
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
