import { useSyncExternalStore } from "react";
import { newestBlock } from "./live.ts";

const TICK = 1_000;
const wallClock = (): number => Math.floor(Date.now() / 1_000);
let wall = wallClock();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    wall = wallClock();
    for (const each of listeners) each();
  }, TICK);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/**
 * What `view` makes of the time now, in seconds: this machine's, or that of the newest block if it is later, since a
 * local chain's clock can be moved ahead. Draws again only when it makes something else of it, so return text.
 */
export function useNow<Seen extends string | number | boolean>(view: (now: number) => Seen): Seen {
  return useSyncExternalStore(subscribe, () => view(Math.max(wall, newestBlock()?.timestamp ?? 0)));
}
