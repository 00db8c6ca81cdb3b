import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { buildDashboard } from "../indexer/dashboard/build.ts";
import { readDeployment } from "../indexer/src/environment.ts";
import { deploymentKey, type Indexer, startIndexer, startReplica } from "../indexer/start.ts";

const HELP = `Indexes a deployment of the protocol and serves it: a dashboard, GraphQL, SQL over HTTP, and plain endpoints.

Usage: npm run indexer -- [serve] --rpc URL --deployment PATH [options]

  serve                only serve the tables that an indexer elsewhere writes
                       into the same PostgreSQL schema

  --rpc URL            RPC node of the chain                       (or OPG_RPC_URL)
  --deployment PATH    ignition/deployments/chain-ID, or the JSON that
                       \`npm run opg -- deployment\` writes       (or OPG_DEPLOYMENT)
  --port PORT          of the API on 127.0.0.1                     (42069)
  --data-dir DIR       of PGlite's tables                          (one per deployment in indexer/.ponder)
  --database-url URL   PostgreSQL in the place of PGlite           (or DATABASE_URL, which no list of processes shows)
  --schema NAME        of the tables in PostgreSQL                 (or DATABASE_SCHEMA; one per deployment)
  --views-schema NAME  gets a view of every table once history is
                       read, so that apps need not know --schema   (or DATABASE_VIEWS_SCHEMA)
  --fresh              drop the tables that there are, with every view on them, and make them again; asks first
  --yes                do not ask
  --quiet              print the addresses only, not the log
  --help

In the environment only:

  OPG_FUNDING          tokens, or credits: look for self-dealing in the protocol's own events only, where the
                       fee tokens have more transfers than can be read                                          (tokens)
  OPG_FINALITY         node, or instant: every block is final as it comes, as on a CometBFT chain               (node)
  OPG_LOG_CHECKS       full, live (not of the history), or off: how far the RPC node's logs are checked         (full)
  OPG_RPC_RATE         requests a second to the RPC node at first, from 1 to 500        (20; 200 on this machine)
  OPG_SQL              on, or off: whether strangers may ask by SQL over HTTP                                     (on)
  OPG_DASHBOARD        folder of a built dashboard                                 (it is built in indexer/dashboard)

Example: npm run indexer -- --rpc http://127.0.0.1:8545 --deployment ignition/deployments/chain-31337`;

/** Reads the options from command line and environment, and runs the indexer until it is interrupted. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rpc: { type: "string" },
      deployment: { type: "string" },
      port: { type: "string", default: "42069" },
      "data-dir": { type: "string" },
      "database-url": { type: "string" },
      schema: { type: "string" },
      "views-schema": { type: "string" },
      fresh: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      quiet: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const [command = "index", ...others] = positionals;
  if (!["index", "serve"].includes(command) || others.length !== 0) {
    throw new Error(`there is no ${positionals.join(" ")}; --help says what there is`);
  }
  const { DATABASE_URL, DATABASE_SCHEMA, DATABASE_VIEWS_SCHEMA, OPG_RPC_URL, OPG_DEPLOYMENT } = process.env;
  const rpcUrl = values.rpc || OPG_RPC_URL;
  const file = values.deployment || OPG_DEPLOYMENT;
  if (!rpcUrl || !file) throw new Error("it needs --rpc and --deployment; --help says more");
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port is not a port: ${values.port}`);

  const deployment = readDeployment(file);
  const key = await deploymentKey(rpcUrl, deployment);
  const databaseUrl = values["database-url"] || DATABASE_URL;
  const schema = values.schema || DATABASE_SCHEMA || `opg_${key}`;
  const viewsSchema = values["views-schema"] || DATABASE_VIEWS_SCHEMA;
  const dataDir = values["data-dir"] ?? join(import.meta.dirname, "..", "indexer", ".ponder", key);
  if (!databaseUrl && (values.schema || values["views-schema"] || command === "serve")) {
    throw new Error("serve, --schema and --views-schema need PostgreSQL: --database-url or DATABASE_URL");
  }
  if (values.fresh && command === "serve") throw new Error("serve writes no tables, so it makes none --fresh");
  if (values.fresh && !values.yes) await confirm(databaseUrl ? `schema ${schema}` : dataDir);

  const log = values.quiet ? {} : { log: (line: string) => console.error(line) };
  const dashboard = process.env.OPG_DASHBOARD ?? (await buildDashboard());
  const common = { rpcUrl, deployment, port, dashboard, ...log };
  let indexer: Indexer;
  if (!databaseUrl) indexer = await startIndexer({ ...common, dataDir, fresh: values.fresh });
  else if (command === "serve") indexer = await startReplica({ ...common, databaseUrl, schema });
  else {
    const views = viewsSchema ? { viewsSchema } : {};
    indexer = await startIndexer({ ...common, databaseUrl, schema, ...views, fresh: values.fresh });
  }
  console.log(`Tables      ${databaseUrl ? `schema ${schema}` : dataDir}`);
  console.log(`Dashboard   ${indexer.url}`);
  console.log(`GraphQL     ${indexer.url}/graphql`);
  console.log(`SQL         ${indexer.url}/sql`);
  console.log(`Supply      ${indexer.url}/supply/total`);
  console.log(`Deflation   ${indexer.url}/metrics/deflation?bucket=hour`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void indexer.stop());
  await indexer.ready;
  console.log("Up to date; following the chain.");
  await indexer.ended;
}

/** @throws if whoever is at the terminal does not want the tables there dropped, or nobody is. */
async function confirm(tables: string): Promise<void> {
  if (!process.stdin.isTTY) throw new Error(`--fresh drops the tables in ${tables}: say --yes as well`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Drop the tables in ${tables}, with every view on them? (yes or no) `);
  terminal.close();
  if (answer.trim() !== "yes") throw new Error("nothing was dropped");
}

main().catch((error: unknown) => {
  console.error(`indexer: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
