import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Random } from "../../bench/indexer/random.ts";
import { REORG_WINDOW } from "../../indexer/anchor.ts";
import { directoryAnchor } from "../../indexer/pglite.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { type Report, reconcile } from "../../scripts/reconcile/reconcile.ts";
import type { Source } from "../../scripts/reconcile/tables.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { askedInDocs } from "../support/appQuestions.ts";
import { BatchRoute, channelKey, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { type FaultyRpc, serveFaultyRpc } from "../support/faultyRpc.ts";
import { ethers, loadProtocol, networkHelpers, OPG_UNIT, type Protocol, provider, Route } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { deploymentOf } from "../support/sdk.ts";

/** A line of the indexer's log. */
interface LogLine {
  readonly msg?: string;
  readonly number?: number;
}

const deep = process.env.OPG_DEEP === "1";

/** What is right stays right: under reorganisations, kills, and an RPC node that fails. */
describe("indexer, under stress", function () {
  this.timeout(deep ? 3_600_000 : 240_000);
  const seed = Number(process.env.OPG_SEED ?? 1 + (Date.now() % 1_000_000));
  const random = new Random(seed);

  let protocol: Protocol;
  let rpc: RpcServer;
  let faulty: FaultyRpc;
  let deployment: Deployment;
  const directories: string[] = [];

  before(async () => {
    protocol = await loadProtocol();
    rpc = await serveRpc(provider);
    faulty = await serveFaultyRpc(rpc.url);
    deployment = await deploymentOf(protocol);
  });
  afterEach(() => {
    faulty.fault = () => null;
  });
  after(async () => {
    await faulty?.close();
    await rpc?.close();
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });

  const newDirectory = () => {
    const directory = mkdtempSync(join(tmpdir(), "opg-right-"));
    directories.push(directory);
    return directory;
  };

  /** One block with something of the protocol's in it, whichever. */
  const act = async () => {
    const { settlement, nodes, usd } = protocol.contracts;
    const { operator, requester, stranger } = protocol.accounts;
    const asOperator = nodes.connect(operator);
    const actions = [
      () => protocol.request(),
      () => protocol.delivered(),
      () => protocol.settled(),
      () => protocol.settled({ offer: { route: Route.TEE } }),
      async () => {
        const { terms } = await protocol.request();
        await settlement.connect(protocol.accounts.signer).decline(terms);
      },
      () => asOperator.unbond(protocol.nodeId, OPG_UNIT),
      () => asOperator.rebond(protocol.nodeId, 1n).catch(() => networkHelpers.mine()),
      () =>
        settlement
          .connect(requester)
          .withdraw(protocol.contracts.usd, stranger)
          .catch(() => networkHelpers.mine()),
      () => protocol.contracts.opg.connect(operator).burn(3n),
      // What makes the requester's demand the operator's own.
      () => usd.connect(operator).transfer(requester, 1n),
    ];
    await actions[random.whole(0, actions.length - 1)]?.();
  };
  /** Blocks one by one: several that Hardhat mines at once are linked only when somebody looks. */
  const mineUntil = async (block: number) => {
    while ((await ethers.provider.getBlockNumber()) < block) await networkHelpers.mine();
  };
  const actUntil = async (block: number) => {
    while ((await ethers.provider.getBlockNumber()) < block) await act();
  };

  /** The life of a channel: opened, drawn on by batches, short of balance, withdrawn from; an equivocation; an emergency. */
  const batch = async () => {
    const { requester, payout, stranger } = protocol.accounts;
    const batches = await BatchRoute.open(protocol);
    const { contract, token } = batches;
    const asRequester = contract.connect(requester);
    const [signer, poor] = [channelKey(0), channelKey(1)];
    const channelId = await batches.openChannel(signer);
    await batches.openChannel(poor, 5n);
    await batches.settle({ signer, ceiling: 30n, amount: 20n }, { signer: poor, ceiling: 9n, amount: 9n });
    await batches.settle({ signer: channelKey(2), ceiling: 1n, amount: 1n });
    await asRequester.deposit(...batches.place(poor), 2n);
    const [nodeId, modelId, routeVersion] = batches.place(poor);
    await contract.claim(nodeId, modelId, routeVersion, token, batches.rows({ signer: poor, ceiling: 9n, amount: 0n }));
    await contract.connect(payout).withdraw(token, stranger);
    await asRequester.announceWithdrawal(channelId);
    await asRequester.cancelWithdrawal(channelId);
    await asRequester.announceWithdrawal(channelId);
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    await asRequester.withdrawChannel(...batches.place(signer), requester);
    await batches.route.attestAgain();
    const a = await batches.batch("0x");
    const b = { ...a, count: 2n };
    await contract.connect(stranger).reportEquivocation(a, batches.prove(a), b, batches.prove(b));
    await contract.connect(stranger).withdraw(protocol.contracts.opg, stranger);
    const { validFrom } = await batches.route.tee.enclaveAt(protocol.nodeId, 0);
    await batches.route.tee.emergencyRevoke(protocol.nodeId, 0, validFrom);
    return { batches, channels: [channelId, batches.channelId(poor)] };
  };

  type Page = { readonly items: Record<string, unknown>[] };

  /** What a node's reputation and the alerts say after {@link batch}. */
  const tellsOfEquivocation = async (indexer: Indexer, { route }: BatchRoute) => {
    const { nodeId } = protocol;
    const { alerts, nodeReputations } = await indexer.query<Record<"alerts" | "nodeReputations", Page>>(
      `query ($nodeId: String!) {
        alerts(where: { nodeId: $nodeId, severity: "CRITICAL" }, orderBy: "kind") { items { kind subject } }
        nodeReputations(where: { nodeId: $nodeId }) { items { slashed equivocations } }
      }`,
      { nodeId },
    );
    const key = route.enclave.address.toLowerCase();
    expect(alerts.items.filter(({ kind }) => kind !== "SLASHED")).to.deep.equal([
      { kind: "ENCLAVE_REVOKED", subject: key },
      { kind: "EQUIVOCATED", subject: key },
      { kind: "KEY_FAULTED", subject: key },
    ]);
    expect(alerts.items.map(({ kind }) => kind)).to.include("SLASHED");
    const [reputation] = nodeReputations.items;
    expect(reputation?.equivocations).to.equal("1");
    expect(BigInt(String(reputation?.slashed)) > 0n).to.equal(true);
  };

  /** The questions of apps in docs/indexer.md that are about enclaves and channels. */
  const answersQuestions = async (indexer: Indexer, { contract, route }: BatchRoute, channels: readonly string[]) => {
    const { validUntil, key } = await route.tee.enclaveAt(protocol.nodeId, 1);
    const expiring = async (now: bigint) => {
      const times = { now: String(now), week: String(now + 604_800n) };
      return (await indexer.query<{ enclaves: Page }>(askedInDocs(5, "graphql"), times)).enclaves.items;
    };
    expect(await expiring(validUntil - 604_800n)).to.deep.equal([]);
    expect(await expiring(validUntil)).to.deep.equal([]);
    const [enclave, ...others] = await expiring(validUntil - 604_799n);
    expect(others).to.deep.equal([]);
    expect(enclave).to.deep.include({
      nodeId: protocol.nodeId,
      key: key.toLowerCase(),
      validUntil: String(validUntil),
    });
    const account = protocol.accounts.requester.address.toLowerCase();
    const { channels: found } = await indexer.query<{ channels: Page }>(askedInDocs(7, "graphql"), { account });
    expect(found.items.map(({ id }) => id)).to.have.members(channels);
    for (const { id, balance, claimed, withdrawalDelay } of found.items) {
      const channel = await contract.channelOf(String(id));
      expect([balance, claimed]).to.deep.equal([String(channel.balance), String(channel.claimed)]);
      expect(withdrawalDelay).to.equal(String(WITHDRAWAL_DELAY));
    }
  };

  const agrees = ({ differences, rows }: Report) => {
    expect(differences, `with seed ${seed}`).to.deep.equal([]);
    expect(rows.inference).to.be.greaterThan(0);
  };
  const reconciled = async (source: Source) => {
    const block = await ethers.provider.getBlockNumber();
    agrees(await reconcile({ rpcUrl: rpc.url, deployment, source, block }));
  };

  it("follows reorganisations of 1 to 64 blocks, and agrees with the chain after each", async () => {
    await protocol.contracts.usd.mint(protocol.accounts.operator, 1_000n);
    await actUntil((await ethers.provider.getBlockNumber()) + 8);
    const indexer = await startIndexer({ rpcUrl: rpc.url, deployment });
    try {
      await indexer.ready;
      const depths = [...(deep ? [64] : []), ...Array.from({ length: deep ? 40 : 1 }, () => random.whole(1, 64))];
      for (const depth of depths) {
        const snapshot = await networkHelpers.takeSnapshot();
        const fork = await ethers.provider.getBlockNumber();
        // The load goes on while the indexer reads; empty blocks make up the depth.
        for (let i = 0; i < 5 && (await ethers.provider.getBlockNumber()) < fork + depth; ++i) await act();
        await mineUntil(fork + depth);
        // Ponder asks for a minute about a block that a reorganisation took from under it.
        if (!deep || random.chance(0.8)) await indexer.reached(fork + depth);
        await snapshot.restore();
        await networkHelpers.time.increase(random.whole(1, 50));
        for (let i = 0; i < 3; ++i) await act();
        // Until the new chain is longer, the old one's head has the same number.
        await mineUntil(fork + depth + 1);
        await indexer.reached(await ethers.provider.getBlockNumber());
        await reconciled({ kind: "indexer", url: indexer.url });
      }
      const { batches, channels } = await batch();
      await indexer.reached(await ethers.provider.getBlockNumber());
      await reconciled({ kind: "indexer", url: indexer.url });
      await tellsOfEquivocation(indexer, batches);
      await answersQuestions(indexer, batches, channels);
      // Hardhat calls its latest block safe and final.
      const head = await ethers.provider.getBlockNumber();
      const response = await fetch(`${indexer.url}/finality?blocks=1,${head + 1}`);
      const answer = (await response.json()) as { blocks: Record<string, string> };
      expect(answer.blocks).to.deep.equal({ 1: "FINALISED", [head + 1]: "PENDING" });
      expect((await fetch(`${indexer.url}/finality?blocks=latest`)).status).to.equal(400);
    } finally {
      await indexer.stop();
    }
  });

  it("ends when the chain takes back more than it can follow, and does not start on those tables again", async function () {
    if (!deep) this.skip(); // It looks every 15 s only.
    const fork = await ethers.provider.getBlockNumber();
    const snapshot = await networkHelpers.takeSnapshot();
    await act();
    await mineUntil(fork + REORG_WINDOW + 3);
    const dataDir = newDirectory();
    const start = () => startIndexer({ rpcUrl: rpc.url, deployment, dataDir });
    const indexer = await start();
    await indexer.ready;
    while ((await directoryAnchor(dataDir).read()) === null) await sleep(50);
    await snapshot.restore();
    await networkHelpers.time.increase(50);
    await mineUntil(fork + REORG_WINDOW + 5);
    for (const run of [() => indexer.ended, start]) {
      const end: unknown = await run().catch((error: unknown) => error);
      expect(String(end)).to.contain("The chain has another block").and.contain("--fresh");
    }
  });

  /** Starts an indexer in a process of its own, and kills that with SIGKILL at the first line of its log that fits. */
  const killedAt = async (dataDir: string, fits: (line: LogLine) => boolean) => {
    const start = `
      const { startIndexer } = await import(process.argv[1]);
      const indexer = await startIndexer({ ...JSON.parse(process.argv[2]), log: (line) => console.log(line) });
      await indexer.ended;
    `;
    const module = new URL("../../indexer/start.ts", import.meta.url).href;
    const options = JSON.stringify({ rpcUrl: rpc.url, deployment, dataDir });
    const child = spawn(process.execPath, ["--input-type=module", "-e", start, module, options], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("{") && fits(JSON.parse(line) as LogLine)) break;
    }
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    // The indexer's own process ends by the same signal as soon as it notices.
    await sleep(500);
  };

  it("goes on from its tables after kills and failures of the RPC node, and agrees with the chain", async function () {
    if (!deep) this.skip(); // It starts the indexer three times over, which takes minutes on a busy machine.
    protocol = await loadProtocol();
    // Enough for a history that is read before the blocks that can be taken back.
    await mineUntil(150);
    for (let i = 0; i < 5; ++i) await act();
    const dataDir = newDirectory();
    await killedAt(dataDir, ({ msg }) => msg === "Started fetching backfill JSON-RPC data");
    const live = (await ethers.provider.getBlockNumber()) - 60;
    await killedAt(dataDir, ({ msg, number = 0 }) => msg === "Indexed block" && number > live);

    const met = new Map<string, number>();
    /** Whether a fault is still to happen; each happens that many times. */
    const first = (name: string, times = 1) => {
      const count = met.get(name) ?? 0;
      if (count < times) met.set(name, count + 1);
      return count < times;
    };
    const several = (result: unknown): result is unknown[] => Array.isArray(result) && result.length > 1;
    faulty.fault = (method, [filter]) => {
      if (method === "eth_getBlockByNumber" && first("429", 3)) return { kind: "429" };
      if (method === "eth_getBlockByHash" && first("broken", 2)) return { kind: "broken" };
      if (deep && method === "eth_getBlockByHash" && first("silence")) return { kind: "silence" };
      if (method !== "eth_getLogs") return null;
      const where = Object(filter).blockHash === undefined ? "range" : "block";
      return {
        kind: "other",
        change: ({ result }) => {
          if (!several(result)) return result;
          if (first(`omitted from a ${where}`)) return result.slice(0, -1);
          if (first(`all omitted from a ${where}`)) return [];
          if (where === "block" && first("repeated in a block")) return [...result, result.at(-1)];
          return result;
        },
      };
    };
    const indexer = await startIndexer({ rpcUrl: faulty.url, deployment, dataDir });
    try {
      await indexer.ready;
      for (let i = 0; i < 4; ++i) await act();
      await indexer.reached(await ethers.provider.getBlockNumber());
      expect([...met.keys()]).to.include.members([
        "429",
        "broken",
        "omitted from a range",
        "all omitted from a range",
        "omitted from a block",
        "all omitted from a block",
        "repeated in a block",
      ]);
      await reconciled({ kind: "indexer", url: indexer.url });
    } finally {
      await indexer.stop();
    }
    await reconciled({ kind: "pglite", directory: dataDir, schema: "opg" });
  });
});
