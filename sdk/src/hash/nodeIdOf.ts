import { AbiCoder, keccak256 } from "ethers";

/** The `nodeId` that an owner gets for a salt (bytes32). */
export const nodeIdOf = (owner: string, salt: string): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [owner, salt]));
