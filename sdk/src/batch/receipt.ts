import { batchedRequestIdOf } from "../hash/batchedRequestIdOf.ts";
import { streamIdOf } from "../hash/streamIdOf.ts";
import type { BatchedInference, Stream } from "../types.ts";

/** One inference of a stream, as its leaf set lists it: what cannot be recomputed. */
export interface BatchEntry {
  readonly channelId: string;
  readonly sequence: bigint;
  readonly inputHash: string;
  readonly outputHash: string;
  readonly units: bigint;
  /** What the payer is charged, in base units of the stream's token. */
  readonly amount: bigint;
}

/** What an enclave hands to a payer with the answer: its signed word on what the next batch will say of it. */
export interface Receipt extends BatchEntry {
  readonly stream: Stream;
  /** The enclave's proof over `hashReceipt`, as the route's verifier takes it (0x-hex). */
  readonly proof: string;
}

/** The leaf of an entry. */
export const inferenceOf = (stream: Stream, entry: BatchEntry, streamId = streamIdOf(stream)): BatchedInference => ({
  requestId: batchedRequestIdOf(entry.channelId, streamId, entry.sequence),
  modelId: stream.modelId,
  nodeId: stream.nodeId,
  inputHash: entry.inputHash,
  outputHash: entry.outputHash,
  units: entry.units,
  amount: entry.amount,
});
