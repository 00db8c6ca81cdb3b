import { AbiCoder, keccak256 } from "ethers";

/** The `requestId` of a batched inference: who pays, and its place in the stream. See IBatchSettlement.sol. */
export const batchedRequestIdOf = (channelId: string, streamId: string, sequence: bigint): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32", "uint64"], [channelId, streamId, sequence]));
