import { keccak256, Transaction } from "ethers";
import type { Abi, EventArgs, EventName } from "../../sdk/src/chain/abiTypes.ts";
import { interfaceOf } from "../../sdk/src/chain/interfaceOf.ts";
import { plainStruct } from "../../sdk/src/chain/plainValue.ts";
import { Refuted, requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { Archive, LocatedLog, LogFilter, RpcObject } from "./archive.ts";
import {
  data,
  encodeReceipt,
  encodeTransaction,
  headerHash,
  isSigned,
  listRoot,
  objects,
  quantity,
} from "./encoding.ts";

/** A log, where the block's own receipts have it. */
export interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  /** Its number in its block. */
  readonly index: number;
}

/** A transaction of a block, with its receipt. */
export interface MinedTransaction {
  readonly hash: string;
  /** Whether the hash was recomputed: whether the type is known. */
  readonly isHashed: boolean;
  /** Null for a contract's creation. */
  readonly to: string | null;
  readonly input: string;
  readonly logs: readonly Log[];
  /** Who signed it. */
  readonly sender: () => string;
}

/** A call, as the node's tracer has it; addresses and input in lower case. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly input: string;
}

/** A block whose contents belong to its hash. */
export interface Block {
  readonly number: number;
  readonly hash: string;
  /** Unix time in seconds. */
  readonly timestamp: number;
  readonly transactions: readonly MinedTransaction[];
  /** What of it was not recomputed, and why; usually nothing. */
  readonly caveats: readonly string[];
}

/** A log with its place: the block and the transaction whose receipts have it. */
export interface Located {
  readonly block: Block;
  readonly transaction: MinedTransaction;
  readonly log: Log;
}

/** An event with its values. */
export type Event<Args> = Located & { readonly args: Args };

/** Whether `a` came on chain before `b`. */
export const isBefore = (a: Located, b: Located): boolean =>
  a.block.number < b.block.number || (a.block.number === b.block.number && a.log.index < b.log.index);

/** Which events, besides their values. */
export interface EventOptions {
  readonly fromBlock?: number;
  readonly asked?: number;
}

/** How far a chain's answers are recomputed. */
export interface ChainOptions {
  /** The first block that can have an event of the protocol's. */
  readonly startBlock: number;
  /** For chains whose block hashes are not of Ethereum's headers: take header and roots as the RPC node says. */
  readonly trustHeaders?: boolean;
}

/** Blocks by number, and logs by filter. */
export interface Memory {
  readonly blocks: Map<number, Promise<Block>>;
  readonly logs: Map<string, Promise<readonly LocatedLog[]>>;
}

export const createMemory = (): Memory => ({ blocks: new Map(), logs: new Map() });

/**
 * A chain as an archive shows it, of which nothing is taken as said that can be recomputed: each transaction's hash of
 * its fields, the roots of transactions and receipts, the block's hash of its header. What remains to be trusted is that
 * the hashes of the blocks are the chain's, and that `eth_getLogs` leaves nothing out.
 */
export class Chain {
  readonly #archive: Archive;
  readonly #options: ChainOptions;
  readonly #memory: Memory;
  readonly #used = new Map<number, Block>();

  /** @param memory What was read before: shared by chains of one archive. */
  constructor(archive: Archive, options: ChainOptions, memory: Memory = createMemory()) {
    this.#archive = archive;
    this.#options = options;
    this.#memory = memory;
  }

