import type { InferenceModel } from "../../sdk/src/model.ts";
import type { BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";

/** What a module exports so that the commands can request and serve a model: both sides of it, and its files. */
export interface ModelModule<Input = unknown, Output = unknown> {
  /** Reads an input from a file's bytes. @throws if they are none. */
  readInput(file: Uint8Array): Input;
  /** The model as its requesters see it. */
  requester(modelId: string): InferenceModel<Input, Output>;
  /** The model as its node runs it. May take its time; `progress` says with what. */
  runtime(modelId: string, progress: (line: string) => void): Promise<NodeModel>;
  /** The enclave that signs receipts and batches of what the model runs, where channels are to be served. */
  enclave?(): Promise<BatchSigner>;
}
