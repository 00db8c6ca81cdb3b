import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { BatchEntry } from "../../batch/receipt.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import type { Stream } from "../../types.ts";

/** A payer's promise as the ledger that its money is in understands it. */
export interface StoredVoucher {
  /** All that the node may draw in the channel's life, in base units of the stream's token. */
  readonly ceiling: bigint;
  /** The ledger's own data: for native channels the signature. */
  readonly data: string;
}

/** An inference to be charged. */
export interface Charge extends Omit<BatchEntry, "sequence"> {
  /** The answer, which is kept for a payer that did not get it. */
  readonly output: Uint8Array;
  /** The channel's best voucher for this model and version. */
  readonly voucher: StoredVoucher;
}

/** A batch as it is decided: everything but the signature, which may follow. */
export interface StoredBatch {
  readonly first: number;
  readonly count: number;
  readonly root: string;
  readonly rows: string;
  readonly proof: string | undefined;
}

/** How far a stream is. */
export interface StreamHead {
  /** The next sequence number. */
  readonly next: number;
  /** The first sequence number that is in no batch yet. */
  readonly unbatched: number;
  /** When the inference with that number was charged, in milliseconds; undefined if there is none. */
  readonly since: number | undefined;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS stream (
    id TEXT PRIMARY KEY, node TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, token TEXT NOT NULL,
    ledger TEXT NOT NULL, key TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS inference (
    stream TEXT NOT NULL, sequence INTEGER NOT NULL, channel TEXT NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL,
    units TEXT NOT NULL, amount TEXT NOT NULL,
    cumulative TEXT NOT NULL, -- of this channel in this stream, this inference included
    leaf TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (stream, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS inference_input ON inference (stream, channel, input);
  CREATE INDEX IF NOT EXISTS inference_channel ON inference (stream, channel, sequence);
  CREATE INDEX IF NOT EXISTS inference_leaf ON inference (leaf);
  CREATE TABLE IF NOT EXISTS answer (
    stream TEXT NOT NULL, sequence INTEGER NOT NULL, output BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (stream, sequence)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS batch (
    stream TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, root TEXT NOT NULL, rows TEXT NOT NULL,
    proof TEXT,
    PRIMARY KEY (stream, first)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS voucher (
    channel TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, ceiling TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (channel, model, version)
  ) STRICT;`;

type Row = Record<string, SQLOutputValue>;

/**
 * What a node has answered, charged and batched, on disk (SQLite; what was written is there after a crash or a loss of
 * power). One process at a time: the file stays locked, since two that number the same stream would make its key sign two
 * batches for one inference, for which the node is slashed.
 */
export class BatchStore {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Opens the store in a directory, which is made if it is missing. Only its owner can read it.
   *
   * @throws OpgError if another process has it open.
   */
  static async open(directory: string): Promise<BatchStore> {
    // Not above: Node.js warns of a module that may still change, and only who serves channels has to hear it.
    const { DatabaseSync } = await import("node:sqlite");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, "batches.sqlite");
    const db = new DatabaseSync(file);
    try {
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      // The lock is taken by the first write, and kept.
      db.exec(`BEGIN EXCLUSIVE; ${SCHEMA} COMMIT`);
    } catch (error) {
      db.close();
      if (/locked|busy/i.test(String(error))) throw new OpgError(`${file} is in use: another process serves from it.`);
      throw new OpgError(`${file} cannot be opened: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    return new BatchStore(db);
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** The streams that anything was charged in. */
  streams(): Stream[] {
    return this.#all("SELECT * FROM stream").map((row) => ({
      nodeId: text(row.node),
      modelId: text(row.model),
      routeVersion: Number(row.version),
      token: text(row.token),
      ledger: text(row.ledger),
      key: text(row.key),
    }));
  }

  head(streamId: string): StreamHead {
    const last = this.#get("SELECT max(sequence) AS sequence FROM inference WHERE stream = ?", streamId)?.sequence;
    const end = this.#get("SELECT max(first + count) AS sequence FROM batch WHERE stream = ?", streamId)?.sequence;
    const unbatched = Number(end ?? 0);
    const oldest = this.#get("SELECT at FROM inference WHERE stream = ? AND sequence = ?", streamId, unbatched);
    return {
      next: typeof last === "number" ? last + 1 : 0,
      unbatched,
      since: oldest === undefined ? undefined : Number(oldest.at),
    };
  }

  /**
   * Writes a charge with the next sequence number of its stream. To be called within {@link transaction}.
   *
   * @param leafOf The leaf of the inference with that number.
   * @throws if this input was charged to this channel already.
   */
  append(stream: Stream, charge: Charge, leafOf: (sequence: number) => string): number {
    const { nodeId, modelId, routeVersion, token, ledger, key } = stream;
    const { channelId, inputHash, outputHash, units, amount, output, voucher } = charge;
    const streamId = streamIdOf(stream);
    const at = Date.now();
    this.#run(
      "INSERT OR IGNORE INTO stream VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[streamId, nodeId, modelId, routeVersion, token, ledger, key],
    );
    const { next } = this.head(streamId);
    const cumulative = this.#charged(streamId, channelId, next) + amount;
    this.#run(
      "INSERT INTO inference VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[streamId, next, channelId, inputHash, outputHash, String(units), String(amount), String(cumulative)],
      ...[leafOf(next), at],
    );
    this.#run("INSERT INTO answer VALUES (?, ?, ?, ?)", streamId, next, output, at);
    const kept = this.voucher(channelId, modelId, routeVersion);
    if (kept === undefined || kept.ceiling < voucher.ceiling) {
      this.#run(
        "INSERT OR REPLACE INTO voucher VALUES (?, ?, ?, ?, ?)",
        ...[channelId, modelId, routeVersion, String(voucher.ceiling), voucher.data],
      );
    }
    return next;
  }

  /** What a channel was charged in a stream from a sequence number on, and before another if that is said, in base units. */
  chargedSince(streamId: string, channelId: string, sequence: number, end = Number.MAX_SAFE_INTEGER): bigint {
    if (end <= sequence) return 0n;
    return this.#charged(streamId, channelId, end) - this.#charged(streamId, channelId, sequence);
  }

  /** The first sequence number of a stream that is in no signed batch. */
  signedEnd(streamId: string): number {
    const sql = "SELECT max(first + count) AS sequence FROM batch WHERE stream = ? AND proof IS NOT NULL";
    return Number(this.#get(sql, streamId)?.sequence ?? 0);
  }

  /** What a channel was charged in a stream before a sequence number. */
  #charged(streamId: string, channelId: string, before: number): bigint {
    const last = this.#get(
      "SELECT cumulative FROM inference WHERE stream = ? AND channel = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1",
      ...[streamId, channelId, before],
    );
    return BigInt(text(last?.cumulative ?? "0"));
  }

  /** The inference that a channel was charged for an input, and its answer if that is still kept. */
  find(
    streamId: string,
    channelId: string,
    inputHash: string,
  ): { readonly entry: BatchEntry; readonly output: Uint8Array | undefined } | undefined {
    const row = this.#get(
      "SELECT * FROM inference WHERE stream = ? AND channel = ? AND input = ?",
      ...[streamId, channelId, inputHash],
    );
    if (row === undefined) return undefined;
    const answer = this.#get(
      "SELECT output FROM answer WHERE stream = ? AND sequence = ?",
      ...[streamId, Number(row.sequence)],
    );
    return { entry: entryOf(row), output: answer?.output instanceof Uint8Array ? answer.output : undefined };
  }

  /** Where a leaf is. */
  findLeaf(leaf: string): { readonly streamId: string; readonly sequence: number } | undefined {
    const row = this.#get("SELECT stream, sequence FROM inference WHERE leaf = ?", leaf);
    return row && { streamId: text(row.stream), sequence: Number(row.sequence) };
  }

  /** Inferences of a stream from a sequence number on; of one channel, if it is named. */
  entries(streamId: string, first: number, count: number, channelId?: string): BatchEntry[] {
    const rows =
      channelId === undefined
        ? this.#all(
            "SELECT * FROM inference WHERE stream = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
            ...[streamId, first, count],
          )
        : this.#all(
            "SELECT * FROM inference WHERE stream = ? AND sequence >= ? AND channel = ? ORDER BY sequence LIMIT ?",
            ...[streamId, first, channelId, count],
          );
    return rows.map(entryOf);
  }

  /** Decides a batch, for good. It has to continue the one before. */
  addBatch(streamId: string, { first, count, root, rows }: Omit<StoredBatch, "proof">): void {
    this.transaction(() => {
      const { unbatched, next } = this.head(streamId);
      if (first !== unbatched || count < 1 || first + count > next) {
        throw new OpgError(`A batch of ${count} from ${first} does not continue stream ${streamId}, at ${unbatched}.`);
      }
      this.#run("INSERT INTO batch VALUES (?, ?, ?, ?, ?, NULL)", streamId, first, count, root, rows);
    });
  }

  setProof(streamId: string, first: number, proof: string): void {
    this.#run("UPDATE batch SET proof = ? WHERE stream = ? AND first = ? AND proof IS NULL", proof, streamId, first);
  }

  /** The batch that a sequence number is in. */
  batch(streamId: string, sequence: number): StoredBatch | undefined {
    const row = this.#get(
      "SELECT * FROM batch WHERE stream = ? AND first <= ? AND first + count > ? ORDER BY first DESC LIMIT 1",
      ...[streamId, sequence, sequence],
    );
    if (row === undefined) return undefined;
    const { first, count, root, rows, proof } = row;
    return {
      first: Number(first),
      count: Number(count),
      root: text(root),
      rows: text(rows),
      proof: proof === null ? undefined : text(proof),
    };
  }

  /** The voucher with the highest ceiling. */
  voucher(channelId: string, modelId: string, routeVersion: number): StoredVoucher | undefined {
    const row = this.#get(
      "SELECT ceiling, data FROM voucher WHERE channel = ? AND model = ? AND version = ?",
      ...[channelId, modelId, routeVersion],
    );
    return row && { ceiling: BigInt(text(row.ceiling)), data: text(row.data) };
  }

  /** Forgets answers that were given before a time, in milliseconds. Leaves and batches stay. */
  forgetAnswers(before: number): void {
    this.#run("DELETE FROM answer WHERE at < ?", before);
  }

  /** Writes all that `work` writes, or nothing. */
  transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  #run(sql: string, ...values: readonly (string | number | Uint8Array)[]): void {
    this.#prepare(sql).run(...values);
  }

  #get(sql: string, ...values: readonly (string | number)[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  #prepare(sql: string) {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const text = (value: SQLOutputValue | undefined): string => {
  if (typeof value === "string") return value;
  throw new OpgError(`The store holds ${value} where it should hold text.`);
};

const entryOf = (row: Row): BatchEntry => ({
  channelId: text(row.channel),
  sequence: BigInt(Number(row.sequence)),
  inputHash: text(row.input),
  outputHash: text(row.output),
  units: BigInt(text(row.units)),
  amount: BigInt(text(row.amount)),
});
