import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { IndexerError } from "./errors.ts";
import { reasonIn } from "./reasons.ts";
import type { Indexer } from "./start.ts";

/** How long a stopped indexer may take to close its database, in milliseconds. */
const GRACE = 8_000;
/** How often to ask the indexer how far it is, in milliseconds. */
const INTERVAL = 50;
/** Lines of the indexer's log that an error quotes. */
const QUOTED_LINES = 20;

/** An indexer, and how to end it because it cannot go on. */
export interface Supervised {
  readonly indexer: Indexer;
  readonly fail: (reason: string) => void;
}

/**
 * Waits until the API of an indexer's process answers, and watches the process from then on.
 *
 * @param head The block that the indexer has to reach to be ready.
 * @param log Gets every line of the process's log.
 * @throws {@link IndexerError} if the process ends before: why, or the end of its log.
 */
export async function supervise(child: ChildProcess, head: number, log?: (line: string) => void): Promise<Supervised> {
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

/** The latest block that can be queried of the indexer at this address. */
export async function latestBlock(url: string): Promise<number> {
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

/** For a promise that its user may never look at. */
export function ignore(): void {}
