import { readFileSync } from "node:fs";
import { type Address, isAddress } from "viem";

/** The contracts that the indexer reads. */
const CONTRACTS = ["Settlement", "NodeRegistry", "ModelRegistry", "VerifierRegistry", "OPG"] as const;

/** Where a deployment of the protocol is; what `npm run opg -- deployment` writes. */
export interface Deployment {
  readonly chainId: number;
  /** The first block that can hold an event of the protocol. */
  readonly startBlock: number;
  readonly addresses: Readonly<Record<(typeof CONTRACTS)[number], Address>> & {
    /** Where OPG is sent that burns, if the token has no `burn` of its own. */
    readonly BurnSink?: Address;
  };
}

/** What the indexer is told by its environment. */
export interface Settings {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** Whether the RPC is on this machine: such a chain may start over, so nothing of it is cached. */
  readonly isLocal: boolean;
  /** Milliseconds between two looks for a new block. */
  readonly pollingInterval: number;
  readonly database: { kind: "pglite"; directory: string } | { kind: "postgres"; connectionString: string };
}

/** Something in the environment is missing or wrong; the message is one line that says what to do. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * Reads the settings: `OPG_RPC_URL`, `OPG_DEPLOYMENT` (path of a deployment's JSON file), and either `DATABASE_URL`
 * (PostgreSQL) or `OPG_DATA_DIR` (PGlite's directory, `.ponder/pglite` by default).
 *
 * @throws {@link SettingsError}
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const rpcUrl = required(env, "OPG_RPC_URL", "the address of an RPC node, such as http://127.0.0.1:8545");
  if (!URL.canParse(rpcUrl)) throw new SettingsError(`OPG_RPC_URL is not a URL: ${rpcUrl}`);
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(rpcUrl).hostname);
  const file = required(env, "OPG_DEPLOYMENT", "the path of a deployment's JSON file");
  const databaseUrl = env.DATABASE_URL;
  return {
    rpcUrl,
    deployment: readDeployment(file),
    isLocal,
    pollingInterval: isLocal ? 100 : 1_000,
    database: databaseUrl
      ? { kind: "postgres", connectionString: databaseUrl }
      : { kind: "pglite", directory: env.OPG_DATA_DIR ?? ".ponder/pglite" },
  };
}

/**
 * Checks that a value has the shape of a deployment.
 *
 * @param source What to name in an error.
 * @throws {@link SettingsError}
 */
export function parseDeployment(value: unknown, source: string): Deployment {
  const fail = (reason: string): never => {
    throw new SettingsError(`${source} is not a deployment: ${reason}`);
  };
  if (!isRecord(value)) return fail("it is not a JSON object");
  const { chainId, startBlock, addresses } = value;
  if (!isNatural(chainId)) return fail("chainId is not a number");
  if (!isNatural(startBlock)) return fail("startBlock is not a block number");
  if (!isRecord(addresses)) return fail("it has no addresses");
  const addressOf = (name: string): Address => {
    const address = addresses[name];
    return typeof address === "string" && isAddress(address, { strict: false })
      ? address
      : fail(`the address of ${name} is missing or malformed`);
  };
  const [Settlement, NodeRegistry, ModelRegistry, VerifierRegistry, OPG] = CONTRACTS.map(addressOf) as [
    Address,
    Address,
    Address,
    Address,
    Address,
  ];
  return {
    chainId,
    startBlock,
    addresses: {
      Settlement,
      NodeRegistry,
      ModelRegistry,
      VerifierRegistry,
      OPG,
      ...(addresses.BurnSink === undefined ? {} : { BurnSink: addressOf("BurnSink") }),
    },
  };
}

/**
 * Reads a deployment from its JSON file.
 *
 * @throws {@link SettingsError}
 */
export function readDeployment(file: string): Deployment {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new SettingsError(`cannot read the deployment ${file}: ${error instanceof Error ? error.message : error}`);
  }
  return parseDeployment(value, file);
}

function required(env: Readonly<Record<string, string | undefined>>, name: string, what: string): string {
  const value = env[name];
  if (!value) throw new SettingsError(`${name} is not set: it has to be ${what}`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
