import { setTimeout as sleep } from "node:timers/promises";
import { JsonRpcProvider } from "ethers";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { ENTITIES, KEYS } from "./books.ts";
import { keepBooks, type Progress, ProviderAt } from "./chain.ts";
import {
  compareBooks,
  compareHoldings,
  compareStatements,
  type Difference,
  indexed,
  uncomparedColumns,
} from "./compare.ts";
import { readContracts } from "./contracts.ts";
import { readTables, type Source, type Tables } from "./tables.ts";
import { Unreadable } from "./Unreadable.ts";

/** What {@link reconcile} needs to know. */
export interface ReconcileOptions {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly source: Source;
  /** The block at which to compare: tables that are not there yet are waited for. By default where the tables are. */
  readonly block?: number;
  /** Says how far the reading is. */
  readonly progress?: Progress;
}

/** What a comparison found. */
export interface Report {
  /** The block at which chain and tables were compared. */
  readonly block: number;
  /** Rows of the chain's books, by entity. */
  readonly rows: Readonly<Record<string, number>>;
  /** Answers of the contracts that were compared as well. */
  readonly statements: number;
  readonly differences: readonly Difference[];
  /** Columns of the tables that no rule here computes. */
  readonly uncompared: readonly string[];
}

/** What the command exits with: 1 if something differs, 2 if something could not be compared, else 0. */
export const exitCodeOf = ({ differences, uncompared }: Pick<Report, "differences" | "uncompared">): 0 | 1 | 2 =>
  differences.length !== 0 ? 1 : uncompared.length !== 0 ? 2 : 0;

/** How often to look again where the tables still move: at a block that was not asked for, or after a difference. */
const ATTEMPTS = 3;
/** How long to wait for the tables to reach a block, and between two looks, in milliseconds. */
const PATIENCE = 60_000;
const INTERVAL = 250;

/**
 * Reads the chain again and compares every row of the indexer's tables with it: with the logs, folded by rules of their
 * own, and with what the contracts answer at that block.
 *
 * A difference counts if it is there in every look: between two looks a reorganisation may have passed by.
 *
 * @throws Unreadable if chain or tables cannot be read, or no moment is found at which both are at one block.
 */
export async function reconcile(options: ReconcileOptions): Promise<Report> {
  for (let attempt = 1; ; ++attempt) {
    const last = attempt === ATTEMPTS;
    try {
      const report = await compareOnce(options);
      if (report.differences.length === 0 || last) return report;
    } catch (error) {
      if (last) throw Unreadable.because("chain and tables cannot be compared", error);
    }
    await sleep(INTERVAL);
  }
}

async function compareOnce({
  rpcUrl,
  deployment,
  source,
  block,
  progress = () => {},
}: ReconcileOptions): Promise<Report> {
  const tables = await tablesAt(source, block);
  const { chainId } = deployment;
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, batchMaxCount: 50, cacheTimeout: -1 });
  const at = block ?? tables.blockNumber;
  const state = new ProviderAt(rpcUrl, chainId, at);
  try {
    await checkChain(provider, chainId);
    const before = await hashAt(provider, tables);
    if (tables.blockNumber > at) await requireQuiet(provider, deployment, at, tables.blockNumber);
    const tokensWatched = tables.rows.get("protocol")?.[0]?.tokens_watched === "true";
    const books = await keepBooks(provider, deployment, at, { tokensWatched, progress });
    const { statements, holdings } = await readContracts(state, deployment, books, progress);
    if ((await hashAt(provider, tables)) !== before) throw new Unreadable("the chain changed while it was read");

    const found = new Map(
      ENTITIES.map((entity) => [entity, indexed(entity, tables.rows.get(entity) ?? [], KEYS[entity])]),
    );
    return {
      block: at,
      rows: Object.fromEntries(ENTITIES.map((entity) => [entity, books.rows(entity).size])),
      statements: statements.length + holdings.length,
      differences: [
        ...compareBooks(books, found),
        ...compareStatements(statements, found),
        ...compareHoldings(holdings, found),
      ],
      uncompared: uncomparedColumns(books, found),
    };
  } finally {
    provider.destroy();
    state.destroy();
  }
}

/** The tables, once they have reached a block. */
async function tablesAt(source: Source, block: number | undefined): Promise<Tables> {
  for (const end = Date.now() + PATIENCE; ; ) {
    const tables = await readTables(source);
    if (block === undefined || tables.blockNumber >= block) return tables;
    if (source.kind !== "indexer" || Date.now() > end) {
      throw new Unreadable(`the tables are at block ${tables.blockNumber}, not yet at ${block}`);
    }
    await sleep(INTERVAL);
  }
}

async function checkChain(provider: JsonRpcProvider, chainId: number): Promise<void> {
  const found = Number(await provider.send("eth_chainId", []));
  if (found !== chainId) throw new Unreadable(`the deployment is on chain ${chainId}, and the RPC node on ${found}`);
}

/** The hash of the tables' block on the chain. @throws Unreadable if the chain has another block there. */
async function hashAt(provider: JsonRpcProvider, { blockNumber, timestamp }: Tables): Promise<string> {
  const block = await provider.getBlock(blockNumber);
  if (block?.hash === null || block?.hash === undefined) {
    throw new Unreadable(`the RPC node has no block ${blockNumber}, at which the tables are`);
  }
  if (block.timestamp !== timestamp) {
    throw new Unreadable(
      `the tables are at a block ${blockNumber} of ${timestamp} s, the chain's is of ${block.timestamp} s`,
    );
  }
  return block.hash;
}

/** Tables cannot be taken back to a block: nothing may have happened since. */
async function requireQuiet(provider: JsonRpcProvider, { addresses }: Deployment, block: number, now: number) {
  const logs = await provider.getLogs({ address: Object.values(addresses), fromBlock: block + 1, toBlock: now });
  if (logs.length === 0) return;
  throw new Unreadable(`the tables are at block ${now} already, with ${logs.length} events since ${block}`);
}
