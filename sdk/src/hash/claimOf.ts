import type { InferenceClaim, Terms } from "../types.ts";

/** What a proof has to prove of a request: the terms' model and input, and the output and units that the node delivered. */
export const claimOf = (
  requestId: string,
  { offer: { modelId }, inputHash }: Terms,
  { nodeId, outputHash, units }: Pick<InferenceClaim, "nodeId" | "outputHash" | "units">,
): InferenceClaim => ({ requestId, modelId, nodeId, inputHash, outputHash, units });
