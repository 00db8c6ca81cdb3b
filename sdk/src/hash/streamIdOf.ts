import { AbiCoder, keccak256 } from "ethers";
import type { Stream } from "../types.ts";

/** The name of a stream: see IBatchSettlement.sol. */
export const streamIdOf = ({ nodeId, modelId, routeVersion, token, ledger, key }: Stream): string =>
  keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "bytes32", "uint32", "address", "address", "address"],
      [nodeId, modelId, routeVersion, token, ledger, key],
    ),
  );
