import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LeafSet } from "../../batch/leafSet.ts";
import type { BatchContract } from "../../chain/batchContract.ts";
import { sleep } from "../../chain/sleep.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import type { Stream } from "../../types.ts";
import { toJson } from "../../wire.ts";
import type { BatchAccountant } from "./BatchAccountant.ts";
import { nativeRows } from "./nativeRows.ts";

/** Something that happened to a node's batches. */
export interface BatchEvent {
  readonly type: "batched" | "batchSettled" | "restClaimed" | "batchRetrying";
  readonly nodeId: string;
  /** The first sequence number and how many there are, for a batch. */
  readonly first?: bigint;
  readonly count?: bigint;
  /** What the node was credited, in base units of the stream's token. */
  readonly paid?: bigint;
  /** OPG burned, in base units. */
  readonly burned?: bigint;
  /** The transaction; for `batchRetrying`, what went wrong. */
  readonly detail?: string;
}

/** How to settle. */
export interface SettlerOptions {
  readonly accountant: BatchAccountant;
  /** The batch settlement, with a signer that pays the gas. */
  readonly batches: BatchContract;
  /** The streams that are charged from now on; what others were charged is settled, too. */
  readonly streams: readonly Stream[];
  /** Milliseconds after which the oldest inference that is in no batch gets into one. */
  readonly after: number;
  /** How many inferences make a batch at once. */
  readonly at: number;
  /** Where to write the leaf set of each batch, as JSON; nowhere if absent. */
  readonly directory?: string;
  /** Milliseconds between two looks. */
  readonly pollingInterval: number;
  readonly onEvent: (event: BatchEvent) => void;
}

/** Longest pause between two attempts, in milliseconds. */
const MAX_BACKOFF = 60_000;

/**
 * Makes batches when they are due and settles them, in the order of their streams. It keeps no record of what is settled:
 * the chain's next sequence number says which batch it has to be given, after a crash, a lost transaction or a
 * reorganisation too, and it is always given the bytes that are on disk.
 */
