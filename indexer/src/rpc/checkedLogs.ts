import { Bloom } from "./bloom.ts";

type Hex = `0x${string}`;

/** A JSON-RPC request. Rejects if the node refuses it. */
export type RpcRequest = (body: { readonly method: string; readonly params: readonly unknown[] }) => Promise<unknown>;

/** `eth_getLogs`'s filter: a block by its hash, or a range. */
export interface LogFilter {
  readonly address?: Hex | readonly Hex[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
  readonly blockHash?: Hex;
  readonly fromBlock?: Hex;
  readonly toBlock?: Hex;
}

/** A log as JSON-RPC gives it. */
interface RpcLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockHash: Hex;
  readonly blockNumber: Hex;
  readonly logIndex: Hex;
}

interface Header {
  readonly hash: Hex;
  readonly bloom: Bloom;
}

/** How much is checked: every log, those of new blocks only, or none. */
export const LOG_CHECKS = ["full", "live", "off"] as const;
export type LogChecks = (typeof LOG_CHECKS)[number];

/** An RPC node's logs are not those of the block. Asked again, it or another behind it may know better. */
export class IncompleteLogs extends Error {
  override readonly name = "IncompleteLogs";

  constructor(where: string, why: string) {
    super(
      `The RPC node's logs of ${where} are not complete: ${why}. If it always says so, its logsBloom may not be
Ethereum's: OPG_LOG_CHECKS=off trusts it.`.replaceAll("\n", " "),
    );
  }
}

/** Headers and blocks that are kept: neighbouring filters ask about the same ones. */
const KEPT_HEADERS = 4_096;
const KEPT_BLOCKS = 256;
/** Requests under way at once. */
const AT_ONCE = 16;

/**
 * Answers `eth_getLogs` through an RPC node that may leave logs out or repeat them, as one does that lags behind another
 * of the same address.
 *
 * A header's bloom filter is part of the block's hash. All the logs of a block have to give exactly that filter, with
 * numbers from 0 on without a gap. An answer for a range is compared with all the logs of every block in it whose filter
 * does not rule the wanted ones out.
 *
 * Not seen: that the last logs of a block are missing which have no address and no topic of their own in it, or a node
 * that makes up headers.
 */
export class CheckedLogs {
  readonly #request: RpcRequest;
  readonly #headers = new Recent<string, Promise<Header>>(KEPT_HEADERS);
  readonly #blocks = new Recent<string, Promise<readonly RpcLog[]>>(KEPT_BLOCKS);

  constructor(request: RpcRequest) {
    this.#request = request;
  }

  /** @throws IncompleteLogs, and whatever the node's own error is. */
  async get(filter: LogFilter): Promise<readonly RpcLog[]> {
    const { blockHash, fromBlock, toBlock } = filter;
    const logs = asLogs(await this.#request({ method: "eth_getLogs", params: [filter] }));
    if (blockHash !== undefined) {
      const whole = isUnfiltered(filter) ? logs : await this.#blocks.get(blockHash, () => this.#block(blockHash));
      await this.#check(blockHash, whole);
      if (whole !== logs) requireSame(`block ${blockHash}`, whole.filter(matching(filter)), logs);
    } else {
      await this.#checkRange(filter, BigInt(fromBlock ?? "0x0"), BigInt(toBlock ?? "0x0"), logs);
    }
    return logs;
  }

  async #checkRange(filter: LogFilter, first: bigint, last: bigint, logs: readonly RpcLog[]): Promise<void> {
    const found = new Map<bigint, RpcLog[]>();
    for (const log of logs) {
      const number = BigInt(log.blockNumber);
      const others = found.get(number);
      if (others === undefined) found.set(number, [log]);
      else others.push(log);
    }
    const numbers = blocksFrom(first, last);
    const work = async () => {
      for (const number of numbers) await this.#checkPart(filter, number, found.get(number) ?? []);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const outside = logs.find(({ blockNumber }) => BigInt(blockNumber) < first || BigInt(blockNumber) > last);
    if (outside !== undefined) throw new IncompleteLogs(`block ${outside.blockNumber}`, "they were not asked for");
  }

  /** Checks what a range's answer has of one block. */
  async #checkPart(filter: LogFilter, number: bigint, logs: readonly RpcLog[]): Promise<void> {
    const key = `0x${number.toString(16)}`;
    const header = await this.#headers.get(key, () => this.#header("eth_getBlockByNumber", key));
    if (!mayMatch(filter, header.bloom) && logs.length === 0) return;
    try {
      const whole = await this.#blocks.get(header.hash, () => this.#block(header.hash));
      requireSame(`block ${number}`, whole.filter(matching(filter)), logs);
    } catch (error) {
      // The block may have been another one since.
      this.#headers.forget(key);
      this.#blocks.forget(header.hash);
      throw error;
    }
  }

