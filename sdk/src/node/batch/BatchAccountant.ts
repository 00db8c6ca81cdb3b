import { keccak256 } from "ethers";
import { type LeafSet, leavesOf, treeOf } from "../../batch/leafSet.ts";
import { type BatchEntry, inferenceOf, type Receipt } from "../../batch/receipt.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { hashBatch } from "../../hash/hashBatch.ts";
import { hashReceipt } from "../../hash/hashReceipt.ts";
import { leafOf } from "../../hash/leafOf.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import type { SettlementDomain } from "../../hash/typedData.ts";
import type { InferenceBatch, Stream } from "../../types.ts";
import { BatchStore, type Charge, type StoredBatch, type StoredVoucher } from "./BatchStore.ts";

/** The enclave's side of a batch: its key signs receipts and batches, and never leaves it. */
export interface BatchSigner {
  /** The key, as an address. */
  readonly key: string;
  /** Signs a digest. @returns the proof as the route's verifier takes it (0x-hex): see ITeeVerifier.sol. */
  prove(digest: string): string | Promise<string>;
}

/** A row of a batch, before it is encoded: what a channel is to pay for the inferences in it. */
export interface LedgerRow {
  readonly channelId: string;
  readonly amount: bigint;
  readonly voucher: StoredVoucher;
}

/** Where payers keep their money, as far as a batch is concerned: the batch settlement's channels, or a gate. */
export interface RowCodec {
  /** The contract's address: `ledger` of the streams. */
  readonly ledger: string;
  /** Packs rows as the contract takes them (0x-hex). The same rows give the same bytes. */
  encodeRows(rows: readonly LedgerRow[]): string;
}

/** How to keep the books. */
export interface AccountantOptions {
  /** Where to keep them. It has to survive a restart, and must never be taken back to an earlier state. */
  readonly directory: string;
  /** Of the BatchSettlement contract. */
  readonly domain: SettlementDomain;
  readonly signer: BatchSigner;
  readonly ledgers: readonly RowCodec[];
  /** The most inferences in a batch; 10,000 if absent. */
  readonly maxInferences?: number;
  /**
   * The most rows in a batch, all of which are paid in one transaction; 400 if absent. Even if every payer leaves before,
   * which costs 36,000 gas a row of a native channel, the batch has to fit: it is signed, and its stream waits for it.
   */
  readonly maxRows?: number;
}

/** A batch that is on disk. It is signed unless the process ended between deciding and signing it. */
export type DecidedBatch = Omit<LeafSet, "proof"> & { readonly proof: string | undefined };

/**
 * Counts what an enclave has answered, and makes batches of it. It runs beside the enclave for development, and belongs
 * into it in production: what it counts is what the chain believes.
 *
 * An inference is on disk, with its sequence number, before its answer leaves; a batch is on disk, with its rows, before
 * it is signed. Hence no number is used twice and nothing is decided twice, whenever the process is killed: what is
 * signed or sent again is the same batch, byte by byte. A key that signed two would cost the node its stake.
 */
export class BatchAccountant {
  readonly store: BatchStore;
  readonly key: string;
  readonly #domain: SettlementDomain;
  readonly #signer: BatchSigner;
  readonly #ledgers: ReadonlyMap<string, RowCodec>;
  readonly #maxInferences: number;
  readonly #maxRows: number;
  #queue: Queued[] = [];
  /** The trees that paths were asked of lately, by root. */
  readonly #trees = new Map<string, ReturnType<typeof treeOf>>();

  private constructor(store: BatchStore, options: AccountantOptions) {
    this.store = store;
    this.key = options.signer.key;
    this.#domain = options.domain;
    this.#signer = options.signer;
    this.#ledgers = new Map(options.ledgers.map((codec) => [codec.ledger.toLowerCase(), codec]));
    this.#maxInferences = options.maxInferences ?? 10_000;
    this.#maxRows = options.maxRows ?? 400;
  }

  /** Opens the books. @throws OpgError if another process has them open. */
  static async open(options: AccountantOptions): Promise<BatchAccountant> {
    return new BatchAccountant(await BatchStore.open(options.directory), options);
  }

  close(): void {
    this.store.close();
  }

  /**
   * Charges an inference: gives it the stream's next sequence number, durably. The answer may leave when this resolves.
   * Charges that are made while the disk is busy share the next write.
   *
   * @param kept Is called at the moment when the charge is on disk.
   * @returns the receipt that goes with the answer.
   * @throws OpgError if this input was charged to this channel already.
   */
  async charge(stream: Stream, charge: Charge, kept: () => void = () => undefined): Promise<Receipt> {
    if (stream.key.toLowerCase() !== this.key.toLowerCase() || !this.#ledgers.has(stream.ledger.toLowerCase())) {
      throw new OpgError("This stream is of another key or another ledger.");
    }
    const sequence = await new Promise<number>((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.#flush());
      const done = (sequence: number) => {
        kept();
        resolve(sequence);
      };
      this.#queue.push({ stream, charge, resolve: done, reject });
    });
    return this.receipt(stream, { ...charge, sequence: BigInt(sequence) });
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    try {
      this.#keep(queue);
    } catch {
      // One of them is at fault; the others are not to fail with it.
      for (const queued of queue) {
        try {
          this.#keep([queued]);
        } catch (error) {
          queued.reject(new OpgError(`The charge cannot be kept: ${message(error)}`, { cause: error }));
        }
      }
    }
  }

