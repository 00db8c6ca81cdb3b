import { concat, hexlify, keccak256, randomBytes } from "ethers";
import type { Route } from "./types.ts";

/**
 * How a model's inputs and outputs are written as bytes and committed to: what requester and node have to do alike.
 * The commitments are those of the model's route; see IModelRegistry and the route's verifier.
 */
export interface ModelCodec {
  readonly modelId: string;
  readonly route: Route;
  /** The salted commitment to the input bytes: the terms' `inputHash`. @throws if the bytes are no input. */
  commitInput(input: Uint8Array, salt: string): string;
  /** The commitment to the output bytes: the delivery's `outputHash`. @throws if the bytes are no output. */
  commitOutput(output: Uint8Array, salt: string): string;
}

/** A model as its requesters see it: values of their own instead of bytes. */
export interface InferenceModel<Input, Output> extends ModelCodec {
  encodeInput(input: Input): Uint8Array;
  decodeOutput(output: Uint8Array): Output;
  /** A fresh salt, 32 bytes of 0x-hex; {@link randomSalt} unless the commitment needs another range. */
  createSalt?(): string;
}

/** 32 random bytes as 0x-hex: prompts are guessable, so every commitment is salted. */
export const randomSalt = (): string => hexlify(randomBytes(32));

/**
 * A model whose input and output are bytes, committed to by Keccak-256: input as `keccak256(salt ‖ input)`, output as
 * `keccak256(output)`.
 */
export const bytesModel = (modelId: string, route: Route): InferenceModel<Uint8Array, Uint8Array> => ({
  modelId,
  route,
  commitInput: (input, salt) => keccak256(concat([salt, input])),
  commitOutput: (output) => keccak256(output),
  encodeInput: (input) => input,
  decodeOutput: (output) => output,
});
