import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { leafOf } from "../hash/leafOf.ts";
import { streamIdOf } from "../hash/streamIdOf.ts";
import type { InferenceBatch, Stream } from "../types.ts";
import { Fields } from "../wire.ts";
import { type BatchEntry, inferenceOf } from "./receipt.ts";

/** All that there is to know of a batch. What the chain has of it is the batch, the proof and the rows. */
export interface LeafSet {
  readonly batch: InferenceBatch;
  /** The enclave's proof of the batch, as `settleBatch` takes it (0x-hex). */
  readonly proof: string;
  /** The packed rows, as `settleBatch` takes them (0x-hex). */
  readonly rows: string;
  /** The inferences, by ascending sequence number. */
  readonly inferences: readonly BatchEntry[];
}

/** The leaves of a stream's entries, in their order. */
export function leavesOf(stream: Stream, entries: readonly BatchEntry[]): string[] {
  const streamId = streamIdOf(stream);
  return entries.map((entry) => leafOf(inferenceOf(stream, entry, streamId)));
}

/** The tree of a batch: OpenZeppelin's standard tree, whose leaves are hashed by `leafOf`. */
export const treeOf = (leaves: readonly string[]): SimpleMerkleTree => SimpleMerkleTree.of([...leaves]);

/** Whether a leaf is under a root. */
export const isUnderRoot = (root: string, leaf: string, path: readonly string[]): boolean =>
  SimpleMerkleTree.verify(root, leaf, [...path]);

/** Reads a leaf set from its JSON form. @throws OpgError naming the field that is wrong. */
export function parseLeafSet(value: unknown): LeafSet {
  const set = new Fields(value, "the leaf set");
  return {
    batch: parseBatch(set.get("batch")),
    proof: set.bytes("proof"),
    rows: set.bytes("rows"),
    inferences: set.list("inferences", (item) => parseEntry(new Fields(item, "an inference"))),
  };
}

/** Reads a batch from its JSON form. @throws OpgError naming the field that is wrong. */
export function parseBatch(value: unknown): InferenceBatch {
  const batch = new Fields(value, "the batch");
  return {
    ...parseStream(value),
    first: batch.uint("first", 64),
    count: batch.uint("count", 64),
    root: batch.bytes("root", 32),
    rowsHash: batch.bytes("rowsHash", 32),
  };
}

/** Reads a stream from its JSON form. @throws OpgError naming the field that is wrong. */
export function parseStream(value: unknown): Stream {
  const stream = new Fields(value, "the stream");
  return {
    nodeId: stream.bytes("nodeId", 32),
    modelId: stream.bytes("modelId", 32),
    routeVersion: Number(stream.uint("routeVersion", 32)),
    token: stream.address("token"),
    ledger: stream.address("ledger"),
    key: stream.address("key"),
  };
}

/** Reads an inference of a leaf set from its fields. @throws OpgError naming the field that is wrong. */
export const parseEntry = (entry: Fields): BatchEntry => ({
  channelId: entry.bytes("channelId", 32),
  sequence: entry.uint("sequence", 64),
  inputHash: entry.bytes("inputHash", 32),
  outputHash: entry.bytes("outputHash", 32),
  units: entry.uint("units", 64),
  amount: entry.uint("amount", 128),
});
