import { fileURLToPath } from "node:url";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";

/** How a Ponder app has read a chain's history. */
export interface Backfill {
  /** The app, which is up to date. */
  readonly app: Indexer;
  /** Events that it handled before it said that it is ready. */
  readonly events: number;
  /** From the first look at the chain until it said so. */
  readonly seconds: number;
  /** Of these, until everything was fetched from the RPC node; the app handles events meanwhile. */
  readonly fetching: number;
  /** Seconds that it took from there to the newest block, by live indexing, and the events in these blocks. */
  readonly catchingUp: { readonly seconds: number; readonly events: number };
  /** Processor time of the process until it was ready, its start included, in seconds. */
  readonly processor: number;
}

/** A line of Ponder's log, as far as it is read here. */
interface Line {
  readonly time: number;
  readonly msg: string;
  readonly endpoint?: string;
  readonly event_count?: number;
}

/** Starts an app in an empty database, and waits until it is at the newest block. */
export async function backfill(rpcUrl: string, deployment: Deployment, app?: URL): Promise<Backfill> {
  const lines: Line[] = [];
  const isReady = ({ msg, endpoint }: Line) => msg === "Started returning 200 responses" && endpoint === "/ready";
  let becomeReady = () => {};
  const becameReady = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });
  const log = (text: string) => {
    if (!text.startsWith("{")) return;
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (isReady(line)) becomeReady();
  };
  const indexer = await startIndexer({ rpcUrl, deployment, log, ...(app ? { app: fileURLToPath(app) } : {}) });
  await Promise.race([becameReady, indexer.ended]);
  const processor = await processorTime(indexer.url);
  await indexer.ready;
  const end = Date.now();
  const at = (is: (line: Line) => boolean) => {
    const line = lines.find(is);
    if (line === undefined) throw new Error("bench: Ponder's log does not say what the benchmark reads in it");
    return line.time;
  };
  const count = (message: string) =>
    lines.reduce((sum, { msg, event_count = 0 }) => (msg === message ? sum + event_count : sum), 0);
  const started = at(({ msg }) => msg === "Started backfill indexing");
  const ready = at(isReady);
  return {
    app: indexer,
    events: count("Indexed block range"),
    seconds: (ready - started) / 1_000,
    fetching: (at(({ msg }) => msg === "Finished fetching backfill JSON-RPC data") - started) / 1_000,
    catchingUp: { seconds: (end - ready) / 1_000, events: count("Indexed block") },
    processor,
  };
}

/** What the process says of itself. */
async function processorTime(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1] ?? Number.NaN);
}
