import { isDeepStrictEqual } from "node:util";
import type { Provider } from "ethers";
import { findLogs } from "../../sdk/src/chain/findLogs.ts";
import { Refuted, Unreadable } from "../../sdk/src/verify/refuted.ts";

/** An object of the Ethereum JSON-RPC API (execution-apis): quantities and bytes as 0x-hex. */
export type RpcObject = Readonly<Record<string, unknown>>;

/** Which logs: of one contract, by their topics. */
export interface LogFilter {
  readonly address: string;
  readonly topics: readonly (string | null)[];
}

/** Where a log is, and what it is said to be. */
export interface LocatedLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly transactionHash: string;
  /** Its number in its block. */
  readonly logIndex: number;
}

/**
 * All that an audit reads of a chain. Nothing here asks a contract anything: there is no `eth_call`. Whoever answers is
 * not trusted; see `Chain`.
 */
export interface Archive {
  chainId(): Promise<number>;
  /** `eth_getLogs`, from a block on, oldest first. */
  logs(filter: LogFilter, fromBlock: number): Promise<readonly LocatedLog[]>;
  /** `eth_getBlockByNumber` with whole transactions; null if the node does not have the block. */
  block(number: number): Promise<RpcObject | null>;
  /** `eth_getBlockReceipts`, or `eth_getTransactionReceipt` of each transaction; null if the node does not have them. */
  receipts(blockNumber: number): Promise<readonly RpcObject[] | null>;
  /** `eth_getCode`. */
  code(address: string): Promise<string>;
  /** `debug_traceTransaction` with the call tracer; null if the node has no such method. */
  trace(transactionHash: string): Promise<RpcObject | null>;
}

/** What ethers' JSON-RPC providers have in common. */
type RpcProvider = Provider & { send(method: string, params: unknown[]): Promise<unknown> };

/** The archive that an RPC node is. @throws Unreadable where the node refuses an answer. */
export function rpcArchive(provider: RpcProvider): Archive {
  const quantity = (value: number) => `0x${value.toString(16)}`;
  const ask = async (method: string, params: unknown[]) => {
    try {
      return await provider.send(method, params);
    } catch (error) {
      throw new Unreadable(`the RPC node refuses ${method}: ${reason(error)}`);
    }
  };
  const object = async (method: string, params: unknown[]) =>
    asObject(await ask(method, params), `an answer to ${method}`);
  const block = (number: number) => object("eth_getBlockByNumber", [quantity(number), true]);
  return {
    chainId: async () => Number(await ask("eth_chainId", [])),
    async logs({ address, topics }, fromBlock) {
      try {
        const found = await findLogs(provider, { address, topics: [...topics] }, fromBlock);
        return found.map((log) => ({
          address: log.address,
          topics: log.topics,
          data: log.data,
          blockNumber: log.blockNumber,
          transactionHash: log.transactionHash,
          logIndex: log.index,
        }));
      } catch (error) {
        throw new Unreadable(`the RPC node refuses eth_getLogs from block ${fromBlock}: ${reason(error)}`);
      }
    },
    block,
    async receipts(number) {
      const all = await provider.send("eth_getBlockReceipts", [quantity(number)]).catch(() => null);
      if (Array.isArray(all)) return asObjects(all, "a list of receipts");
      const transactions = (await block(number))?.transactions;
      if (!Array.isArray(transactions)) return null;
      const receipts: RpcObject[] = [];
      for (const { hash } of transactions) {
        const receipt = await object("eth_getTransactionReceipt", [hash]);
        if (receipt === null) return null;
        receipts.push(receipt);
      }
      return receipts;
    },
    code: async (address) => String(await ask("eth_getCode", [address, "latest"])),
    async trace(hash) {
      const trace = await provider.send("debug_traceTransaction", [hash, { tracer: "callTracer" }]).catch(() => null);
      return asObject(trace, "a trace");
    },
  };
}

/** What was read, by what was asked for. */
export type Reads = Record<string, unknown>;

const keyOf = (method: keyof Archive, params: readonly unknown[]) => `${method} ${JSON.stringify(params)}`;