  /** All the logs of a block. */
  async #block(hash: Hex): Promise<readonly RpcLog[]> {
    const logs = asLogs(await this.#request({ method: "eth_getLogs", params: [{ blockHash: hash }] }));
    await this.#check(hash, logs);
    return logs;
  }

  /** Whether these are all the logs of a block, in order. */
  async #check(hash: Hex, logs: readonly RpcLog[]): Promise<void> {
    const { bloom } = await this.#header("eth_getBlockByHash", hash);
    const gap = logs.findIndex(({ logIndex }, index) => Number(logIndex) !== index);
    if (gap !== -1) throw new IncompleteLogs(`block ${hash}`, `log ${gap} is missing or comes twice`);
    if (String(Bloom.of(logs)) !== String(bloom)) {
      throw new IncompleteLogs(`block ${hash}`, "they do not give the bloom filter of its header");
    }
  }

  async #header(method: string, block: string): Promise<Header> {
    const header = await this.#request({ method, params: [block, false] });
    const { hash, logsBloom } = Object(header) as { hash?: Hex; logsBloom?: Hex };
    if (hash === undefined || logsBloom === undefined) {
      throw new IncompleteLogs(`block ${block}`, "the node does not have the block");
    }
    return { hash, bloom: Bloom.parse(logsBloom) };
  }
}

const asLogs = (answer: unknown): readonly RpcLog[] => {
  if (!Array.isArray(answer)) throw new IncompleteLogs("a block", "the answer is no list");
  return answer;
};

const isUnfiltered = ({ address, topics }: LogFilter) => address === undefined && topics === undefined;

/** One or several values; undefined for any. */
function anyOf(values: Hex | readonly Hex[] | null | undefined): readonly Hex[] | undefined {
  if (values === null || values === undefined) return undefined;
  const list = typeof values === "string" ? [values] : values;
  return list.length === 0 ? undefined : list;
}

/** Whether a block with this bloom filter may have logs that a filter wants; false is certain. */
const mayMatch = ({ address, topics = [] }: LogFilter, bloom: Bloom): boolean =>
  !bloom.isEmpty &&
  [address, ...topics].every((values) => anyOf(values)?.some((value) => bloom.mayHave(value)) ?? true);

/** Whether a log is one that a filter wants. */
function matching({ address, topics = [] }: LogFilter): (log: RpcLog) => boolean {
  const same = (value: Hex | undefined, values: readonly Hex[] | undefined) =>
    values === undefined || values.some((wanted) => wanted.toLowerCase() === value?.toLowerCase());
  return (log) =>
    same(log.address, anyOf(address)) && topics.every((values, index) => same(log.topics[index], anyOf(values)));
}

function requireSame(where: string, expected: readonly RpcLog[], found: readonly RpcLog[]): void {
  const name = ({ blockHash, logIndex, data }: RpcLog) => `${blockHash}/${Number(logIndex)}/${data}`;
  const differs =
    expected.length !== found.length || expected.some((log, index) => name(log) !== name(found[index] ?? log));
  if (differs) throw new IncompleteLogs(where, `there are ${found.length}, and the block has ${expected.length}`);
}

function* blocksFrom(first: bigint, last: bigint): Generator<bigint, void, undefined> {
  for (let number = first; number <= last; ++number) yield number;
}

/** What was made last, by its key. A failure is not kept. */
class Recent<Key, Value extends Promise<unknown>> {
  readonly #entries = new Map<Key, Value>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: Key, make: () => Value): Value {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#entries.set(key, made);
    made.catch(() => this.forget(key));
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#size && oldest !== undefined) this.#entries.delete(oldest);
    return made;
  }

  forget(key: Key): void {
    this.#entries.delete(key);
  }
}
