import type { EthereumProvider } from "hardhat/types/providers";

/** What one account sends, from which the rest of a transaction follows. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly data: string;
}

/** Gas that a transaction may use: the most that one can (EIP-7825) for a batch, and much less for all else. */
const GAS = "0xf4240";
const MOST_GAS = "0x989680";
/** Of every transaction, so that a block keeps the order in which they were sent. */
const PRICE = { maxFeePerGas: "0x2540be400", maxPriorityFeePerGas: "0x3b9aca00" };
/** Bytes of calldata from which a transaction may use the most. */
const LARGE = 4_000;

const hex = (value: number | bigint) => `0x${value.toString(16)}`;

/** Makes blocks with many transactions each, of accounts that need no keys, at times that the caller chooses. */
export class Blocks {
  readonly #provider: EthereumProvider;
  readonly #nonces = new Map<string, number>();
  #waiting: Call[] = [];
  #transactions = 0;
  #number: number;
  #time: number;

  private constructor(provider: EthereumProvider, number: number, time: number) {
    this.#provider = provider;
    this.#number = number;
    this.#time = time;
  }

  /** Takes over a chain that mines a block for each transaction. */
  static async on(provider: EthereumProvider): Promise<Blocks> {
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const block = await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] });
    const { number, timestamp } = Object(block) as { number: string; timestamp: string };
    return new Blocks(provider, Number(number), Number(timestamp));
  }

  /** How many transactions there are in the blocks that were mined. */
  get transactions(): number {
    return this.#transactions;
  }

  /** The latest block's number. */
  get number(): number {
    return this.#number;
  }

  /** Puts a transaction into the next block. */
  send(call: Call): void {
    this.#waiting.push(call);
  }

  /** Mines what waits as one block. @param after Seconds since the block before. */
  async mine(after = 12): Promise<void> {
    const calls = this.#waiting;
    this.#waiting = [];
    for (const { from } of calls) if (!this.#nonces.has(from)) await this.#prepare(from);
    await Promise.all(calls.map((call) => this.#submit(call)));
    this.#time += after;
    await this.#provider.request({ method: "evm_mine", params: [hex(this.#time)] });
    this.#number += 1;
    this.#transactions += calls.length;
  }

  /** Lets an account send without its key. */
  async #prepare(account: string): Promise<void> {
    const ask = (method: string, ...params: unknown[]) => this.#provider.request({ method, params });
    await ask("hardhat_impersonateAccount", account);
    await ask("hardhat_setBalance", account, hex(10n ** 24n));
    this.#nonces.set(account, Number(await ask("eth_getTransactionCount", account, "latest")));
  }

  async #submit({ from, to, data }: Call): Promise<void> {
    const nonce = this.#nonces.get(from) ?? 0;
    this.#nonces.set(from, nonce + 1);
    const gas = data.length > 2 * LARGE ? MOST_GAS : GAS;
    const transaction = { from, to, data, gas, nonce: hex(nonce), ...PRICE };
    await this.#provider.request({ method: "eth_sendTransaction", params: [transaction] });
  }
}
