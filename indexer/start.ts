import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Deployment } from "../sdk/src/deployment.ts";
import { type Anchor, type AnchorStore, REORG_WINDOW } from "./anchor.ts";
import { IndexerError } from "./errors.ts";
import { directoryAnchor, dropDirectory, noteWriter, requireNoWriter } from "./pglite.ts";
import { deploymentIn, dropTables, schemaAnchor } from "./postgres.ts";
import { parseSettings, type Settings } from "./src/environment.ts";
import { ignore, latestBlock, type Supervised, supervise } from "./supervise.ts";

/** How often to keep in mind which block the tables are built on, in milliseconds. */
const ANCHORING = 15_000;

const root = fileURLToPath(new URL(".", import.meta.url));
const ponder = fileURLToPath(new URL("bin/ponder.js", import.meta.resolve("ponder")));
/** What the indexer's process loads before Ponder. */
const preloads = ["endWithParent", "liveReorgs", "reorgWindow", "requestRate", "tunePglite", "wholeHashes"];
/** And what, if it writes into PostgreSQL. */
const writersPreloads = ["holdSchema"];

/** What the indexer and its replicas need to know. */
interface ServerOptions {
  /** The chain's RPC node, over HTTP. */
  readonly rpcUrl: string;
  /** Where the protocol is on that chain: the deployment, or the path of its JSON file. */
  readonly deployment: Deployment | string;
  /** Port of the API on 127.0.0.1; any free one by default. The next free one if it is taken. */
  readonly port?: number;
  /** Name of the tables' schema in the database; `opg` by default. */
  readonly schema?: string;
  /** Folder of the built dashboard, which is served at `/`. By default that of `OPG_DASHBOARD`, if it is set. */
  readonly dashboard?: string;
  /** Directory of another Ponder app to run in the place of ours, such as a benchmark's baseline. */
  readonly app?: string;
  /** Gets every line of the log: JSON objects, as Ponder writes them. */
  readonly log?: (line: string) => void;
}

/** What {@link startIndexer} needs to know. */
export interface IndexerOptions extends ServerOptions {
  /** PGlite's directory. By default a temporary one, which goes when the indexer stops. */
  readonly dataDir?: string;
  /** A PostgreSQL database in the place of PGlite. */
  readonly databaseUrl?: string;
  /** Where funding of requesters by operators is looked for. By default what `OPG_FUNDING` says. */
  readonly funding?: Settings["funding"];
  /** A schema that gets a view of every table, once history is read: its name outlives a deployment's. */
  readonly viewsSchema?: string;
  /** Whether to drop the tables that there are, with every view on them, and make them again. */
  readonly fresh?: boolean;
}

/** What {@link startReplica} needs to know. */
export interface ReplicaOptions extends ServerOptions {
  /** The PostgreSQL database that an indexer writes. */
  readonly databaseUrl: string;
}

