import { expect } from "chai";
import type { Filter, Log, Provider } from "ethers";
import { findLogs } from "../../../sdk/src/chain/findLogs.ts";
import { inOrder } from "../../../sdk/src/chain/inOrder.ts";
import { payableWith } from "../../../sdk/src/chain/payableWith.ts";
import { ethers, loadProtocol } from "../../support/fixtures.ts";

describe("SDK: reading logs", () => {
  /** A provider with one log a block, that refuses more than `most` blocks at once. */
  function stingy(most: number, last: number) {
    const asked: [number, number][] = [];
    const provider = {
      getBlockNumber: async () => last,
      getLogs: async ({ fromBlock, toBlock }: Filter) => {
        const [from, to] = [Number(fromBlock), Number(toBlock)];
        if (to - from + 1 > most) throw new Error(`more than ${most} blocks`);
        asked.push([from, to]);
        return Array.from({ length: to - from + 1 }, (_, index) => ({ blockNumber: from + index }) as Log);
      },
    };
    return { provider: provider as unknown as Provider, asked };
  }
  const filter = { address: "0x", topics: [] };

  it("asks in smaller pieces when a node refuses large ones, and misses no block and repeats none", async () => {
    for (const [most, last] of [
      [7, 100],
      [1, 5],
      [1_000, 999],
      [49_999, 120_000],
    ] as const) {
      const { provider } = stingy(most, last);
      const blocks = (await findLogs(provider, filter, 0)).map(({ blockNumber }) => blockNumber);
      expect(blocks, `${most} of ${last}`).to.deep.equal(Array.from({ length: last + 1 }, (_, block) => block));
    }
  });

  it("passes on what the node says when it refuses even one block", async () => {
    const { provider } = stingy(0, 10);
    let message = "";
    await findLogs(provider, filter, 3).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.equal("more than 0 blocks");
  });
});

describe("SDK: sending in order", () => {
  it("runs the tasks of one account one after the other, and goes on after one that failed", async () => {
    const order: string[] = [];
    const task =
      (name: string, milliseconds: number, fails = false) =>
      async () => {
        order.push(`${name} starts`);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([
      inOrder("0xA", task("first", 20, true)),
      inOrder("0xA", task("second", 1)),
      inOrder("0xB", task("other", 1)),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal(["rejected", "fulfilled", "fulfilled"]);
    expect(order.filter((line) => !line.startsWith("other"))).to.deep.equal([
      "first starts",
      "first ends",
      "second starts",
      "second ends",
    ]);
    expect(order.indexOf("other ends")).to.be.lessThan(order.indexOf("first ends"));
  });
});

describe("SDK: paying", () => {
  it("approves exactly the amount where a token has no permit", async () => {
    const { accounts, contracts } = await loadProtocol();
    const token = await ethers.deployContract("PlainToken", [accounts.requester, 100n]);
    const payment = {
      token: await token.getAddress(),
      spender: await contracts.settlement.getAddress(),
      amount: 5n,
      chainId: 31_337,
    };
    expect(await payableWith(accounts.requester, payment)).to.equal(undefined);
    expect(await token.allowance(accounts.requester, contracts.settlement)).to.equal(5n);
  });

  it("signs a permit for exactly the amount, and nothing if the allowance is there", async () => {
    const { accounts, contracts } = await loadProtocol();
    const { usd, settlement } = contracts;
    const payment = {
      token: await usd.getAddress(),
      spender: await settlement.getAddress(),
      amount: 5n,
      chainId: 31_337,
    };
    expect(await payableWith(accounts.requester, payment)).to.equal(undefined);
    await usd.connect(accounts.requester).approve(settlement, 0n);
    const permit = await payableWith(accounts.requester, payment);
    if (permit === undefined) throw new Error("TestUSD has permits");
    await usd.permit(accounts.requester, settlement, permit.value, permit.deadline, permit.v, permit.r, permit.s);
    expect(await usd.allowance(accounts.requester, settlement)).to.equal(5n);
  });
});
