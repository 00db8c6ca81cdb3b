import type { CircuitInput, Groth16VerificationKey } from "snarkjs";
import type { InferenceModel } from "../../sdk/src/model.ts";
import type { BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";
import type { OutputCommitment } from "../../sdk/src/types.ts";

/** What a module exports so that the commands can request and serve a model: both sides of it, and its files. */
export interface ModelModule<Input = unknown, Output = unknown> {
  /** Reads an input from a file's bytes. @throws if they are none. */
  readInput(file: Uint8Array): Input;
  /** The model as its requesters see it. */
  requester(modelId: string): InferenceModel<Input, Output>;
  /**
   * The model as its node runs it. May take its time; `progress` says with what.
   *
   * @param zkey For a circuit: the proving key, a ceremony's final .zkey; the development setup's if absent.
   */
  runtime(modelId: string, progress: (line: string) => void, zkey?: string): Promise<NodeModel>;
  /** Under what the runtime with this proving key proves; a node compares it with the chain before it serves. */
  provesUnder?(zkey?: string): Promise<{ readonly vkey: Groth16VerificationKey; readonly weightsCommitment: string }>;
  /** The enclave that signs receipts and batches of what the model runs, where channels are to be served on a chain. */
  enclave?(chainId: number): Promise<BatchSigner>;
  /** By which circuit it is proven: what `opg model publish` and `opg model check` need. */
  readonly circuit?: ModelCircuit;
}

/** The circuit of a model, for the ZK route: its public signals are those of docs/zk.md. */
export interface ModelCircuit {
  /** The .circom file, and the file of the weights. */
  readonly source: string;
  readonly weights: string;
  /** What one inference meters. */
  readonly units: bigint;
  /** How `outputHash` commits to the output. */
  readonly output: OutputCommitment;
  /**
   * The circuit's input for one inference with these weights: any claim, any input. The circuit itself then says what it
   * takes the weights' commitment to be.
   *
   * @throws if the file holds no weights.
   */
  sample(weights: Uint8Array): CircuitInput;
}