  /** The blocks that were asked for, in order. */
  get used(): Block[] {
    return [...this.#used.values()].sort((a, b) => a.number - b.number);
  }

  /** A block, recomputed. @throws Refuted if it is not what its hash says; Unreadable if the node does not have it. */
  async block(number: number): Promise<Block> {
    const block = await memoised(this.#memory.blocks, number, () => this.#readBlock(number));
    this.#used.set(number, block);
    return block;
  }

  /**
   * The events of one kind, oldest first, each from its block's own receipts.
   *
   * @param indexed Values of the indexed parameters, in order; null for any.
   * @param fromBlock A block before which there are none; the deployment's first if absent.
   * @param asked How many of the values the node is asked by; the rest is picked here, of an answer that is kept.
   */
  async events<const A extends Abi, N extends EventName<A>>(
    address: string,
    abi: A,
    name: N,
    indexed: readonly (string | null)[],
    { fromBlock = this.#options.startBlock, asked = indexed.length }: EventOptions = {},
  ): Promise<Event<EventArgs<A, N>>[]> {
    const fragment = interfaceOf(abi).getEvent(name);
    if (fragment === null) throw new TypeError(`this ABI has no event ${name}`);
    const wanted: LogFilter = { address: address.toLowerCase(), topics: [fragment.topicHash, ...indexed] };
    const filter: LogFilter = { ...wanted, topics: wanted.topics.slice(0, 1 + asked) };
    const logs = await memoised(this.#memory.logs, JSON.stringify([filter, fromBlock]), () =>
      this.#archive.logs(filter, fromBlock),
    );
    const found: Event<EventArgs<A, N>>[] = [];
    for (const log of logs) {
      if (!matches(log, wanted)) continue;
      const located = await this.#locate(log);
      found.push({ ...located, args: decodeEvent(abi, name, located.log) });
    }
    return found;
  }

  /** The code of a contract. @throws Unreadable if there is none. */
  async code(address: string): Promise<string> {
    const code = data(await this.#archive.code(address), "code");
    if (code === "0x") throw new Unreadable(`the RPC node has no code of ${address}`);
    return code;
  }

  /** What a transaction called, itself included, as the node's tracer says; null if the node has no tracer. */
  async calls(hash: string): Promise<readonly Call[] | null> {
    const root = await this.#archive.trace(hash);
    return root === null ? null : flatten(root);
  }

  async #locate(located: LocatedLog): Promise<Located> {
    const block = await this.block(located.blockNumber);
    const where = `log ${located.logIndex} of block ${located.blockNumber}`;
    for (const transaction of block.transactions) {
      const log = transaction.logs.find(({ index }) => index === located.logIndex);
      if (log === undefined) continue;
      const isSame =
        transaction.hash === located.transactionHash.toLowerCase() &&
        log.data === located.data.toLowerCase() &&
        log.address === located.address.toLowerCase() &&
        log.topics.join() === located.topics.join().toLowerCase();
      requireThat(isSame, `${where} is another one in the block's receipts than eth_getLogs says`);
      if (!transaction.isHashed && this.#options.trustHeaders !== true) {
        throw new Unreadable(`transaction ${transaction.hash} is of an unknown type: its hash cannot be recomputed`);
      }
      return { block, transaction, log };
    }
    throw new Refuted(`${where}, which eth_getLogs names, is not in the block's receipts`);
  }

  async #readBlock(number: number): Promise<Block> {
    const block = await this.#archive.block(number);
    if (block === null) throw new Unreadable(`the RPC node does not have block ${number} (pruned, or not synced)`);
    requireThat(
      quantity(block.number, "block number") === BigInt(number),
      `the RPC node shows another block as ${number}`,
    );
    const transactions = objects(block.transactions, "transactions");
    const encoded = transactions.map(encodeTransaction);
    const hashes = transactions.map((transaction, index) => hashOf(transaction, encoded[index] ?? null, number));

    const receipts = await this.#archive.receipts(number);
    if (receipts === null) throw new Unreadable(`the RPC node does not have the receipts of block ${number}`);
    requireThat(
      receipts.length === transactions.length,
      `block ${number} has more transactions than receipts, or fewer`,
    );
    const hash = data(block.hash, "block hash");
    const caveats = this.#options.trustHeaders
      ? ["hash and roots are as the RPC node says"]
      : await unverified(block, hash, encoded, receipts);

    let logIndex = 0;
    const mined = transactions.map((transaction, index): MinedTransaction => {
      const logs = objects(receipts[index]?.logs, "logs").map((log) => ({
        address: data(log.address, "address"),
        topics: Array.isArray(log.topics) ? log.topics.map((topic) => data(topic, "topic")) : [],
        data: data(log.data, "log's data"),
        index: logIndex++,
      }));
      const { to } = transaction;
      return {
        hash: hashes[index] ?? "",
        isHashed: encoded[index] !== null,
        to: to === null ? null : data(to, "to"),
        input: data(transaction.input, "input"),
        logs,
        sender: () => senderOf(transaction, encoded[index] ?? null),
      };
    });
    return { number, hash, timestamp: Number(quantity(block.timestamp, "timestamp")), transactions: mined, caveats };
  }
}

/** The hash of a transaction. @throws Refuted if its fields do not give the hash that the node says. */
function hashOf(transaction: RpcObject, encoded: string | null, block: number): string {
  const hash = data(transaction.hash, "transaction hash");
  requireThat(
    encoded === null || keccak256(encoded) === hash,
    `a transaction of block ${block} does not hash to ${hash}`,
  );
  return hash;
}

function senderOf(transaction: RpcObject, encoded: string | null): string {
  if (encoded === null || !isSigned(transaction)) return data(transaction.from, "from");
  const { from } = Transaction.from(encoded);
  if (from === null) throw new Refuted(`transaction ${transaction.hash} is not signed`);
  return from.toLowerCase();
}

/** Recomputes roots and header. @returns what could not be. @throws Refuted if anything is not what the block says. */
async function unverified(
  block: RpcObject,
  hash: string,
  transactions: readonly (string | null)[],
  receipts: readonly RpcObject[],
): Promise<string[]> {
  const number = quantity(block.number, "block number");
  const caveats: string[] = [];
  const check = async (name: string, root: unknown, items: readonly (string | null)[]) => {
    const known = items.filter((item) => item !== null);
    if (known.length === items.length) {
      requireThat(
        (await listRoot(known)) === data(root, name),
        `the ${name} of block ${number} do not give the root in its header`,
      );
    } else {
      caveats.push(`the root of the ${name} is not recomputed, for some are of an unknown type`);
    }
  };
  await check("transactions", block.transactionsRoot, transactions);
  await check("receipts", block.receiptsRoot, receipts.map(encodeReceipt));
  const recomputed = headerHash(block);
  if (recomputed === null) caveats.push("the hash is not recomputed, for the header is of an unknown format");
  requireThat(recomputed === null || recomputed === hash, `the header of block ${number} does not hash to ${hash}`);
  return caveats;
}

/** An event's values. @throws Refuted if the log is not of this event. */
export function decodeEvent<const A extends Abi, N extends EventName<A>>(abi: A, name: N, log: Log): EventArgs<A, N> {
  const contract = interfaceOf(abi);
  const fragment = contract.getEvent(name);
  if (fragment === null) throw new TypeError(`this ABI has no event ${name}`);
  try {
    const values = contract.decodeEventLog(fragment, log.data, log.topics).toArray();
    return plainStruct(fragment.inputs, values) as EventArgs<A, N>; // By the same rule; see TypedContract.
  } catch (error) {
    throw new Refuted(`a log of ${log.address} is no ${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The events of one kind among a transaction's logs, with their values. */
export const eventsIn = <const A extends Abi, N extends EventName<A>>(
  { logs }: MinedTransaction,
  address: string,
  abi: A,
  name: N,
): { readonly log: Log; readonly args: EventArgs<A, N> }[] => {
  const topic = interfaceOf(abi).getEvent(name)?.topicHash;
  return logs
    .filter((log) => log.address === address.toLowerCase() && log.topics[0] === topic)
    .map((log) => ({ log, args: decodeEvent(abi, name, log) }));
};

const matches = (log: Pick<Log, "address" | "topics">, { address, topics }: LogFilter): boolean =>
  log.address.toLowerCase() === address &&
  topics.every((topic, i) => topic === null || topic.toLowerCase() === log.topics[i]?.toLowerCase());

/** A call and all calls below it, in the call tracer's form. */
function flatten(call: RpcObject): Call[] {
  const own =
    typeof call.to === "string"
      ? [{ from: data(call.from, "from"), to: data(call.to, "to"), input: data(call.input, "input") }]
      : [];
  return [...own, ...objects(call.calls ?? [], "calls").flatMap(flatten)];
}

/** Answers that are kept: some are asked for by every audit, most by one. */
const KEPT = 500;

/** What `make` gives, or gave before; what was not asked for the longest is forgotten. */
function memoised<K, V>(memory: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = memory.get(key) ?? make();
  memory.delete(key);
  memory.set(key, known);
  for (const [oldest] of memory) {
    if (memory.size <= KEPT) break;
    memory.delete(oldest);
  }
  return known;
}
