import {
  AbiCoder,
  type Block,
  type BytesLike,
  getBytes,
  getCreateAddress,
  Interface,
  JsonRpcProvider,
  type Log,
  ParamType,
  Result,
  ZeroAddress,
} from "ethers";
import type { Abi } from "../../sdk/src/chain/abiTypes.ts";
import { findLogs } from "../../sdk/src/chain/findLogs.ts";
import { plainStruct } from "../../sdk/src/chain/plainValue.ts";
import { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { ContractError } from "../../sdk/src/errors/ContractError.ts";
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
} from "../../sdk/src/generated/abis.ts";
import type { Books } from "./books.ts";
import { Bookkeeper, type Meanings, type Place, type Subject, type Transfer } from "./fold.ts";
import { Unreadable } from "./Unreadable.ts";

/** Says how far something is: what, done, and of how many. */
export type Progress = (what: string, done: number, of: number) => void;

/** How many requests are under way at once. */
const AT_ONCE = 20;
/** Most addresses, or values of a topic, that are asked for at once. */
const VALUES_AT_ONCE = 500;
/** The events that name an owner, a signer or a payout of a node. */
const PARTIES = [
  ...["NodeRegistered.owner", "NodeRegistered.signer", "NodeRegistered.payout"],
  ...["NodeTransferred.owner", "SignerChanged.signer", "PayoutChanged.payout"],
];

/** Contracts that the books are kept from (a TeeVerifier by way of the registry that added it), and the token. */
const KEPT = [
  "Settlement",
  "BatchSettlement",
  "NodeRegistry",
  "ModelRegistry",
  "VerifierRegistry",
  "TeeVerifier",
  "OPG",
  "AccessManager",
  "Groth16Settler",
];
/** Contracts of which there may be several, as {@link KEPT}. */
const NITRO_VERIFIERS = ["AwsNitroVerifier", "NitroVerifier"];
/** Contracts whose events the tables keep nothing of. Anybody can have some of them emit one, and stop nothing by it. */
const SILENT = ["Groth16Verifier", "TestUSD"];
const KNOWN = new Set([...KEPT, ...NITRO_VERIFIERS, ...SILENT]);
/** Where two modules deploy a contract, the second one's is named "Module#Contract". */
const contractOf = (name: string) => name.slice(name.lastIndexOf("#") + 1);

/**
 * A provider whose contract calls are answered by the state of one block. Its node has to know that state.
 */
export class ProviderAt extends JsonRpcProvider {
  readonly #block: number;

  constructor(url: string, chainId: number, block: number) {
    super(url, chainId, { staticNetwork: true, batchMaxCount: 50, cacheTimeout: -1 });
    this.#block = block;
  }

