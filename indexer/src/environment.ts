import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "viem";
import { loadDeployment } from "../../sdk/src/node/loadDeployment.ts";
import { LOG_CHECKS, type LogChecks } from "./rpc/checkedLogs.ts";

/** Where the contracts that the indexer reads are. */
export interface Deployment {
  readonly chainId: number;
  /** The first block that can hold an event of the protocol. */
  readonly startBlock: number;
  readonly addresses: Readonly<
    Record<"Settlement" | "NodeRegistry" | "ModelRegistry" | "VerifierRegistry" | "OPG", Address> & {
      /** Where OPG is sent that burns, if the token has no `burn` of its own. */
      BurnSink?: Address;
      /** Channels and batches; a deployment from before them has none. */
      BatchSettlement?: Address;
      /** Settles many ZK requests at once. */
      Groth16Settler?: Address;
      /** Says who may do what. */
      AccessManager?: Address;
    }
  >;
}

/** What the indexer is told by its environment. */
export interface Settings {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** Whether the RPC is on this machine: such a chain may start over, so nothing of it is cached. */
  readonly isLocal: boolean;
  /** Milliseconds between two looks for a new block. */
  readonly pollingInterval: number;
  /** How many requests a second the RPC node gets at first. */
  readonly rpcRate: number;
  /** Who says which blocks are final: the node, by its tags, or nobody, for every block is at once (CometBFT). */
  readonly finality: "node" | "instant";
  /** How far the RPC node's logs are checked. */
  readonly logChecks: LogChecks;
  /** Where it is seen that a node's parties fund somebody: in all transfers of fee tokens, or in our own events only. */
  readonly funding: "tokens" | "credits";
  /** Whether strangers may ask by SQL. */
  readonly sql: boolean;
  /** Folder of the built dashboard, which is served at `/`; null for none. */
  readonly dashboard: string | null;
  readonly database: { kind: "pglite"; directory: string } | { kind: "postgres"; connectionString: string };
  /** Name of the tables' schema in the database. */
  readonly schema: string;
  /** The schema that gets a view of every table; undefined if none does. */
  readonly viewsSchema: string | undefined;
}

/** Something in the environment is missing or wrong; the message is one line that says what to do. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Requests a second: the most that Ponder ever sends; how many at first, to a node on this machine and to others. */
const RPC_RATE = { most: 500, local: 200, remote: 20 } as const;

/**
 * Reads the settings, of which only `OPG_RPC_URL` and `OPG_DEPLOYMENT` have no default.
 *
 * @throws {@link SettingsError}
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const rpcUrl = required(env, "OPG_RPC_URL", "the address of an RPC node, such as http://127.0.0.1:8545");
  if (!URL.canParse(rpcUrl)) throw new SettingsError(`OPG_RPC_URL is not a URL: ${rpcUrl}`);
  const isLocal = isLocalUrl(rpcUrl);
  const file = required(env, "OPG_DEPLOYMENT", "the path of a deployment's JSON file");
  const databaseUrl = env.DATABASE_URL;
  if (databaseUrl && !(URL.canParse(databaseUrl) && /^postgres(ql)?:/.test(databaseUrl))) {
    // Not what it is: there is a password in it.
    throw new SettingsError("DATABASE_URL is not an address like postgresql://user:password@host:5432/database");
  }
  const schema = schemaIn(env, "DATABASE_SCHEMA") ?? "opg";
  const viewsSchema = schemaIn(env, "DATABASE_VIEWS_SCHEMA");
  if (viewsSchema === schema) throw new SettingsError(`The tables and their views cannot share schema ${schema}`);
  return {
    rpcUrl,
    deployment: readDeployment(file),
    isLocal,
    pollingInterval: isLocal ? 100 : 1_000,
    rpcRate: rateIn(env, "OPG_RPC_RATE") ?? (isLocal ? RPC_RATE.local : RPC_RATE.remote),
    finality: oneOf(env, "OPG_FINALITY", ["node", "instant"]),
    logChecks: oneOf(env, "OPG_LOG_CHECKS", LOG_CHECKS),
    funding: oneOf(env, "OPG_FUNDING", ["tokens", "credits"]),
    sql: oneOf(env, "OPG_SQL", ["on", "off"]) === "on",
    dashboard: env.OPG_DASHBOARD ? dashboardIn(env.OPG_DASHBOARD) : null,
    database: databaseUrl
      ? { kind: "postgres", connectionString: databaseUrl }
      : { kind: "pglite", directory: env.OPG_DATA_DIR ?? ".ponder/pglite" },
    schema,
    viewsSchema,
  };
}

/** Whether an address is on this machine. */
export const isLocalUrl = (url: string): boolean =>
  URL.canParse(url) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);

/**
 * Reads a deployment from its JSON file or from Ignition's folder.
 *
 * @throws {@link SettingsError}
 */
export function readDeployment(file: string): Deployment {
  try {
    const deployment = loadDeployment(file);
    // The parser has found every address that a deployment has to have, and each is one.
    return { ...deployment, addresses: deployment.addresses as Deployment["addresses"] };
  } catch (error) {
    throw new SettingsError(`cannot read the deployment: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * The addresses of all contracts of some kinds. Where two Ignition modules deploy a contract, the second one's is named
 * "Module#Contract".
 */
export const addressesOf = ({ addresses }: Deployment, ...contracts: readonly string[]): Address[] =>
  Object.entries(addresses).flatMap(([name, address]) =>
    contracts.includes(name.slice(name.lastIndexOf("#") + 1)) ? [address] : [],
  );

function dashboardIn(folder: string): string {
  if (existsSync(join(folder, "index.html"))) return folder;
  throw new SettingsError(`OPG_DASHBOARD is not a built dashboard: there is no index.html in ${folder}`);
}

function required(env: Readonly<Record<string, string | undefined>>, name: string, what: string): string {
  const value = env[name];
  if (!value) throw new SettingsError(`${name} is not set: it has to be ${what}`);
  return value;
}

/** A variable that names a schema which the indexer may make and drop, and which SQL takes without quotes. */
function schemaIn(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (!/^(?!pg_|ponder_sync$|public$|information_schema$)[a-z_][a-z0-9_]{0,44}$/.test(value)) {
    throw new SettingsError(
      `${name} is to be 1 to 45 small letters, digits and underscores, and no schema of the database's own: ${value}`,
    );
  }
  return value;
}

/** A variable that says how many requests a second. */
function rateIn(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  const rate = Number(value);
  if (rate >= 1 && rate <= RPC_RATE.most) return rate;
  throw new SettingsError(`${name} is a number of requests a second from 1 to ${RPC_RATE.most}, and not ${value}`);
}

/** A variable that names one of some values; the first if it is not set. */
function oneOf<const Values extends readonly [string, ...string[]]>(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  values: Values,
): Values[number] {
  const value = env[name] || values[0];
  if (!values.includes(value)) throw new SettingsError(`${name} is ${values.join(", ")}, and not ${value}`);
  return value;
}
