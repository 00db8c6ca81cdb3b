import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildDashboard } from "../indexer/dashboard/build.ts";
import { readDeployment } from "../indexer/src/environment.ts";
import { deploymentKey, startIndexer } from "../indexer/start.ts";

const HELP = `Indexes a deployment of the protocol and serves it: a dashboard, GraphQL, SQL over HTTP, and plain endpoints.

Usage: npm run indexer -- --rpc URL --deployment PATH [options]

  --rpc URL          RPC node of the chain                       (or OPG_RPC_URL)
  --deployment PATH  ignition/deployments/chain-ID, or the JSON that
                     \`npm run opg -- deployment\` writes       (or OPG_DEPLOYMENT)
  --port PORT        of the API on 127.0.0.1                     (42069)
  --data-dir DIR     of PGlite's tables                          (one per deployment in indexer/.ponder)
  --quiet            print the addresses only, not the log
  --help

PostgreSQL is used in the place of PGlite if DATABASE_URL is set. OPG_FUNDING=credits looks for
self-dealing in the protocol's own events only: where the fee tokens have more transfers than can be read.

Example: npm run indexer -- --rpc http://127.0.0.1:8545 --deployment ignition/deployments/chain-31337`;

/** Reads the options from command line and environment, and runs the indexer until it is interrupted. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rpc: { type: "string" },
      deployment: { type: "string" },
      port: { type: "string", default: "42069" },
      "data-dir": { type: "string" },
      quiet: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const rpcUrl = values.rpc ?? process.env.OPG_RPC_URL;
  const file = values.deployment ?? process.env.OPG_DEPLOYMENT;
  if (!rpcUrl || !file) throw new Error("it needs --rpc and --deployment; --help says more");
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port is not a port: ${values.port}`);

  const deployment = readDeployment(file);
  const key = await deploymentKey(rpcUrl, deployment);
  const databaseUrl = process.env.DATABASE_URL;
  const indexer = await startIndexer({
    rpcUrl,
    deployment,
    port,
    dashboard: process.env.OPG_DASHBOARD ?? (await buildDashboard()),
    ...(databaseUrl ? { databaseUrl, schema: `opg_${key}` } : {}),
    dataDir: values["data-dir"] ?? join(import.meta.dirname, "..", "indexer", ".ponder", key),
    ...(values.quiet ? {} : { log: (line: string) => console.error(line) }),
  });
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

main().catch((error: unknown) => {
  console.error(`indexer: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
