import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatUnits, isAddress, JsonRpcProvider, parseUnits, type Signer, Wallet } from "ethers";
import hre from "hardhat";
import { type Contracts, contractsOf } from "../../sdk/src/chain/contracts.ts";
import { isLocalChain } from "../../sdk/src/chain/isLocalChain.ts";
import { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { ContractError } from "../../sdk/src/errors/ContractError.ts";
import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import { groth16VerifierAbi, opgAbi } from "../../sdk/src/generated/abis.ts";
import { nodeIdOf } from "../../sdk/src/hash/nodeIdOf.ts";
import { loadDeployment } from "../../sdk/src/node/loadDeployment.ts";
import { OpgModels } from "../../sdk/src/operator/OpgModels.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { printable } from "../../sdk/src/verify/printable.ts";
import { toJson } from "../../sdk/src/wire.ts";
import type { NetworkOptions, Report } from "./command.ts";
import { InputError, isUnreadable } from "./InputError.ts";
import { saltOf } from "./salt.ts";

/** A token with what is needed to show its amounts. */
export interface Token {
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
}

/** What a command works with: the network's provider and account, and the deployment on it. */
export class Context {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
  readonly contracts: Contracts;
  readonly #options: NetworkOptions;
  readonly #done = new AbortController();
  #signer: Promise<Signer> | undefined;

  constructor(provider: JsonRpcProvider, chainId: number, deployment: Deployment, options: NetworkOptions) {
    this.provider = provider;
    this.chainId = chainId;
    this.deployment = deployment;
    this.contracts = contractsOf(deployment, provider);
    this.#options = options;
  }

  /** The account that acts. Asked for only by commands that send something: reading needs no key. */
  signer(): Promise<Signer> {
    this.#signer ??= accountOf(this.provider, this.#options);
    return this.#signer;
  }

  async operator(): Promise<OpgOperator> {
    return new OpgOperator({ signer: await this.signer(), deployment: this.deployment });
  }

  async models(): Promise<OpgModels> {
    return new OpgModels({ signer: await this.signer(), deployment: this.deployment });
  }

  async client({ insecure }: { readonly insecure?: true } = {}): Promise<OpgClient> {
    const allowed = insecure === undefined ? {} : { insecureEndpoints: insecure };
    const { deployment } = this;
    return new OpgClient({ ...allowed, signer: await this.signer(), deployment, signal: this.#done.signal });
  }

  /** Ends what is still at work, so that the process can end. */
  close(): void {
    this.#done.abort();
    this.provider.destroy();
  }

  /** The node that an option names, or else the account's own with its salt. */
  async nodeId({ node, salt }: { readonly node?: string; readonly salt?: string }): Promise<string> {
    return node ?? nodeIdOf(await (await this.signer()).getAddress(), saltOf(salt));
  }

  /** A token by its address, or by the name of a contract of the deployment, such as `TestUSD`. */
  async token(name: string): Promise<Token> {
    const token = isAddress(name) ? name : this.deployment.addresses[name];
    if (token === undefined) {
      throw new OpgError(
        `The deployment on chain ${this.chainId} has no ${name}: name a token by its address, with --token 0x….`,
      );
    }
    const contract = new TypedContract(token, opgAbi, this.provider);
    const [symbol, decimals] = await Promise.all([contract.read("symbol"), contract.read("decimals")]);
    return { address: token, symbol: printable(symbol), decimals };
  }

  /** The deployment's Groth16 verifier, for reading if no signer is given. */
  groth16(runner: Signer | JsonRpcProvider = this.provider) {
    return new TypedContract(addressOf(this.deployment, "Groth16Verifier"), groth16VerifierAbi, runner);
  }

  opg(): Promise<Token> {
    return this.token("OPG");
  }
}

/** A decimal amount in base units. @throws OpgError if it has more decimals than the token. */
export function amountOf({ symbol, decimals }: Token, text: string): bigint {
  try {
    return parseUnits(text, decimals);
  } catch {
    throw new OpgError(`${symbol} has ${decimals} decimals, and ${text} has more.`);
  }
}

/** Base units as people read them. */
export const show = ({ symbol, decimals }: Token, amount: bigint): string =>
  `${formatUnits(amount, decimals).replace(/\.0$/, "")} ${symbol}`;

/**
 * Runs a task on the network that the options name, prints what it reports, and one line if it fails.
 *
 * @param failure What to exit with after any failure that is not unreadable input.
 * @returns the exit code: the report's, 2 for unreadable input, or `failure`.
 */
export async function runOnNetwork(
  options: NetworkOptions,
  task: (context: Context) => Promise<Report>,
  failure = 1,
): Promise<number> {
  let context: Context | undefined;
  try {
    const url = await urlOf(options.network);
    const chainId = await chainIdOf(url, options.network);
    const deployment = deploymentFor(chainId, options);
    const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, cacheTimeout: -1 });
    if (isLocalChain(chainId)) provider.pollingInterval = 100;
    context = new Context(provider, chainId, deployment, options);
    const { json, text, exitCode = 0 } = await task(context);
    console.log(options.json ? toJson(json) : text);
    return exitCode;
  } catch (error) {
    const { message } = isUnreadable(error) ? error : ContractError.from(error);
    console.error(`opg: ${printable(message)}`);
    return isUnreadable(error) ? 2 : failure;
  } finally {
    context?.close();
  }
}

/** The deployment that an option names, or else the one that Ignition made on this chain. */
export function deploymentFor(chainId: number, { deployment }: Pick<NetworkOptions, "deployment">): Deployment {
  const path = resolve(deployment ?? join(hre.config.paths.ignition, "deployments", `chain-${chainId}`));
  if (!existsSync(path)) {
    throw new InputError(
      `there is no deployment at ${path}: deploy with \`npx hardhat ignition deploy ignition/modules/Protocol.ts --network NAME\`, or name another with --deployment`,
    );
  }
  let found: Deployment;
  try {
    found = loadDeployment(path);
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error));
  }
  if (found.chainId !== chainId) {
    throw new OpgError(`The deployment in ${path} is on chain ${found.chainId}, and the network is chain ${chainId}.`);
  }
  return found;
}

