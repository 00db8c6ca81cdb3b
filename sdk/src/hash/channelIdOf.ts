import { AbiCoder, keccak256 } from "ethers";

/** The name of a signer's channel with a node, for a model and version of its TEE route, in a token: see IChannels.sol. */
export const channelIdOf = (
  nodeId: string,
  modelId: string,
  routeVersion: number,
  token: string,
  signer: string,
): string =>
  keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "bytes32", "uint32", "address", "address"],
      [nodeId, modelId, routeVersion, token, signer],
    ),
  );
