import { bytesModel, type InferenceModel, Route } from "@opg/settlement-sdk";
import type { NodeModel } from "@opg/settlement-sdk/node";
import { infer, PIXELS, type Weights } from "../../circuits/src/model.ts";

/** Some images, one after the other. */
export type Sheet = readonly (readonly number[])[];

/**
 * The digit classifier as an enclave serves it: sheets of any number of digits, metered by the digit. Input and output
 * are committed to by Keccak-256; the output is the digits as text.
 */
export const sheetModel = (modelId: string): InferenceModel<Sheet, string> => ({
  ...bytesModel(modelId, Route.TEE),
  encodeInput: (sheet) => Uint8Array.from(sheet.flat()),
  decodeOutput: (output) => new TextDecoder().decode(output),
});

/** The same as its node runs it. @param sign Signs a claim's hash inside the enclave. */
export const sheetRuntime = (modelId: string, weights: Weights, sign: (claimHash: string) => string): NodeModel => ({
  ...bytesModel(modelId, Route.TEE),
  run: async (input) => {
    const sheet = Array.from({ length: input.length / PIXELS }, (_, i) => [
      ...input.slice(i * PIXELS, (i + 1) * PIXELS),
    ]);
    const text = sheet.map((pixels) => infer(weights, pixels).digit).join("");
    return { output: new TextEncoder().encode(text), units: BigInt(sheet.length) };
  },
  prove: async ({ claimHash }) => sign(claimHash),
});
