import { cpSync } from "node:fs";
import { expect } from "chai";
import { id, Wallet } from "ethers";
import { teeProof } from "../../sdk/src/attestation/tee.ts";
import { inferenceOf } from "../../sdk/src/batch/receipt.ts";
import { parseReceipt } from "../../sdk/src/channel/channelWire.ts";
import type { ChannelRun, PaymentChannel } from "../../sdk/src/channel/PaymentChannel.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { hashReceipt } from "../../sdk/src/hash/hashReceipt.ts";
import type { InferenceModel } from "../../sdk/src/model.ts";
import type { BatchEvent } from "../../sdk/src/node/batch/BatchSettler.ts";
import { type RunningNode, type ServeOptions, serveNode } from "../../sdk/src/node/serveNode.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { Route } from "../../sdk/src/types.ts";
import { EnclaveRoute } from "../support/enclave.ts";
import { ethers, loadProtocol, networkHelpers, OPG_UNIT, type Protocol, USD_UNIT } from "../support/fixtures.ts";
import { deploymentOf, shoutingModel, shoutingRuntime, temporaryDirectory } from "../support/sdk.ts";

const [PER_REQUEST, PER_UNIT] = [1_000n, 10n];

/** What a call costs: one unit per byte of input. */
const price = (text: string) => PER_REQUEST + BigInt(text.length) * PER_UNIT;

