import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { type Head, headOf } from "./checkpoint.ts";

/** How often to look for the indexer while no connection stands, in milliseconds. */
const POLL = 2_000;
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
 * Ponder's tells of it; where that connection fails, the page asks for the head every two seconds until it stands again.
 *
 * @returns What ends it.
 */
export function followChain(queries: QueryClient): () => void {
  let ended = false;
  let pending: ReturnType<typeof setTimeout> | undefined;
  let stopListening = (): void => {};

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

  const listen = async (): Promise<void> => {
    const { createClient, sql } = await import("@ponder/client");
    if (ended) return;
    const client = createClient(new URL("/sql", location.href).href);
    const { unsubscribe } = client.live(
      (db) => db.execute(sql`select latest_checkpoint from _ponder_checkpoint`),
      (result) => {
        const [row] = (result as unknown as { rows: readonly { latest_checkpoint: string }[] }).rows;
        if (state.connection === "RECONNECTING") refresh();
        set({ connection: "LIVE" });
        if (row) advance(headOf(row.latest_checkpoint));
      },
      () => {
        stopListening();
        stopListening = () => {};
        if (!ended) void poll();
      },
    );
    stopListening = unsubscribe;
  };

  /** Looks for the indexer until it answers, then tries the live connection again. */
  const poll = async (): Promise<void> => {
    if (state.connection === "LIVE") set({ connection: "RECONNECTING" });
    await new Promise((resolve) => setTimeout(resolve, POLL));
    if (ended) return;
    try {
      const response = await fetch("/status");
      const { chain } = (await response.json()) as { chain?: { block: Head } };
      if (chain) {
        if (state.connection === "RECONNECTING") refresh();
        set({ connection: "POLLING" });
        advance(chain.block);
      }
      await listen();
    } catch {
      set({ connection: "RECONNECTING" });
      if (!ended) void poll();
    }
  };

  listen().catch(() => poll());
  return () => {
    ended = true;
    clearTimeout(pending);
    stopListening();
  };
}
