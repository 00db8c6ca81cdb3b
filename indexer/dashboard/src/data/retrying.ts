import { type ComponentType, lazy } from "react";

/** Between two tries, in milliseconds. */
const PAUSE = 2_000;

/**
 * A component whose code comes when it is first drawn, as by React's `lazy`, which would remember a failure for ever: this
 * asks again until the indexer, which serves the code, is back.
 */
export function retrying<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  const ask = async (): Promise<{ default: ComponentType<Props> }> => {
    for (;;) {
      try {
        return { default: await load() };
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  };
  return lazy(ask);
}
