import { AbiCoder, keccak256 } from "ethers";

/** The name of a signer's channel with a node, in a token: see IChannels.sol. */
export const channelIdOf = (nodeId: string, token: string, signer: string): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "address", "address"], [nodeId, token, signer]));
