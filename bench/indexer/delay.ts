import { setTimeout as sleep } from "node:timers/promises";
import type { Indexer } from "../../indexer/start.ts";
import type { Life } from "./life.ts";

/** Blocks that are waited for. */
const BLOCKS = 30;
/** Milliseconds between two questions. */
const INTERVAL = 5;

/** Milliseconds from when a block is on the chain until its request is in an answer of the indexer, for each of some. */
export async function measureDelay(indexer: Indexer, life: Life): Promise<number[]> {
  const delays: number[] = [];
  for (let count = 0; count < BLOCKS; ++count) {
    const requestId = await life.request();
    const mined = performance.now();
    while (!(await isKnown(indexer, requestId))) await sleep(INTERVAL);
    delays.push(performance.now() - mined);
  }
  return delays;
}

async function isKnown(indexer: Indexer, requestId: string): Promise<boolean> {
  const { inference } = await indexer.query<{ inference: { status: string } | null }>(
    `query ($id: String!) { inference(id: $id) { status } }`,
    { id: requestId },
  );
  return inference !== null;
}
