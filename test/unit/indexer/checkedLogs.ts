import { expect } from "chai";
import { id } from "ethers";
import { Bloom } from "../../../indexer/src/rpc/bloom.ts";
import { CheckedLogs, IncompleteLogs, type LogFilter, type RpcRequest } from "../../../indexer/src/rpc/checkedLogs.ts";
import { ethers } from "../../support/fixtures.ts";

type Hex = `0x${string}`;

const address = (digit: number): Hex => `0x${String(digit).repeat(40)}`;
const topic = (name: string) => id(name) as Hex;

/** A chain of three blocks; two contracts emit in the first and the last. */
const blocks = [
  [
    { address: address(1), topics: [topic("A")], data: "0x01" },
    { address: address(2), topics: [topic("B"), topic("x")], data: "0x02" },
    { address: address(1), topics: [topic("A"), topic("y")], data: "0x03" },
  ],
  [],
  [{ address: address(1), topics: [topic("C")], data: "0x04" }],
].map((logs, number) => ({
  number: `0x${number.toString(16)}` as Hex,
  hash: topic(`block ${number}`),
  logs: logs.map((log, index) => ({
    ...log,
    blockNumber: `0x${number.toString(16)}`,
    blockHash: topic(`block ${number}`),
    logIndex: `0x${index.toString(16)}`,
  })),
}));

type RpcLog = (typeof blocks)[number]["logs"][number];

/** A node that knows the blocks, whose answers to eth_getLogs are changed. */
const node =
  (change: (logs: RpcLog[], filter: LogFilter) => unknown): RpcRequest =>
  async ({ method, params: [wanted] }) => {
    if (method !== "eth_getLogs") {
      const block = blocks.find(({ number, hash }) => number === wanted || hash === wanted);
      return block === undefined ? null : { hash: block.hash, logsBloom: String(Bloom.of(block.logs)) };
    }
    const filter = Object(wanted) as LogFilter;
    const topics = filter.topics?.[0];
    const logs = blocks
      .filter(({ number, hash }) =>
        filter.blockHash === undefined
          ? number >= (filter.fromBlock ?? "") && number <= (filter.toBlock ?? "")
          : hash === filter.blockHash,
      )
      .flatMap((block) => block.logs)
      .filter((log) => filter.address === undefined || log.address === filter.address)
      .filter((log) => topics === undefined || topics === null || [topics].flat().includes(log.topics[0] ?? "0x"));
    return change(logs, filter);
  };

const range: LogFilter = { address: address(1), topics: [[topic("A"), topic("C")]], fromBlock: "0x0", toBlock: "0x2" };
const whole: LogFilter = { blockHash: topic("block 0") };

const refused = async (filter: LogFilter, change: (logs: RpcLog[], filter: LogFilter) => unknown) => {
  const error = await new CheckedLogs(node(change)).get(filter).catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(IncompleteLogs);
};

describe("logs of an RPC node", () => {
  it("pass as they are when they are complete, of a block and of a range", async () => {
    const logs = new CheckedLogs(node((all) => all));
    expect(await logs.get(whole)).to.deep.equal(blocks[0]?.logs);
    expect((await logs.get(range)).map(({ data }) => data)).to.deep.equal(["0x01", "0x03", "0x04"]);
    expect(await logs.get({ ...range, address: address(3) })).to.deep.equal([]);
  });

  it("are refused when any one is left out", async () => {
    for (const filter of [range, whole]) {
      for (const index of [0, 1, 2]) {
        await refused(filter, (all, asked) => (asked === filter ? all.toSpliced(index, 1) : all));
      }
      await refused(filter, (all, asked) => (asked === filter ? [] : all));
    }
  });

  it("are refused when one comes twice, is changed, or was not asked for", async () => {
    const foreign = { ...blocks[0]?.logs[1], blockNumber: "0x1", blockHash: topic("block 1") };
    for (const filter of [range, whole]) {
      const only = (changed: (logs: RpcLog[]) => unknown) => (all: RpcLog[], asked: LogFilter) =>
        asked === filter ? changed(all) : all;
      await refused(
        filter,
        only((all) => [...all, all.at(-1)]),
      );
      await refused(
        filter,
        only((all) => [...all, foreign]),
      );
      await refused(
        filter,
        only((all) => all.toReversed()),
      );
    }
    await refused(range, (all, asked) => (asked === range ? all.map((log) => ({ ...log, data: "0x" })) : all));
    await refused(range, () => null);
  });

  it("are refused when the node does not have the block", async () => {
    await refused({ blockHash: topic("another block") }, (all) => all);
    await refused({ ...range, toBlock: "0x3" }, (all) => all);
  });

  it("are asked for again after a refusal, and pass once they are complete", async () => {
    let lagging = true;
    const logs = new CheckedLogs(node((all) => (lagging ? all.slice(1) : all)));
    expect(await logs.get(range).catch((error: unknown) => error)).to.be.instanceOf(IncompleteLogs);
    lagging = false;
    expect(await logs.get(range)).to.have.length(3);
  });

  it("have the bloom filter that a client computes", async () => {
    const token = await ethers.deployContract("TestUSD");
    const receipt = await (await token.mint(address(7), 1n)).wait();
    const block = await ethers.provider.send("eth_getBlockByNumber", [`0x${receipt?.blockNumber.toString(16)}`, false]);
    const logs = receipt?.logs.map((log) => ({ address: log.address as Hex, topics: log.topics as Hex[] })) ?? [];
    expect(logs).to.have.length(1);
    expect(String(Bloom.of(logs))).to.equal(block.logsBloom);
    expect(Bloom.parse(block.logsBloom).mayHave(address(7))).to.equal(false);
  });
});