describe("SDK: channels, end to end", () => {
  let p: Protocol;
  let route: EnclaveRoute;
  let model: InferenceModel<string, string>;
  let token: string;
  let node: RunningNode | undefined;
  let events: BatchEvent[];
  let directory: ReturnType<typeof temporaryDirectory>;
  const stop = new AbortController();

  beforeEach(async () => {
    p = await loadProtocol();
    route = await EnclaveRoute.open(p);
    model = shoutingModel(p.modelId, Route.TEE);
    token = await p.contracts.usd.getAddress();
    events = [];
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    await node?.close();
    node = undefined;
    directory.remove();
  });
  after(() => stop.abort());

  /** Starts the fixture's node with its enclave, and publishes where it is reached. */
  async function start(change: Partial<NonNullable<ServeOptions["channels"]>> = {}): Promise<RunningNode> {
    const routeVersion = Number(route.offer.routeVersion);
    node = await serveNode({
      signer: p.accounts.signer,
      deployment: await deploymentOf(p),
      nodes: [p.nodeId],
      models: [shoutingRuntime(p.modelId, Route.TEE)],
      directory: directory.path,
      pollingInterval: 20,
      concurrency: 16,
      channels: {
        enclave: { key: route.enclave.address, prove: (digest) => route.enclave.prove(digest, 0) },
        offers: [{ modelId: p.modelId, routeVersion, token, pricePerRequest: PER_REQUEST, pricePerUnit: PER_UNIT }],
        onBatch: (event) => events.push(event),
        ...change,
      },
    });
    await new OpgOperator({ signer: p.accounts.operator, deployment: await deploymentOf(p) }).describe(
      p.nodeId,
      node.url,
      "",
    );
    return node;
  }

  /** An account with money, and its client. */
  async function payer(index: number): Promise<OpgClient> {
    const wallet = new Wallet(id(`payer ${index}`), ethers.provider);
    await networkHelpers.setBalance(wallet.address, 10n ** 18n);
    await p.contracts.usd.mint(wallet.address, 100n * USD_UNIT);
    return new OpgClient({ signer: wallet, deployment: await deploymentOf(p), signal: stop.signal });
  }

  const openChannel = async (index: number, amount = 10n * USD_UNIT): Promise<PaymentChannel> =>
    (await payer(index)).openChannel({ nodeId: p.nodeId, modelId: p.modelId, token, amount });

  const credit = () => p.contracts.batches.creditOf(token, p.accounts.payout);

  it("pays for 1,000 calls by one settlement, exactly", async () => {
    const { batches, nodes, usd } = p.contracts;
    await start();
    const channels = await Promise.all(Array.from({ length: 10 }, (_, index) => openChannel(index)));
    const runs = await Promise.all(
      channels.map(async (channel, who) => {
        const done: ChannelRun<string>[] = [];
        // Each payer makes four calls at a time.
        for (let n = 0; n < 100; n += 4) {
          done.push(
            ...(await Promise.all(
              [0, 1, 2, 3].map((k) => channel.infer({ model, input: `payer ${who} asks ${n + k}`, maxUnits: 30n })),
            )),
          );
        }
        return done;
      }),
    );
    for (const [who, done] of runs.entries()) {
      for (const [n, { output, amount, proves }] of done.entries()) {
        expect(output).to.equal(`PAYER ${who} ASKS ${n}`);
        expect(amount).to.equal(price(output));
        expect(proves).to.equal("EXECUTION");
      }
    }
    expect(await credit(), "nothing is paid that is not proven").to.equal(0n);

    const free = async () => (await nodes.accountOf(p.nodeId)).free;
    const before = await free();
    await node?.settleBatches();
    const settled = events.filter(({ type }) => type === "batchSettled");
    expect(settled.length).to.equal(1);
    expect(settled[0]?.count).to.equal(1_000n);

    const total = runs.flat().reduce((sum, { amount }) => sum + amount, 0n);
    expect(await credit()).to.equal(total);
    expect(before - (await free())).to.equal(1_000n * OPG_UNIT);
    for (const [index, channel] of channels.entries()) {
      const charged = (runs[index] ?? []).reduce((sum, { amount }) => sum + amount, 0n);
      const { claimed, balance, unpaid } = await channel.state();
      expect([claimed, balance, unpaid]).to.deep.equal([charged, 10n * USD_UNIT - charged, 0n]);
    }
    expect(await usd.balanceOf(batches)).to.equal(100n * USD_UNIT);
    expect(await batches.owed(token)).to.equal(100n * USD_UNIT);

    const [channel, run] = [channels[3], runs[3]?.[70]];
    if (channel === undefined || run === undefined) throw new Error("there is no such run");
    const proof = await channel.settledProof(run.receipt);
    expect(proof?.batch.count).to.equal(1_000n);
  });

  it("needs nothing to be kept: what was charged is read again from chain and node", async () => {
    await start();
    const first = await openChannel(1);
    await first.infer({ model, input: "settled", maxUnits: 30n });
    await node?.settleBatches();
    await Promise.all(["one", "two"].map((input) => first.infer({ model, input, maxUnits: 30n })));
    const charged = price("settled") + price("one") + price("two");
    expect(first.charged).to.equal(charged);

    const again = await (await payer(1)).channel({ nodeId: p.nodeId, modelId: p.modelId, token });
    expect(again.charged).to.equal(charged);
    expect(again.receipts.length, "of what is not settled").to.equal(2);
    await again.infer({ model, input: "three", maxUnits: 30n });
    // The first one does not know of it: it learns so from the node, and goes on.
    await first.infer({ model, input: "four", maxUnits: 30n });
    expect(first.charged).to.equal(charged + price("three") + price("four"));
    await node?.settleBatches();
    expect(await credit()).to.equal(first.charged);
  });

  it("goes on after a crash of the node, and settles what was charged before it", async () => {
    await start();
    const channel = await openChannel(1);
    await channel.infer({ model, input: "before", maxUnits: 30n });
    await node?.close();
    await start();
    const back = await (await payer(1)).channel({ nodeId: p.nodeId, modelId: p.modelId, token });
    const { receipt } = await back.infer({ model, input: "after", maxUnits: 30n });
    expect(receipt.sequence).to.equal(1n);
    await node?.settleBatches();
    expect(await credit()).to.equal(price("before") + price("after"));
  });

  it("charges an answer once that got lost on its way, and gives it again", async () => {
    await start();
    const client = await payer(1);
    await client.openChannel({ nodeId: p.nodeId, modelId: p.modelId, token, amount: USD_UNIT });
    let lost = 0;
    const lossy: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (String(url).endsWith("/v1/channels/inferences") && lost++ === 0) throw new TypeError("the connection broke");
      return response;
    };
    const signer = new Wallet(id("payer 1"), ethers.provider);
    const wary = new OpgClient({ signer, deployment: await deploymentOf(p), fetch: lossy, signal: stop.signal });
    const channel = await wary.channel({ nodeId: p.nodeId, modelId: p.modelId, token });
    const { output } = await channel.infer({ model, input: "lost", maxUnits: 30n });
    expect([output, lost, channel.charged]).to.deep.equal(["LOST", 2, price("lost")]);
    await node?.settleBatches();
    expect(await credit()).to.equal(price("lost"));
  });

  it("settles by itself when enough is charged, or after a while", async () => {
    await start({ settleAt: 3 });
    const channel = await openChannel(1);
    for (const input of ["a", "b", "c"]) await channel.infer({ model, input, maxUnits: 30n });
    while (!events.some(({ type }) => type === "batchSettled")) await new Promise((done) => setTimeout(done, 20));
    expect(await credit()).to.equal(3n * price("a"));
  });

  it("does not answer what the channel cannot pay for, and says what is missing", async () => {
    await start();
    const channel = await openChannel(1, 3_000n);
    await channel.infer({ model, input: "x".repeat(100), maxUnits: 100n });
    const failure = () =>
      channel.infer({ model, input: "once more", maxUnits: 100n }).then(
        () => "answered",
        ({ message }: Error) => message,
      );
    expect(await failure()).to.match(/refused \(402\): the channel holds 3000, and 4000 are needed$/);
    await channel.topUp(10_000n);
    await new Promise((done) => setTimeout(done, 600));
    await channel.infer({ model, input: "once more", maxUnits: 100n });

    await channel.reclaim();
    await node?.close();
    await start();
    const leaving = await (await payer(1)).channel({ nodeId: p.nodeId, modelId: p.modelId, token });
    const message = await leaving.infer({ model, input: "bye", maxUnits: 100n }).catch((error: Error) => error.message);
    expect(message).to.match(/refused \(409\): a withdrawal from the channel is announced$/);
  });

  it("gives the payer back what was not proven, when the node has vanished", async () => {
    await start();
    const channel = await openChannel(1);
    await channel.infer({ model, input: "proven", maxUnits: 30n });
    await node?.settleBatches();
    await channel.infer({ model, input: "never proven", maxUnits: 30n });
    await node?.close();

    const account = await (await payer(1)).channelAccount({ nodeId: p.nodeId, modelId: p.modelId, token });
    const announced = await account.reclaim();
    if (!("withdrawableAt" in announced)) throw new Error("it was not announced");
    expect(await account.reclaim(), "not yet").to.deep.equal(announced);
    await networkHelpers.time.increaseTo(announced.withdrawableAt);
    expect(await account.reclaim()).to.deep.equal({ amount: 10n * USD_UNIT - price("proven") });
  });

  it("refuses to serve from books that are older than the chain", async () => {
    await start();
    const channel = await openChannel(1);
    await channel.infer({ model, input: "first", maxUnits: 30n });
    await node?.close();
    const copy = temporaryDirectory();
    cpSync(directory.path, copy.path, { recursive: true });
    await start();
    await node?.settleBatches();
    await node?.close();

    const taken = directory;
    directory = copy;
    const message = await start().then(
      () => "serves",
      (error: Error) => error.message,
    );
    taken.remove();
    expect(message).to.match(/^The chain has settled 1 inferences .* an older copy/);
  });

  describe("and a node that cheats", () => {
    /** A client that sees the node's answers as `change` makes them. */
    async function deceived(change: (reply: { output: string; receipt: Record<string, unknown> }) => void) {
      await start();
      await openChannel(1);
      const forged: typeof fetch = async (url, init) => {
        const response = await fetch(url, init);
        if (!String(url).endsWith("/v1/channels/inferences") || !response.ok) return response;
        const reply = JSON.parse(await response.text());
        change(reply);
        return new Response(JSON.stringify(reply));
      };
      const signer = new Wallet(id("payer 1"), ethers.provider);
      const client = new OpgClient({ signer, deployment: await deploymentOf(p), fetch: forged, signal: stop.signal });
      const channel = await client.channel({ nodeId: p.nodeId, modelId: p.modelId, token });
      const message = await channel.infer({ model, input: "cheat me", maxUnits: 30n }).then(
        () => "believed",
        (error: Error) => error.message,
      );
      expect(channel.charged, "nothing is paid on").to.equal(0n);
      return message;
    }
    const other = new Wallet(id("not an enclave"));

    for (const [what, change, refusal] of [
      ["charges more", { amount: "1081" }, /charges 1081, and 1080 of 1300 at most is agreed/],
      ["meters more than agreed", { units: "31", amount: "1310" }, /meters 31 units, and 30 were agreed/],
      ["answers another input", { inputHash: id("other") }, /another input/],
      ["names another channel", { channelId: id("other") }, /another channel/],
      ["meters and charges less than it signed", { units: "7", amount: "1070" }, /not signed by an enclave/],
      ["numbers otherwise than it signed", { sequence: "9" }, /not signed by an enclave/],
      ["sends a proof that is none", { proof: "0x" }, /not signed by an enclave/],
    ] as const) {
      it(`is refused if it ${what}`, async () => {
        expect(await deceived(({ receipt }) => Object.assign(receipt, change))).to.match(refusal);
      });
    }

    it("is refused if it sends another output than the enclave's", async () => {
      const message = await deceived((reply) => {
        reply.output = "0x1234";
      });
      expect(message).to.match(/not what the receipt commits to/);
    });

    it("is refused if a key signs that is not attested", async () => {
      const message = await deceived(({ receipt }) => {
        const stream = { ...Object(receipt.stream), key: other.address };
        const domain = { chainId: 31_337, settlement: stream.ledger };
        const parsed = parseReceipt({ ...receipt, stream });
        const digest = hashReceipt(domain, inferenceOf(parsed.stream, parsed));
        Object.assign(receipt, { stream, proof: teeProof(other.signingKey, digest, 0) });
      });
      expect(message).to.match(/not signed by an enclave that model .* trusts/);
    });
  });
});
