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
  /** Processor time of the whole process so far, in seconds. */
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
  const log = (text: string) => {
    if (text.startsWith("{")) lines.push(JSON.parse(text) as Line);
  };
  const indexer = await startIndexer({ rpcUrl, deployment, log, ...(app ? { app: app.pathname } : {}) });
  await indexer.ready;
  const end = Date.now();
  const at = (message: string, endpoint?: string) => {
    const line = lines.find(({ msg, ...rest }) => msg === message && (!endpoint || rest.endpoint === endpoint));
    if (line === undefined) throw new Error(`bench: Ponder's log has no "${message}"; the benchmark reads it`);
    return line.time;
  };
  const count = (message: string) =>
    lines.reduce((sum, { msg, event_count = 0 }) => (msg === message ? sum + event_count : sum), 0);
  const started = at("Started backfill indexing");
  const ready = at("Started returning 200 responses", "/ready");
  return {
    app: indexer,
    events: count("Indexed block range"),
    seconds: (ready - started) / 1_000,
    fetching: (at("Finished fetching backfill JSON-RPC data") - started) / 1_000,
    catchingUp: { seconds: (end - ready) / 1_000, events: count("Indexed block") },
    processor: await processorTime(indexer.url),
  };
}

/** What the process says of itself. */
async function processorTime(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1] ?? Number.NaN);
}
