import { createConfig, factory } from "ponder";
import { erc20Abi, getAbiItem, getContractAddress, zeroAddress } from "viem";
import {
  accessManagerAbi,
  batchSettlementAbi,
  groth16SettlerAbi,
  groth16VerifierAbi,
  modelRegistryAbi,
  nitroVerifierAbi,
  nodeRegistryAbi,
  opgAbi,
  settlementAbi,
  teeVerifierAbi,
  verifierRegistryAbi,
  x402GateAbi,
  x402GatesAbi,
} from "../sdk/src/generated/abis.ts";
import { addressesOf } from "./src/environment.ts";
import { checkedTransport } from "./src/rpc/checkedTransport.ts";
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
const nitroVerifiers = addressesOf(settings.deployment, "NitroVerifier", "AwsNitroVerifier");
/** The batch settlement's constructor makes this one contract. */
const gates = addresses.BatchSettlement
  ? getContractAddress({ from: addresses.BatchSettlement, nonce: 1n })
  : zeroAddress;
const gone = addresses.BurnSink ? [zeroAddress, addresses.BurnSink] : zeroAddress;

export default createConfig({
  ordering: "multichain",
  database: settings.database,
  chains: {
    chain: {
      id: chainId,
      rpc: checkedTransport(settings.rpcUrl, settings.logChecks),
      pollingInterval: settings.pollingInterval,
      disableCache: settings.isLocal,
    },
  },
  contracts: {
    NodeRegistry: { ...since, abi: nodeRegistryAbi, address: addresses.NodeRegistry },
    ModelRegistry: { ...since, abi: modelRegistryAbi, address: addresses.ModelRegistry },
    VerifierRegistry: { ...since, abi: verifierRegistryAbi, address: addresses.VerifierRegistry },
    Settlement: { ...since, abi: settlementAbi, address: addresses.Settlement },
    BatchSettlement: { ...since, abi: batchSettlementAbi, address: addresses.BatchSettlement ?? zeroAddress },
    X402Gates: { ...since, abi: x402GatesAbi, address: gates },
    X402Gate: {
      ...since,
      abi: x402GateAbi,
      address: factory({
        address: gates,
        event: getAbiItem({ abi: x402GatesAbi, name: "GateMade" }),
        parameter: "gate",
        startBlock,
      }),
    },
    Groth16Settler: { ...since, abi: groth16SettlerAbi, address: addresses.Groth16Settler ?? zeroAddress },
    AccessManager: { ...since, abi: accessManagerAbi, address: addresses.AccessManager ?? zeroAddress },
    NitroVerifier: { ...since, abi: nitroVerifierAbi, address: nitroVerifiers.length ? nitroVerifiers : zeroAddress },
    // Enclaves are attested and keys registered with verifiers: whatever the registry has added may be one of either.
    Verifier: {
      ...since,
      abi: [...teeVerifierAbi, getAbiItem({ abi: groth16VerifierAbi, name: "KeyRegistered" })],
      address: factory({
        address: addresses.VerifierRegistry,
        event: getAbiItem({ abi: verifierRegistryAbi, name: "VerifierAdded" }),
        parameter: "verifier",
        startBlock,
      }),
    },
    // Payments in fee tokens, from anyone to anyone: Ponder's topics are fixed, so it cannot be told whose.
    FeeToken: {
      ...since,
      abi: erc20Abi,
      address:
        settings.funding === "tokens"
          ? factory({
              address: addresses.Settlement,
              event: getAbiItem({ abi: settlementAbi, name: "TokenListed" }),
              parameter: "token",
              startBlock,
            })
          : zeroAddress,
    },
    // Two sources, because Ponder takes one filter per event and source.
    OpgMint: { ...opg, filter: { event: "Transfer", args: { from: zeroAddress } } },
    OpgBurn: { ...opg, filter: { event: "Transfer", args: { to: gone } } },
  },
});