  override call(...[transaction]: Parameters<JsonRpcProvider["call"]>): Promise<string> {
    return super.call({ ...transaction, blockTag: this.#block });
  }
}

/**
 * Keeps the books from the chain's logs, from the deployment's first block to a last one.
 *
 * @param options.tokensWatched Whether funding is looked for in the transfers of fee tokens too.
 * @throws Unreadable if a contract of the deployment emits what is not known here, or the chain changed meanwhile.
 * @throws BooksError if the logs do not fit together.
 */
export async function keepBooks(
  provider: JsonRpcProvider,
  deployment: Deployment,
  lastBlock: number,
  { tokensWatched, progress }: { tokensWatched: boolean; progress: Progress },
): Promise<Books> {
  const roots = new Map<string, string>();
  const subject = { ...(await subjectOf(provider, deployment)), tokensWatched, roots };
  const keeper = new Bookkeeper(subject);
  const { startBlock } = deployment;
  const find = (address: string | string[], topics: (string | string[] | null)[] = [], from = startBlock) =>
    findLogs(provider, { address, topics }, from, lastBlock);

  const readers = new Map<string, (log: Log, at: Place) => void>();
  const read = <const A extends Abi>(address: string, abi: A, meanings: Meanings<A>) => {
    readers.set(address, reader(abi, meanings));
    return find(address);
  };
  const at = (name: string) => addressOf(deployment, name).toLowerCase();
  for (const [name, address] of Object.entries(deployment.addresses)) {
    if (KNOWN.has(contractOf(name)) || (await find(address)).length === 0) continue;
    throw new Unreadable(`scripts/reconcile does not know what the events of ${name} mean`);
  }
  const logs: Log[] = [];
  const settled = await read(at("Settlement"), settlementAbi, keeper.settlement);
  const ofNodes = await read(at("NodeRegistry"), nodeRegistryAbi, keeper.nodes);
  logs.push(...settled, ...ofNodes);
  logs.push(...(await read(at("ModelRegistry"), modelRegistryAbi, keeper.models)));
  const registered = await read(at("VerifierRegistry"), verifierRegistryAbi, keeper.verifiers);
  logs.push(...registered);
  if (deployment.addresses.BatchSettlement !== undefined) {
    logs.push(...(await read(at("BatchSettlement"), batchSettlementAbi, keeper.batches)));
    const gates = getCreateAddress({ from: at("BatchSettlement"), nonce: 1 }).toLowerCase();
    const made = await read(gates, x402GatesAbi, keeper.gates);
    logs.push(...made);
    const ofGate = reader(x402GateAbi, keeper.gate);
    const addresses = [...firstNamed(made, x402GatesAbi, ["GateMade.gate"]).keys()];
    for (const address of addresses) readers.set(address, ofGate);
    for (let first = 0; first < addresses.length; first += VALUES_AT_ONCE) {
      logs.push(...(await find(addresses.slice(first, first + VALUES_AT_ONCE))));
    }
  }
  if (deployment.addresses.Groth16Settler !== undefined) {
    logs.push(...(await read(at("Groth16Settler"), groth16SettlerAbi, keeper.settler)));
  }
  if (deployment.addresses.AccessManager !== undefined) {
    logs.push(...(await read(at("AccessManager"), accessManagerAbi, keeper.manager)));
  }
  for (const [name, address] of Object.entries(deployment.addresses)) {
    if (!NITRO_VERIFIERS.includes(contractOf(name))) continue;
    logs.push(...(await read(address.toLowerCase(), nitroVerifierAbi, keeper.certificates)));
  }
  for (const [address, from] of firstNamed(registered, verifierRegistryAbi, ["VerifierAdded.verifier"])) {
    const asTee = reader(teeVerifierAbi, keeper.enclaves);
    const asGroth16 = reader(groth16VerifierAbi, keeper.keys);
    readers.set(address, (log, place) => {
      asTee(log, place);
      asGroth16(log, place);
    });
    logs.push(...(await find(address, [], from)));
    const root = await rootHashOf(provider, address);
    if (root !== null) roots.set(address, root);
  }
  logs.push(...(await supplyLogs(find, subject)));
  readers.set(subject.opg, transferReader(keeper));
  if (tokensWatched) {
    const parties = [...firstNamed(ofNodes, nodeRegistryAbi, PARTIES).keys()];
    for (const [token, from] of firstNamed(settled, settlementAbi, ["TokenListed.token"])) {
      // What is listed need not be a token: it may be a contract of the protocol.
      if (!readers.has(token)) readers.set(token, transferReader(keeper));
      logs.push(...(await paymentLogs(find, token, parties, from)));
    }
  }

  const places = await locate(provider, withoutTwins(logs), progress);
  for (const [log, place] of places) readers.get(place.address)?.(log, place);
  return keeper.books;
}

/** The root of a verifier's attestations; null of one that takes none. */
async function rootHashOf(provider: JsonRpcProvider, verifier: string): Promise<string | null> {
  try {
    const attestations = await new TypedContract(verifier, teeVerifierAbi, provider).read("verifier");
    return await new TypedContract(attestations, nitroVerifierAbi, provider).read("rootHash");
  } catch (error) {
    if (error instanceof ContractError) return null;
    throw error;
  }
}

async function subjectOf(
  provider: JsonRpcProvider,
  deployment: Deployment,
): Promise<Omit<Subject, "tokensWatched" | "roots">> {
  const { chainId, startBlock, addresses } = deployment;
  const at = (name: string) => addressOf(deployment, name).toLowerCase();
  const opg = at("OPG");
  const burnSink = addresses.BurnSink?.toLowerCase() ?? null;
  const token = new Interface(opgAbi);
  const ask = async (name: string, values: readonly unknown[]) => {
    const data = token.encodeFunctionData(name, values);
    const answer = await provider.send("eth_call", [{ to: opg, data }, `0x${startBlock.toString(16)}`]);
    return BigInt(token.decodeFunctionResult(name, answer)[0]);
  };
  const supplyAtStart = burnSink === null ? 0n : (await ask("totalSupply", [])) - (await ask("balanceOf", [burnSink]));
  const batchSettlement = addresses.BatchSettlement?.toLowerCase() ?? null;
  const contracts = { opg, settlement: at("Settlement"), nodeRegistry: at("NodeRegistry"), batchSettlement, burnSink };
  const limits = await new TypedContract(at("Settlement"), settlementAbi, provider).read("limits");
  const windows = { delivery: BigInt(limits.deliveryWindow), proof: BigInt(limits.proofWindow) };
  return { chainId, startBlock, ...contracts, supplyAtStart, windows };
}

/** The addresses that a contract's events name, and since which block; each parameter as "Event.parameter". */
function firstNamed(logs: readonly Log[], abi: Abi, parameters: readonly string[]): Map<string, number> {
  const decoder = new Interface(abi);
  const since = new Map<string, number>();
  for (const log of logs) {
    const event = decoder.parseLog(log);
    for (const parameter of parameters) {
      const [name, argument = ""] = parameter.split(".");
      if (event?.name !== name) continue;
      const address = String(event?.args[argument]).toLowerCase();
      if (!since.has(address)) since.set(address, log.blockNumber);
    }
  }
  return since;
}

/** Logs without repetitions: what several questions have found. */
const withoutTwins = (logs: readonly Log[]): Log[] => [
  ...new Map(logs.map((log) => [`${log.blockNumber}/${log.index}`, log])).values(),
];

const word = (address: string) => `0x${address.slice(2).padStart(64, "0")}`;

/** A token's transfers by a node's parties. */
async function paymentLogs(
  find: (address: string, topics: (string | string[] | null)[], from?: number) => Promise<Log[]>,
  token: string,
  parties: readonly string[],
  from: number,
): Promise<Log[]> {
  const transfer = new Interface(opgAbi).getEvent("Transfer")?.topicHash ?? null;
  const logs: Log[] = [];
  for (let first = 0; first < parties.length; first += VALUES_AT_ONCE) {
    const senders = parties.slice(first, first + VALUES_AT_ONCE).map(word);
    logs.push(...(await find(token, [transfer, senders], from)));
  }
  return logs;
}

/** The OPG that came into the supply, and what left it. */
async function supplyLogs(
  find: (address: string, topics: (string | string[] | null)[], from?: number) => Promise<Log[]>,
  { opg, burnSink, startBlock }: Subject,
): Promise<Log[]> {
  const transfer = new Interface(opgAbi).getEvent("Transfer")?.topicHash ?? null;
  const nowhere = burnSink === null ? [ZeroAddress] : [ZeroAddress, burnSink];
  // The supply that is read at the start block has that block's transfers in it.
  const from = burnSink === null ? startBlock : startBlock + 1;
  const minted = await find(opg, [transfer, word(ZeroAddress)], from);
  const destroyed = await find(opg, [transfer, null, nowhere.map(word)], from);
  return [...minted, ...destroyed];
}

function transferReader(keeper: Bookkeeper): (log: Log, at: Place) => void {
  const token = new Interface(opgAbi);
  return ({ topics, data }, place) => {
    const { from, to, value } = token.decodeEventLog("Transfer", data, topics);
    const transfer: Transfer = { from: from.toLowerCase(), to: to.toLowerCase(), value };
    keeper.transfer(transfer, place);
  };
}

const utf8 = new TextDecoder();

/**
 * Decodes texts as browsers do (WHATWG Encoding): what is not UTF-8 is replaced, where ethers throws, and a byte order mark in
 * front is no part of it. Anybody can write such texts.
 */
class AnyTextCoder extends AbiCoder {
  override decode(types: readonly (string | ParamType)[], data: BytesLike, loose?: boolean): Result {
    const texts = types.map((type) => ParamType.from(type).type === "string");
    const raw = types.map((type, index) => (texts[index] ? "bytes" : type));
    const values = super.decode(raw, data, loose).toArray();
    return Result.fromItems(values.map((value, index) => (texts[index] ? utf8.decode(getBytes(value)) : value)));
  }
}

class EventDecoder extends Interface {
  override getAbiCoder(): AbiCoder {
    return new AnyTextCoder();
  }
}

/** Decodes a contract's logs and hands each to its meaning. Events that the ABI does not have are passed over. */
function reader<const A extends Abi>(abi: A, meanings: Meanings<A>): (log: Log, at: Place) => void {
  const decoder = new EventDecoder(abi);
  const byName: Readonly<Record<string, ((args: never, at: Place) => void) | null>> = meanings;
  return (log, place) => {
    const event = decoder.parseLog(log);
    const meaning = event === null ? null : byName[event.name];
    if (event === null || meaning === null || meaning === undefined) return;
    const args = plainStruct(event.fragment.inputs, event.args.toArray());
    meaning(lowerAddresses(event.fragment.inputs, args) as never, place);
  };
}

/** The same values, with addresses in lower case. */
function lowerAddresses(types: readonly ParamType[], values: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    types.map((type): [string, unknown] => {
      const value = values[type.name];
      if (type.isTuple()) return [type.name, lowerAddresses(type.components, Object(value))];
      return [type.name, type.baseType === "address" ? String(value).toLowerCase() : value];
    }),
  );
}

/** Logs in chain order, each with its place. @throws Unreadable if a block is not the one that its logs are of. */
async function locate(
  provider: JsonRpcProvider,
  logs: readonly Log[],
  progress: Progress,
): Promise<(readonly [Log, Place])[]> {
  const numbers = [...new Set(logs.map(({ blockNumber }) => blockNumber))];
  const blocks = new Map<number, Block>();
  await inParallel(numbers, "blocks", progress, async (number) => {
    const block = await provider.getBlock(number, true);
    if (block !== null) blocks.set(number, block);
  });
  const sorted = [...logs].sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
  return sorted.map((log) => {
    const block = blocks.get(log.blockNumber);
    const transaction = block?.prefetchedTransactions.find(({ hash }) => hash === log.transactionHash);
    if (block?.hash !== log.blockHash || transaction === undefined) {
      throw new Unreadable(`block ${log.blockNumber} changed while it was read; try again`);
    }
    return [
      log,
      {
        address: log.address.toLowerCase(),
        blockNumber: BigInt(log.blockNumber),
        timestamp: BigInt(block.timestamp),
        transactionHash: log.transactionHash,
        transactionIndex: log.transactionIndex,
        logIndex: log.index,
        sender: transaction.from.toLowerCase(),
      },
    ] as const;
  });
}

/** Does a task for every item, some at once, and says how far it is. */
export async function inParallel<T>(
  items: readonly T[],
  what: string,
  progress: Progress,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  let done = 0;
  const work = async () => {
    for (const item of waiting) {
      await task(item);
      progress(what, ++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