/** An indexer that is running. */
export interface Indexer {
  /** Address of the API, without a slash at the end. */
  readonly url: string;
  /** Resolves when everything that was on the chain when the indexer started can be queried. */
  readonly ready: Promise<void>;
  /** Resolves when everything up to this block can be queried. */
  reached(blockNumber: number): Promise<void>;
  /** Asks the GraphQL API. Rejects with the API's own words if it refuses. */
  query<Data>(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Data>;
  /** Resolves when the indexer was stopped; rejects if it ends by itself. */
  readonly ended: Promise<void>;
  /** Ends the indexer and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the indexer as a process of its own, which ends with this one. Resolves when its API answers.
 *
 * @throws {@link SettingsError} if an option is wrong.
 * @throws {@link DatabaseError} if another process writes the tables, or if they cannot be dropped that are to be made again.
 * @throws {@link IndexerError} if it does not start: why, or the end of its log.
 */
export async function startIndexer({ fresh = false, ...options }: IndexerOptions): Promise<Indexer> {
  return start("start", options, async (settings) => {
    const tables = await tablesOf(settings, fresh);
    const anchor = await tables.read();
    const hash = anchor && (await hashAt(settings.rpcUrl, anchor.number));
    if (anchor && hash === null) {
      throw new IndexerError(
        `The RPC node has no block ${anchor.number}, on which the tables are built: is it behind?`,
      );
    }
    if (anchor && hash !== anchor.hash) throw new IndexerError(takenBack(anchor));
    return tables;
  });
}

/** The tables that an indexer is to write, without what was in them if they are to be made afresh. */
async function tablesOf({ deployment, database, schema }: Settings, fresh: boolean): Promise<AnchorStore> {
  if (database.kind === "postgres") {
    if (fresh) await dropTables(database.connectionString, schema, deployment.chainId);
    return schemaAnchor(database.connectionString, schema);
  }
  requireNoWriter(database.directory);
  if (fresh) dropDirectory(database.directory);
  return directoryAnchor(database.directory);
}

/**
 * Starts a process that only serves what an indexer elsewhere writes into the same schema; otherwise as
 * {@link startIndexer}. There may be several.
 *
 * @throws {@link SettingsError} if an option is wrong.
 * @throws {@link IndexerError} if it does not start, as when there is no such schema yet.
 */
export function startReplica(options: ReplicaOptions): Promise<Indexer> {
  return start("serve", options, async ({ deployment: { chainId, addresses }, database, schema }) => {
    if (database.kind !== "postgres") return null;
    const served = await deploymentIn(database.connectionString, schema);
    if (served && (served.chainId !== chainId || served.settlement !== addresses.Settlement.toLowerCase())) {
      throw new IndexerError(`The tables in schema "${schema}" are of another deployment`);
    }
    return null;
  });
}

/**
 * @param prepare What is done with the tables before; gives where to keep which block they are built on, if they are
 * written.
 */
async function start(
  command: "start" | "serve",
  options: IndexerOptions,
  prepare: (settings: Settings) => Promise<AnchorStore | null>,
): Promise<Indexer> {
  const temporary = mkdtempSync(join(tmpdir(), "opg-indexer-"));
  const cleanUp = () => rmSync(temporary, { recursive: true, force: true });
  try {
    const env = environmentOf(options, temporary, options.port ?? (await freePort()));
    const settings = parseSettings(env);
    const { rpcUrl, deployment, database } = settings;
    const chainId = Number(await rpc(rpcUrl, "eth_chainId", []));
    if (chainId !== deployment.chainId) {
      throw new IndexerError(
        `The deployment is on chain ${deployment.chainId}, and the node at ${rpcUrl} on ${chainId}`,
      );
    }
    const head = Number(await rpc(rpcUrl, "eth_blockNumber", []));
    const tables = await prepare(settings);
    const isWriter = command === "start" && database.kind === "postgres";
    const imports = [...preloads, ...(isWriter ? writersPreloads : [])].flatMap((file) => [
      "--import",
      new URL(`preload/${file}.ts`, import.meta.url).href,
    ]);
    const child = spawn(
      process.execPath,
      [...imports, ponder, command, "--root", options.app ?? root, "--hostname", "127.0.0.1", "--log-format", "json"],
      { cwd: temporary, env, stdio: ["ignore", "pipe", "pipe", "ipc"] },
    );
    child.once("exit", cleanUp);
    if (command === "start" && database.kind === "pglite") noteWriter(database.directory, child);
    const supervised = await supervise(child, head, options.log);
    if (tables !== null) keepAnchor(supervised, rpcUrl, deployment.startBlock, tables);
    return supervised.indexer;
  } catch (error) {
    cleanUp();
    throw error;
  }
}

const takenBack = ({ number }: Anchor) =>
  `The chain has another block ${number} than the tables are built on: have them made again with --fresh`;

/**
 * Keeps, while the indexer runs, the latest block that its tables are built on and that it could not take back; and ends it
 * if the chain takes that back. Ponder would go on to serve the tables as they were.
 */
function keepAnchor({ indexer, fail }: Supervised, rpcUrl: string, startBlock: number, tables: AnchorStore): void {
  const keep = async () => {
    const kept = await tables.read();
    const keptHash = kept && (await hashAt(rpcUrl, kept.number));
    if (kept && keptHash !== null && keptHash !== kept.hash) return fail(takenBack(kept));
    const head = Number(await rpc(rpcUrl, "eth_blockNumber", []));
    // Without the start block there would be no deployment, so on a young chain it stands for the others.
    const number = Math.max(startBlock, Math.min(await latestBlock(indexer.url), head - REORG_WINDOW));
    const hash = await hashAt(rpcUrl, number);
    if (hash !== null) await tables.write({ number, hash });
  };
  // What fails once is done the next time; until then an older block stands for the tables.
  const timer = setInterval(() => keep().catch(ignore), ANCHORING);
  const end = () => clearInterval(timer);
  indexer.ended.then(end, end);
  indexer.ready.then(keep).catch(ignore);
}

/** The hash of the chain's block; null if there is none of that number. */
async function hashAt(rpcUrl: string, number: number): Promise<string | null> {
  const block = await rpc(rpcUrl, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
  return (Object(block) as { hash?: string }).hash ?? null;
}

/**
 * A name for a deployment on one chain's history, for its tables. A local chain that starts over gets another, though
 * chain id and addresses are the same, so tables of the former are never continued.
 */
export async function deploymentKey(
  rpcUrl: string,
  { chainId, startBlock }: Pick<Deployment, "chainId" | "startBlock">,
): Promise<string> {
  const hash = await hashAt(rpcUrl, startBlock);
  if (hash === null) throw new IndexerError(`The chain at ${rpcUrl} has no block ${startBlock}`);
  return `${chainId}_${hash.slice(2, 10)}`;
}

function environmentOf(options: IndexerOptions, temporary: string, port: number): NodeJS.ProcessEnv {
  const { rpcUrl, deployment, dataDir, databaseUrl, schema = "opg", viewsSchema } = options;
  const { dashboard = process.env.OPG_DASHBOARD, funding = process.env.OPG_FUNDING } = options;
  const file = typeof deployment === "string" ? resolve(deployment) : join(temporary, "deployment.json");
  if (typeof deployment !== "string") writeFileSync(file, JSON.stringify(deployment));
  return {
    ...process.env,
    OPG_RPC_URL: rpcUrl,
    OPG_DEPLOYMENT: file,
    OPG_DATA_DIR: dataDir === undefined ? join(temporary, "pglite") : resolve(dataDir),
    DATABASE_URL: databaseUrl,
    DATABASE_SCHEMA: schema,
    OPG_DASHBOARD: dashboard ? resolve(dashboard) : undefined,
    DATABASE_VIEWS_SCHEMA: viewsSchema,
    OPG_FUNDING: funding,
    PONDER_TELEMETRY_DISABLED: "1",
    PORT: String(port),
  };
}

async function rpc(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (result === undefined) throw new Error(error?.message ?? "it answers neither result nor error");
    return result;
  } catch (error) {
    throw new IndexerError(`${method} failed at ${url}: ${error instanceof Error ? error.message : error}`);
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer().once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? found(address.port) : failed(new Error("no free port")),
      );
    });
  });
}