function httpNetwork(name: string) {
  const config = hre.config.networks[name];
  if (config?.type === "http") return config;
  const names = Object.entries(hre.config.networks).filter(([, { type }]) => type === "http");
  throw new OpgError(
    `hardhat.config.ts has no RPC network "${name}": it has ${names.map(([known]) => known).join(", ")}.`,
  );
}

async function urlOf(network: string): Promise<string> {
  return configured(httpNetwork(network).url.getUrl(), network);
}

async function accountOf(provider: JsonRpcProvider, { network, account }: NetworkOptions): Promise<Signer> {
  const { accounts } = httpNetwork(network);
  if (accounts === "remote") {
    const known = await provider.listAccounts();
    const signer = known[account];
    if (signer === undefined) throw new OpgError(`Network ${network} has ${known.length} accounts, and no ${account}.`);
    return signer;
  }
  if (!Array.isArray(accounts)) {
    throw new OpgError(`The accounts of network ${network} are a phrase; hardhat.config.ts has to name keys.`);
  }
  const key = accounts[account];
  if (key === undefined) throw new OpgError(`Network ${network} has ${accounts.length} accounts, and no ${account}.`);
  return new Wallet(await configured(key.getHexString(), network), provider);
}

/** A value from Hardhat's keystore or the environment. */
async function configured(value: Promise<string>, network: string): Promise<string> {
  try {
    return await value;
  } catch (error) {
    const missing = /variable "?(\w+)"?/i.exec(error instanceof Error ? error.message : "")?.[1];
    throw new OpgError(
      missing === undefined
        ? `The configuration of network ${network} cannot be read: ${error}`
        : `Network ${network} needs ${missing}: set it with \`npx hardhat keystore set ${missing}\`, or in the environment.`,
      { cause: error },
    );
  }
}

/** Asks a node for its chain, once: ethers' own provider would ask an absent node for ever. */
export async function chainIdOf(url: string, network: string): Promise<number> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(15_000),
    });
    const { result } = (await response.json()) as { result?: unknown };
    if (typeof result === "string") return Number(result);
    throw new Error(`it answered ${response.status}`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new OpgError(`Network ${network} cannot be reached: ${cause instanceof Error ? cause.message : cause}.`);
  }
}
