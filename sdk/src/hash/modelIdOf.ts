import { AbiCoder, keccak256 } from "ethers";

/** The `modelId` that an owner gets for a content hash (bytes32). */
export const modelIdOf = (owner: string, contentHash: string): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [owner, contentHash]));