/** An archive that keeps all that is read of another one in `reads`. */
export function recorded(archive: Archive, reads: Reads): Archive {
  const keep = async <T>(method: keyof Archive, params: readonly unknown[], answer: Promise<T>): Promise<T> => {
    const value = await answer;
    reads[keyOf(method, params)] = value;
    return value;
  };
  return {
    chainId: () => keep("chainId", [], archive.chainId()),
    logs: (...params) => keep("logs", params, archive.logs(...params)),
    block: (...params) => keep("block", params, archive.block(...params)),
    receipts: (...params) => keep("receipts", params, archive.receipts(...params)),
    code: (...params) => keep("code", params, archive.code(...params)),
    trace: (...params) => keep("trace", params, archive.trace(...params)),
  };
}

/** The archive that was recorded. @throws Unreadable for what was not, or is not of its form. */
export function replayed(reads: Readonly<Reads>): Archive {
  const take = async (method: keyof Archive, params: readonly unknown[]): Promise<unknown> => {
    const key = keyOf(method, params);
    if (!(key in reads)) throw new Unreadable(`the archive does not have ${key}`);
    return reads[key];
  };
  return {
    chainId: async () => Number(await take("chainId", [])),
    logs: async (...params) => asObjects(await take("logs", params), "a list of logs").map(asLocatedLog),
    block: async (...params) => asObject(await take("block", params), "a block"),
    async receipts(...params) {
      const receipts = await take("receipts", params);
      return receipts === null ? null : asObjects(receipts, "a list of receipts");
    },
    code: async (...params) => String(await take("code", params)),
    trace: async (...params) => asObject(await take("trace", params), "a trace"),
  };
}

/**
 * The first of two archives, as long as the second one says the same of chain, logs, block hashes and code. Two nodes
 * of different owners have to lie in the same way to hide a log or to show a block that never was.
 *
 * @throws Refuted where they differ; Unreadable where the second one lacks something.
 */
export function compared(first: Archive, second: Archive): Archive {
  const same = (a: unknown, b: unknown, what: string) => {
    if (!isDeepStrictEqual(a, b)) throw new Refuted(`the two RPC nodes disagree about ${what}`);
  };
  return {
    async chainId() {
      const [a, b] = await Promise.all([first.chainId(), second.chainId()]);
      same(a, b, "the chain's number");
      return a;
    },
    async logs(filter, fromBlock) {
      const [a, b] = await Promise.all([first.logs(filter, fromBlock), second.logs(filter, fromBlock)]);
      same(a, b, `the logs of ${filter.address} with topics ${filter.topics.join(", ")}`);
      return a;
    },
    async block(number) {
      const [a, b] = await Promise.all([first.block(number), second.block(number)]);
      if (b === null) throw new Unreadable(`the second RPC node does not have block ${number}`);
      same(a?.hash, b.hash, `the hash of block ${number}`);
      return a;
    },
    receipts: (number) => first.receipts(number), // Committed to by the block's hash.
    async code(address) {
      const [a, b] = await Promise.all([first.code(address), second.code(address)]);
      same(a, b, `the code of ${address}`);
      return a;
    },
    trace: (hash) => first.trace(hash), // Only a place to look for a proof, which stands on its own.
  };
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));

function asObject(value: unknown, what: string): RpcObject | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") throw new Unreadable(`this is not ${what}: ${JSON.stringify(value)}`);
  return { ...value };
}

function asObjects(value: unknown, what: string): RpcObject[] {
  if (!Array.isArray(value)) throw new Unreadable(`this is not ${what}: ${JSON.stringify(value)}`);
  return value.map((item) => asObject(item, what) ?? {});
}

function asLocatedLog({ address, topics, data, blockNumber, transactionHash, logIndex }: RpcObject): LocatedLog {
  return {
    address: String(address),
    topics: Array.isArray(topics) ? topics.map(String) : [],
    data: String(data),
    blockNumber: Number(blockNumber),
    transactionHash: String(transactionHash),
    logIndex: Number(logIndex),
  };
}