export class BatchSettler {
  readonly #options: SettlerOptions;
  readonly #stop = new AbortController();
  /** Channels whose rows were not paid in full. */
  readonly #rests = new Map<string, Stream>();
  #turn: Promise<unknown> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /**
   * Starts, if the books are those of the chain.
   *
   * @throws OpgError if the chain has settled what the books do not know: they are new or an older copy, or another process
   * counts under the same key. Serving from them would make the key sign a second batch for the same numbers.
   */
  async start(): Promise<void> {
    const { accountant, streams } = this.#options;
    const own = accountant.store.streams().filter((stream) => this.#isOwn(stream));
    for (const stream of [...streams, ...own]) await this.#nextOf(stream);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#running, this.#turn.catch(() => undefined)]);
  }

  /** Makes batches of all that was charged, and settles them. */
  settle(): Promise<void> {
    return this.#inTurn(() => this.#settleAll(true));
  }

  async #run(): Promise<void> {
    const { pollingInterval, onEvent } = this.#options;
    for (let backoff = pollingInterval; !this.#stop.signal.aborted; ) {
      try {
        await this.#inTurn(() => this.#settleAll(false));
        backoff = pollingInterval;
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        for (const { nodeId } of this.#options.accountant.store.streams().slice(0, 1)) {
          if (!this.#stop.signal.aborted) onEvent({ type: "batchRetrying", nodeId, detail });
        }
        backoff = Math.min(backoff * 2, MAX_BACKOFF);
      }
      await sleep(backoff, this.#stop.signal);
    }
  }

  /** One at a time: two would send the same batch twice. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** @throws what was wrong with one of the streams, when the others are settled. */
  async #settleAll(now: boolean): Promise<void> {
    const failures: unknown[] = [];
    for (const stream of this.#options.accountant.store.streams()) {
      if (this.#stop.signal.aborted) return;
      await this.#settleStream(stream, now).catch((error: unknown) => failures.push(error));
    }
    await this.#claimRests();
    if (failures.length > 0) throw failures[0];
  }

  async #settleStream(stream: Stream, now: boolean): Promise<void> {
    const { accountant, onEvent } = this.#options;
    // Nothing is signed for numbers that the chain has settled otherwise.
    if (this.#isDue(stream, now)) await this.#nextOf(stream);
    while (this.#isDue(stream, now)) {
      const made = await accountant.batch(stream);
      if (made === undefined) break;
      const { first, count } = made.batch;
      this.#publish(made);
      onEvent({ type: "batched", nodeId: stream.nodeId, first, count });
    }
    while (await this.#settleNext(stream));
  }

  #isOwn({ key }: Stream): boolean {
    return key.toLowerCase() === this.#options.accountant.key.toLowerCase();
  }

  #isDue(stream: Stream, now: boolean): boolean {
    const { accountant, after, at } = this.#options;
    // What another key was to sign is lost to the node.
    if (!this.#isOwn(stream)) return false;
    const { next, unbatched, since } = accountant.store.head(streamIdOf(stream));
    return since !== undefined && (now || next - unbatched >= at || Date.now() - since >= after);
  }

  /** Writes a batch's leaf set for whoever settles or audits it; the books have all of it, too. */
  #publish(made: LeafSet): void {
    const { directory } = this.#options;
    if (directory === undefined) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const name = `${streamIdOf(made.batch).slice(2, 18)}-${made.batch.first}.json`;
    writeFileSync(join(directory, name), `${toJson(made)}\n`, { mode: 0o600 });
  }

  /** Settles the batch that the chain wants next. @returns whether there was one. */
  async #settleNext(stream: Stream): Promise<boolean> {
    const { accountant, batches, onEvent } = this.#options;
    const made = await accountant.signedBatch(stream, await this.#nextOf(stream));
    if (made === undefined) return false;
    const { batch, proof, rows } = made;
    const { hash, logs } = await batches.write("settleBatch", batch, proof, rows);
    const [settled] = batches.parse("BatchSettled", logs);
    const { nodeId, first, count } = batch;
    onEvent({
      type: "batchSettled",
      nodeId,
      first,
      count,
      detail: hash,
      ...(settled === undefined ? {} : { paid: settled.args.paid, burned: settled.args.burned }),
    });
    for (const { args } of batches.parse("RowNotPaid", logs)) {
      this.#rests.set(args.channelId, stream);
    }
    return true;
  }

  /** The next sequence number on chain. @throws OpgError if the books do not know the numbers before it. */
  async #nextOf(stream: Stream): Promise<number> {
    const { accountant, batches } = this.#options;
    const streamId = streamIdOf(stream);
    const next = Number(await batches.read("nextSequence", streamId));
    const { unbatched } = accountant.store.head(streamId);
    if (next > unbatched || (next < unbatched && accountant.store.batch(streamId, next)?.first !== next)) {
      throw new OpgError(
        `The chain has settled ${next} inferences of stream ${streamId}, and these books do not have a batch that ends there: they are new or an older copy, or another process counts under the same key. Serve with a new enclave key.`,
      );
    }
    return next;
  }

  /** Claims what was proven and could not be paid, where a better voucher or a deposit has come since. */
  async #claimRests(): Promise<void> {
    const { accountant, batches, onEvent } = this.#options;
    for (const [channelId, { nodeId, modelId, routeVersion, token }] of this.#rests) {
      const { unpaid, claimed, balance } = await batches.read("channelOf", channelId);
      if (unpaid === 0n) this.#rests.delete(channelId);
      const voucher = accountant.store.voucher(channelId, modelId, routeVersion);
      if (unpaid === 0n || balance === 0n || voucher === undefined || voucher.ceiling <= claimed) continue;
      const rows = nativeRows(batches.address).encodeRows([{ channelId, amount: 0n, voucher }]);
      const { hash } = await batches.write("claim", nodeId, modelId, routeVersion, token, rows);
      onEvent({ type: "restClaimed", nodeId, detail: hash });
    }
  }
}
