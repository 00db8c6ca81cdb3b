import {
  Contract,
  type ContractRunner,
  Interface,
  isError,
  type Log,
  type Provider,
  type Result,
  type Signer,
  type TransactionReceipt,
  type TransactionResponse,
} from "ethers";
import { ContractError } from "../errors/ContractError.ts";
import { OpgError } from "../errors/OpgError.ts";
import type { Abi, EventArgs, EventName, FunctionArgs, FunctionResult, ReadName, WriteName } from "./abiTypes.ts";
import { findLogs } from "./findLogs.ts";
import { inOrder } from "./inOrder.ts";
import { plainStruct, plainValue } from "./plainValue.ts";
import { sleep } from "./sleep.ts";

/** An event with where it happened. */
export interface TypedEvent<Args> {
  readonly args: Args;
  readonly address: string;
  readonly blockNumber: number;
  readonly transactionHash: string;
  readonly logIndex: number;
}

/**
 * A contract whose functions and events are typed by its ABI. Values are plain (see `AbiValue`), and a revert is a
 * {@link ContractError}, which says in a sentence what the contract refused.
 */
export class TypedContract<const A extends Abi> {
  readonly address: string;
  readonly interface: Interface;
  readonly #contract: Contract;
  readonly #runner: ContractRunner;

  constructor(address: string, abi: A, runner: ContractRunner) {
    this.address = address;
    this.interface = new Interface(abi);
    this.#runner = runner;
    this.#contract = new Contract(address, this.interface, runner);
  }

  /** Calls a view function. */
  read<N extends ReadName<A>>(name: N, ...args: FunctionArgs<A, N>): Promise<FunctionResult<A, N>> {
    return this.#call(name, args);
  }

  /** What a transaction would return if it were sent now: sends nothing. */
  simulate<N extends WriteName<A>>(name: N, ...args: FunctionArgs<A, N>): Promise<FunctionResult<A, N>> {
    return this.#call(name, args);
  }

  async #call<N extends ReadName<A> | WriteName<A>>(name: N, args: FunctionArgs<A, N>): Promise<FunctionResult<A, N>> {
    const method = this.#contract.getFunction(name);
    const { outputs } = method.getFragment(...args);
    let result: Result;
    try {
      result = await method.staticCallResult(...args);
    } catch (error) {
      throw ContractError.from(error);
    }
    const [only] = outputs;
    return (
      outputs.length === 1 && only !== undefined ? plainValue(only, result[0]) : plainStruct(outputs, result.toArray())
    ) as FunctionResult<A, N>;
  }

  /** Sends a transaction, after estimating its gas. Resolves when the network has accepted it; see {@link mined}. */
  async send<N extends WriteName<A>>(name: N, ...args: FunctionArgs<A, N>): Promise<TransactionResponse> {
    const sender = await (this.#runner as Partial<Signer>).getAddress?.();
    if (sender === undefined) throw new OpgError(`Sending ${name} needs a signer, and there is only a provider.`);
    const method = this.#contract.getFunction(name);
    try {
      return await inOrder(sender, () => withFreshNonce(() => method.send(...args)));
    } catch (error) {
      throw ContractError.from(error);
    }
  }

  /** Sends a transaction and waits until it is in a block and `confirmations` deep. */
  async write<N extends WriteName<A>>(name: N, ...args: FunctionArgs<A, N>): Promise<TransactionReceipt> {
    return mined(await this.send(name, ...args));
  }

  /** The events of one kind among logs, in order. Logs of other contracts and other events are left out. */
  parse<N extends EventName<A>>(name: N, logs: readonly Log[]): TypedEvent<EventArgs<A, N>>[] {
    const fragment = this.interface.getEvent(name);
    if (fragment === null) throw new OpgError(`this ABI has no event ${name}`);
    return logs
      .filter((log) => log.address.toLowerCase() === this.address.toLowerCase() && log.topics[0] === fragment.topicHash)
      .map((log) => ({
        args: plainStruct(
          fragment.inputs,
          this.interface.decodeEventLog(fragment, log.data, log.topics).toArray(),
        ) as EventArgs<A, N>,
        address: log.address,
        blockNumber: log.blockNumber,
        transactionHash: log.transactionHash,
        logIndex: log.index,
      }));
  }

  /**
   * The events of one kind on chain, oldest first.
   *
   * @param indexed Values of the indexed parameters, in order; null for any.
   * @param fromBlock The first block.
   * @param toBlock The last block; the newest if absent.
   */
  async events<N extends EventName<A>>(
    name: N,
    indexed: readonly (string | readonly string[] | null)[],
    fromBlock: number,
    toBlock?: number,
  ): Promise<TypedEvent<EventArgs<A, N>>[]> {
    const topics = this.interface.encodeFilterTopics(name, [...indexed]);
    return this.parse(name, await findLogs(this.provider, { address: this.address, topics }, fromBlock, toBlock));
  }

  get provider(): Provider {
    const { provider } = this.#runner;
    if (!provider) throw new OpgError("this signer is not connected to a provider");
    return provider;
  }
}

/** How long ethers keeps an account's transaction count by default, and some more, in milliseconds. */
const NONCE_CACHE = 300;

/**
 * Sends again when the nonce was used already, which says that nothing was sent: a provider that keeps the count for a
 * moment gives two transactions in a row the same one.
 */
async function withFreshNonce<T>(send: () => Promise<T>): Promise<T> {
  for (let attempts = 3; ; --attempts) {
    try {
      return await send();
    } catch (error) {
      if (attempts === 1 || !isError(error, "NONCE_EXPIRED")) throw error;
      await sleep(NONCE_CACHE);
    }
  }
}

/** Waits until a transaction is in a block. A revert is a {@link ContractError}. */
export async function mined(transaction: TransactionResponse): Promise<TransactionReceipt> {
  let receipt: TransactionReceipt | null;
  try {
    receipt = await transaction.wait();
  } catch (error) {
    throw ContractError.from(error);
  }
  if (receipt === null) throw new OpgError(`transaction ${transaction.hash} was dropped`);
  return receipt;
}
