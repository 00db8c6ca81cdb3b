import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Deployment } from "../sdk/src/deployment.ts";
import { type Anchor, type AnchorStore, directoryAnchor, REORG_WINDOW } from "./anchor.ts";
import { deploymentIn, dropTables, schemaAnchor } from "./postgres.ts";
import { reasonIn } from "./reasons.ts";
import { parseSettings, type Settings } from "./src/environment.ts";

/** How long a stopped indexer may take to close its database, in milliseconds. */
const GRACE = 8_000;
/** How often to ask the indexer how far it is, in milliseconds. */
const INTERVAL = 50;
/** How often to keep in mind which block the tables are built on, in milliseconds. */
const ANCHORING = 15_000;
/** Lines of the indexer's log that an error quotes. */
const QUOTED_LINES = 20;

const root = fileURLToPath(new URL(".", import.meta.url));
const ponder = fileURLToPath(new URL("bin/ponder.js", import.meta.resolve("ponder")));
/** What the indexer's process loads before Ponder. */
const preloads = ["endWithParent", "reorgWindow", "requestRate", "tunePglite", "wholeHashes"];
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

/** The indexer did not start, or ended by itself. */
export class IndexerError extends Error {
  override readonly name = "IndexerError";
}

/**
 * Starts the indexer as a process of its own, which ends with this one. Resolves when its API answers.
 *
 * @throws {@link SettingsError} if an option is wrong.
 * @throws {@link DatabaseError} if the tables cannot be dropped that are to be made again.
 * @throws {@link IndexerError} if it does not start: why, or the end of its log.
 */
export async function startIndexer({ fresh = false, ...options }: IndexerOptions): Promise<Indexer> {
  return start("start", options, async ({ rpcUrl, deployment, database, schema }) => {
    if (database.kind === "pglite") requireNoWriter(database.directory);
    if (fresh && database.kind === "postgres") {
      await dropTables(database.connectionString, schema, deployment.chainId);
    }
    if (fresh && database.kind === "pglite") dropDirectory(database.directory);
    const tables =
      database.kind === "postgres"
        ? schemaAnchor(database.connectionString, schema)
        : directoryAnchor(database.directory);
    const anchor = await tables.read();
    const hash = anchor && (await hashAt(rpcUrl, anchor.number));
    if (anchor && hash === null) {
      throw new IndexerError(
        `The RPC node has no block ${anchor.number}, on which the tables are built: is it behind?`,
      );
    }
    if (anchor && hash !== anchor.hash) throw new IndexerError(takenBack(anchor));
    return tables;
  });
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

/** Where the id of the process that writes PGlite's directory is: beside it, for PGlite wants to begin with an empty one. */
const writerOf = (directory: string): string => `${directory}.pid`;

function noteWriter(directory: string, child: ChildProcess): void {
  const file = writerOf(directory);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, String(child.pid));
  child.once("exit", () => rmSync(file, { force: true }));
}

/** @throws {@link IndexerError} if a living process writes the directory: PGlite would let a second one in. */
function requireNoWriter(directory: string): void {
  const file = writerOf(directory);
  const id = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (!Number.isInteger(id) || id <= 0) return;
  try {
    process.kill(id, 0);
  } catch {
    return;
  }
  throw new IndexerError(
    `Process ${id} writes the tables in ${directory}: stop it first, or remove ${file} if it is no indexer`,
  );
}

/** @throws {@link IndexerError} if there is something else than PGlite's tables in the directory. */
function dropDirectory(directory: string): void {
  if (!existsSync(directory)) return;
  if (!existsSync(join(directory, "PG_VERSION"))) throw new IndexerError(`There are no tables in ${directory}`);
  rmSync(directory, { recursive: true });
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

/** An indexer, and how to end it because it cannot go on. */
interface Supervised {
  readonly indexer: Indexer;
  readonly fail: (reason: string) => void;
}

async function supervise(child: ChildProcess, head: number, log: IndexerOptions["log"]): Promise<Supervised> {
  const quoted: string[] = [];
  let stopping = false;
  let reason: string | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    child.once("close", (code, signal) => {
      if (stopping) resolve();
      else if (reason !== undefined) reject(new IndexerError(reason));
      else reject(new IndexerError(`The indexer ended (${signal ?? `exit code ${code}`}):\n${quoted.join("\n")}`));
    });
  });
  ended.catch(ignore);

  const listening = new Promise<number>((found) => {
    const read = (line: string) => {
      log?.(line);
      quoted.push(line);
      if (quoted.length > QUOTED_LINES) quoted.shift();
      reason ??= reasonIn(line);
      const port = portOf(line);
      if (port !== undefined) found(port);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", read);
    }
  });
  const port = await Promise.race([listening, ended]);
  const url = `http://127.0.0.1:${port}`;

  const reached = async (blockNumber: number): Promise<void> => {
    while (!(await hasReached(url, blockNumber))) {
      await Promise.race([sleep(INTERVAL), ended]);
      if (stopping) throw new IndexerError(`The indexer was stopped before it reached block ${blockNumber}`);
    }
  };
  const ready = reached(head);
  ready.catch(ignore);
  const end = async () => {
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), GRACE);
    await ended.finally(() => clearTimeout(killer));
  };
  const indexer: Indexer = {
    url,
    ready,
    reached,
    ended,
    query: (query, variables) => ask(url, query, variables),
    async stop() {
      stopping = true;
      await end();
    },
  };
  const fail = (why: string) => {
    reason ??= why;
    end().catch(ignore);
  };
  return { indexer, fail };
}

/** For a promise that its user may never look at. */
function ignore(): void {}

/** The port that a line of Ponder's log says the API listens on. */
function portOf(line: string): number | undefined {
  try {
    const { msg, port } = JSON.parse(line) as { msg?: string; port?: number };
    return msg === "Created HTTP server" ? port : undefined;
  } catch {
    return undefined;
  }
}

async function hasReached(url: string, blockNumber: number): Promise<boolean> {
  try {
    const [{ status: readiness }, latest] = await Promise.all([fetch(`${url}/ready`), latestBlock(url)]);
    return readiness === 200 && latest >= blockNumber;
  } catch {
    return false;
  }
}

/** The latest block that can be queried. */
async function latestBlock(url: string): Promise<number> {
  const { chain } = (await (await fetch(`${url}/status`)).json()) as { chain: { block: { number: number } } };
  return chain.block.number;
}

async function ask<Data>(url: string, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (data === undefined || data === null || errors) {
    throw new IndexerError(`The indexer refuses the query: ${errors?.map(({ message }) => message).join("; ")}`);
  }
  return data;
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
