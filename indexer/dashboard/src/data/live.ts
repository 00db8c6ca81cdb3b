import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { type Head, headOf } from "./checkpoint.ts";

/** How often to look for the indexer while no connection stands, in milliseconds. */
const POLL = 2_000;
/** How long a live connection that the indexer refuses takes to fail, in milliseconds. */
const SETTLING = 400;
/** Least time between two rounds of questions, in milliseconds: a chain may make many blocks a second. */
const THROTTLE = 750;

/** How the page hears of new blocks. POLLING: by asking, since the indexer gives no live connection. */
export interface LiveState {
  readonly connection: "CONNECTING" | "LIVE" | "POLLING" | "RECONNECTING";
  /** The newest block that the indexer has answered with; null before the first. */
  readonly head: Head | null;
}

let state: LiveState = { connection: "CONNECTING", head: null };
const listeners = new Set<() => void>();

function set(next: Partial<LiveState>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the page is live, and the indexer's newest block. */
export function useLive(): LiveState {
  return useSyncExternalStore(subscribe, () => state);
}

/** The indexer's newest block, as far as this page has heard; null before the first. */
export function newestBlock(): Head | null {
  return state.head;
}

/**
 * Keeps the answers up to date: asks all questions on display again when the indexer has a new block. One live query of
 * Ponder's tells of it; while that connection fails, the page asks for the head every two seconds.
 *
 * @returns What ends it.
 */
export function followChain(queries: QueryClient): () => void {
  const ending = new AbortController();
  let pending: ReturnType<typeof setTimeout> | undefined;

  const refresh = (): void => {
    pending ??= setTimeout(() => {
      pending = undefined;
      void queries.invalidateQueries();
    }, THROTTLE);
  };
  const advance = (head: Head): void => {
    const known = state.head;
    if (known?.number === head.number && known.timestamp === head.timestamp) return;
    set({ head });
    if (known !== null) refresh();
  };
  const connected = (connection: "LIVE" | "POLLING"): void => {
    // What is on display may be from before the indexer went away.
    if (state.connection === "RECONNECTING") refresh();
    set({ connection });
  };

  const follow = async (): Promise<void> => {
    let patience = POLL;
    let tryLiveAt = 0;
    while (!ending.signal.aborted) {
      try {
        const response = await fetch("/status", { signal: ending.signal });
        const { chain } = (await response.json()) as { chain?: { block: Head } };
        if (chain) advance(chain.block);
        if (Date.now() >= tryLiveAt) {
          const since = Date.now();
          await listen(advance, () => connected("LIVE"), ending.signal);
          // It has ended: at once, if the indexer gives none; try less and less often then.
          patience = Date.now() - since > 30_000 ? POLL : Math.min(2 * patience, 60_000);
          tryLiveAt = Date.now() + patience;
          if (state.connection === "LIVE") continue;
        }
        connected("POLLING");
      } catch {
        set({ connection: "RECONNECTING" });
      }
      await sleep(POLL, ending.signal);
    }
  };
  void follow();
  return () => {
    ending.abort();
    clearTimeout(pending);
  };
}

/**
 * Follows the indexer's checkpoint by a live query. Resolves when the connection has ended.
 *
 * @param opened Called when it stands: the client tells of failures only, so when none has come for a moment.
 */
async function listen(advance: (head: Head) => void, opened: () => void, ending: AbortSignal): Promise<void> {
  const { createClient, sql } = await import("@ponder/client");
  const client = createClient(new URL("/sql", location.href).href);
  let close = (): void => {};
  const lost = new Promise<void>((resolve) => {
    ending.addEventListener("abort", () => resolve(), { once: true });
    const { unsubscribe } = client.live(
      (db) => db.execute(sql`select latest_checkpoint from _ponder_checkpoint`),
      (result) => {
        const [row] = result as unknown as readonly { latest_checkpoint: string }[];
        opened();
        if (row) advance(headOf(row.latest_checkpoint));
      },
      () => resolve(),
    );
    close = unsubscribe;
  });
  const failed = await Promise.race([lost.then(() => true), sleep(SETTLING, ending).then(() => false)]);
  if (!failed) {
    opened();
    await lost;
  }
  close();
}

function sleep(milliseconds: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    ending.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
