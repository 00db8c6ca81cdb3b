import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "@opg/settlement-sdk";
import { readIgnitionDeployment } from "@opg/settlement-sdk/node";
import { HDNodeWallet, hexlify, JsonRpcProvider, Mnemonic } from "ethers";
import hre, { network } from "hardhat";
import Demo from "../../ignition/modules/Demo.ts";

/** The mnemonic that every local Ethereum chain funds; worthless anywhere else. */
const MNEMONIC = "test test test test test test test test test test test junk";

/** A chain on this machine. */
export interface LocalChain {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  /** A funded account. */
  wallet(index: number): HDNodeWallet;
  /** The time of the latest block, in Unix seconds. */
  time(): Promise<number>;
  /** Moves the chain's clock, and mines. */
  pass(seconds: number, blocks: number): Promise<void>;
  /** Moves the chain's clock to a time, in Unix seconds, and mines; does nothing if it is there already. */
  reach(time: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a chain that mines each transaction at once.
 *
 * @param port 0 for any free one.
 * @param since When it starts, in Unix seconds; now if absent.
 */
export async function startChain(port: number, since?: number): Promise<LocalChain> {
  // Without this, a dozen blocks in a second would carry the chain's clock a dozen seconds ahead, and every figure of
  // the trust gap with it.
  const start = since === undefined ? {} : { initialDate: new Date(since * 1_000) };
  const params = { network: "default", override: { allowBlocksWithSameTimestamp: true, ...start } };
  const server = await network.createServer(params, "127.0.0.1", port);
  const bound = await server.listen();
  const url = `http://${bound.address}:${bound.port}`;
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, staticNetwork: true, pollingInterval: 50 });
  const mnemonic = Mnemonic.fromPhrase(MNEMONIC);
  const time = async () => (await provider.getBlock("latest"))?.timestamp ?? 0;
  return {
    url,
    provider,
    wallet: (index) => HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${index}`).connect(provider),
    time,
    pass: async (seconds, blocks) => {
      await provider.send("evm_increaseTime", [seconds]);
      await provider.send("hardhat_mine", [`0x${blocks.toString(16)}`]);
    },
    reach: async (moment) => {
      if (moment <= (await time())) return;
      await provider.send("evm_setNextBlockTimestamp", [moment]);
      await provider.send("evm_mine", []);
    },
    close: async () => {
      provider.destroy();
      await server.close();
    },
  };
}

/**
 * Deploys the protocol with a fee token and simulated enclaves, through the modules and files that a testnet gets.
 *
 * @param root The certificate (DER) that the development enclaves' verifier pins.
 */
export async function deploy(url: string, deploymentId: string, root: Uint8Array): Promise<Deployment> {
  const directory = join(hre.config.paths.ignition, "deployments", deploymentId);
  // What is in there belongs to a chain that is gone.
  rmSync(directory, { recursive: true, force: true });
  const { ignition } = await network.create({ network: "localhost", override: { url } });
  const parameters = { Protocol: { verifierActivationDelay: 0 }, DevelopmentEnclaves: { root: hexlify(root) } };
  const { teeVerifier } = await ignition.deploy(Demo, { deploymentId, parameters });
  const deployment = readIgnitionDeployment(directory);
  // Of the two TEE routes, production's under AWS's root and the simulated enclaves', the demo can only use the latter.
  const simulated = { TeeVerifier: await teeVerifier.getAddress() };
  return { ...deployment, addresses: { ...deployment.addresses, ...simulated } };
}
