import { createConfig } from "ponder";
import { zeroAddress } from "viem";
import {
  modelRegistryAbi,
  nodeRegistryAbi,
  opgAbi,
  settlementAbi,
  verifierRegistryAbi,
} from "../sdk/src/generated/abis.ts";
import { settings } from "./src/settings.ts";

const { chainId, startBlock, addresses } = settings.deployment;
const since = { chain: "chain", startBlock } as const;
/** The supply is read at the start block where the token is older than the protocol, so its events count from the next. */
const opg = {
  chain: "chain",
  abi: opgAbi,
  address: addresses.OPG,
  startBlock: addresses.BurnSink ? startBlock + 1 : startBlock,
} as const;
const gone = addresses.BurnSink ? [zeroAddress, addresses.BurnSink] : zeroAddress;

export default createConfig({
  ordering: "multichain",
  database: settings.database,
  chains: {
    chain: {
      id: chainId,
      rpc: settings.rpcUrl,
      pollingInterval: settings.pollingInterval,
      disableCache: settings.isLocal,
    },
  },
  contracts: {
    NodeRegistry: { ...since, abi: nodeRegistryAbi, address: addresses.NodeRegistry },
    ModelRegistry: { ...since, abi: modelRegistryAbi, address: addresses.ModelRegistry },
    VerifierRegistry: { ...since, abi: verifierRegistryAbi, address: addresses.VerifierRegistry },
    Settlement: { ...since, abi: settlementAbi, address: addresses.Settlement },
    // Two sources, because Ponder takes one filter per event and source.
    OpgMint: { ...opg, filter: { event: "Transfer", args: { from: zeroAddress } } },
    OpgBurn: { ...opg, filter: { event: "Transfer", args: { to: gone } } },
  },
});
