import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { RECEIPT_TYPES } from "../../sdk/src/hash/typedData.ts";
import type { BatchedInference } from "../../sdk/src/types.ts";

const TYPES = RECEIPT_TYPES.BatchedInference.map(({ type }) => type);

/** OpenZeppelin's tree over inferences, in their order. */
export const merkleTree = (inferences: readonly BatchedInference[]): StandardMerkleTree<(string | bigint)[]> =>
  StandardMerkleTree.of(
    inferences.map((i) => [i.requestId, i.modelId, i.nodeId, i.inputHash, i.outputHash, i.units, i.amount]),
    TYPES,
  );
