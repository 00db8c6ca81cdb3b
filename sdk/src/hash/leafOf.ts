import { AbiCoder, keccak256 } from "ethers";
import type { BatchedInference } from "../types.ts";
import { RECEIPT_TYPES } from "./typedData.ts";

const TYPES = RECEIPT_TYPES.BatchedInference.map(({ type }) => type);

/** The leaf of a batched inference, hashed as OpenZeppelin's StandardMerkleTree hashes its values. */
export const leafOf = (inference: BatchedInference): string => {
  const { requestId, modelId, nodeId, inputHash, outputHash, units, amount } = inference;
  const values = [requestId, modelId, nodeId, inputHash, outputHash, units, amount];
  return keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(TYPES, values)));
};