  #keep(queue: readonly Queued[]): void {
    const kept = this.store.transaction(() =>
      queue.map(({ stream, charge, resolve }) => {
        const leafAt = (next: number) => leafOf(inferenceOf(stream, { ...charge, sequence: BigInt(next) }));
        return { resolve, sequence: this.store.append(stream, charge, leafAt) };
      }),
    );
    for (const { resolve, sequence } of kept) resolve(sequence);
  }

  /** The receipt of an inference that was charged, signed by the enclave. */
  async receipt(stream: Stream, charged: BatchEntry): Promise<Receipt> {
    const { channelId, sequence, inputHash, outputHash, units, amount } = charged;
    const entry = { channelId, sequence, inputHash, outputHash, units, amount };
    const proof = await this.#signer.prove(hashReceipt(this.#domain, inferenceOf(stream, entry)));
    return { stream, ...entry, proof };
  }

  /**
   * Makes the next batch of a stream, of what was charged since the last one: decides it on disk, then signs it.
   *
   * @returns undefined if nothing was charged.
   */
  async batch(stream: Stream): Promise<LeafSet | undefined> {
    const streamId = streamIdOf(stream);
    const first = this.store.head(streamId).unbatched;
    const entries: BatchEntry[] = [];
    const amounts = new Map<string, bigint>();
    for (const entry of this.store.entries(streamId, first, this.#maxInferences)) {
      if (!amounts.has(entry.channelId) && amounts.size === this.#maxRows) break;
      amounts.set(entry.channelId, (amounts.get(entry.channelId) ?? 0n) + entry.amount);
      entries.push(entry);
    }
    if (entries.length === 0) return undefined;
    const rows = this.#ledger(stream).encodeRows(
      [...amounts].map(([channelId, amount]) => {
        const voucher = this.store.voucher(channelId, stream.modelId, stream.routeVersion);
        if (voucher === undefined) throw new OpgError(`There is no voucher of channel ${channelId}.`);
        return { channelId, amount, voucher };
      }),
    );
    const { root } = treeOf(leavesOf(stream, entries));
    this.store.addBatch(streamId, { first, count: entries.length, root, rows });
    return this.signedBatch(stream, first);
  }

  /** A batch as it was decided, with the inference of this sequence number; undefined if it is in none yet. */
  decided(stream: Stream, sequence: number): DecidedBatch | undefined {
    const streamId = streamIdOf(stream);
    const stored = this.store.batch(streamId, sequence);
    if (stored === undefined) return undefined;
    const inferences = this.store.entries(streamId, stored.first, stored.count);
    return { batch: headerOf(stream, stored), rows: stored.rows, inferences, proof: stored.proof };
  }

  /** The same, signed now if the process ended before it was. */
  async signedBatch(stream: Stream, sequence: number): Promise<LeafSet | undefined> {
    const decided = this.decided(stream, sequence);
    if (decided === undefined) return undefined;
    const { batch } = decided;
    if (decided.proof !== undefined) return { ...decided, proof: decided.proof };
    if (batch.key.toLowerCase() !== this.key.toLowerCase()) {
      throw new OpgError(`The batch from ${batch.first} of key ${batch.key} was never signed, and that key is gone.`);
    }
    const proof = await this.#signer.prove(hashBatch(this.#domain, batch));
    this.store.setProof(streamIdOf(stream), Number(batch.first), proof);
    return { ...decided, proof };
  }

  /** The batch that a leaf is in, and its path to the root; undefined if it is in none, or not yet. */
  path(leaf: string): { readonly batch: InferenceBatch; readonly path: readonly string[] } | undefined {
    const place = this.store.findLeaf(leaf);
    const stream = place && this.store.streams().find((one) => streamIdOf(one) === place.streamId);
    const decided = place && stream && this.decided(stream, place.sequence);
    if (decided === undefined || stream === undefined) return undefined;
    const { batch, inferences } = decided;
    const tree = this.#trees.get(batch.root) ?? treeOf(leavesOf(stream, inferences));
    this.#trees.delete(batch.root);
    this.#trees.set(batch.root, tree);
    const [oldest] = this.#trees.keys();
    if (this.#trees.size > MAX_TREES && oldest !== undefined) this.#trees.delete(oldest);
    return { batch, path: tree.getProof(leaf) };
  }

  #ledger({ ledger }: Stream): RowCodec {
    const codec = this.#ledgers.get(ledger.toLowerCase());
    if (codec === undefined) throw new OpgError(`This node has no ledger ${ledger}.`);
    return codec;
  }
}

interface Queued {
  readonly stream: Stream;
  readonly charge: Charge;
  resolve(sequence: number): void;
  reject(error: Error): void;
}

/** How many batches' trees are kept in memory. */
const MAX_TREES = 8;

const headerOf = (stream: Stream, { first, count, root, rows }: StoredBatch): InferenceBatch => ({
  ...stream,
  first: BigInt(first),
  count: BigInt(count),
  root,
  rowsHash: keccak256(rows),
});

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
