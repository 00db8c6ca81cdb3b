import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createClient, sql } from "@ponder/client";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { askedInDocs } from "../support/appQuestions.ts";
import { ethers, loadProtocol, networkHelpers, type Protocol, provider, Route } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { deploymentOf } from "../support/sdk.ts";

/** What a browser, a script or a stranger gets from the indexer over HTTP. */
describe("the indexer's API", () => {
  let protocol: Protocol;
  let rpc: RpcServer;
  let indexer: Indexer;
  let directory: string;
  let settledId: string;
  let unprovenId: string;
  /** What was answered before history was read. */
  const whileStarting: [path: string, status: number, body: string][] = [];

  const get = (path: string, init?: RequestInit) => fetch(`${indexer.url}${path}`, init);
  /** What a statement answers. */
  const rows = async (statement: string, params: unknown[]): Promise<Record<string, string>[]> => {
    const response = await get(
      `/sql/db?sql=${encodeURIComponent(JSON.stringify({ json: { sql: statement, params } }))}`,
    );
    const text = await response.text();
    expect(response.status, text).to.equal(200);
    return (JSON.parse(text) as { rows: Record<string, string>[] }).rows;
  };

  before(async function () {
    this.timeout(240_000);
    protocol = await loadProtocol();
    let letHistory = () => {};
    const history = new Promise<void>((resolve) => {
      letHistory = resolve;
    });
    rpc = await serveRpc({
      async request(call) {
        if (call.method === "eth_getLogs") await history;
        return provider.request(call);
      },
    });
    directory = mkdtempSync(join(tmpdir(), "opg-api-"));
    writeFileSync(join(directory, "index.html"), "<title>dashboard</title>");
    const deployment = await deploymentOf(protocol);
    // Only what cannot be taken back any more is history. Blocks that Hardhat mines at once are linked only later.
    for (let block = 0; block < 150; ++block) await networkHelpers.mine();
    indexer = await startIndexer({ rpcUrl: rpc.url, deployment, dashboard: directory });
    const paths = ["/supply", "/supply/total", `/inferences/${ZeroHash}`, "/metrics/gap?scope=all", "/finality", "/"];
    for (const path of paths) {
      const response = await get(path);
      whileStarting.push([path, response.status, await response.text()]);
    }
    letHistory();
    await indexer.ready;
    ({ requestId: settledId } = await protocol.settled());
    ({ requestId: unprovenId } = await protocol.delivered());
    await networkHelpers.mine();
    await indexer.reached(await ethers.provider.getBlockNumber());
  });
  after(async () => {
    await indexer?.stop();
    await rpc?.close();
    rmSync(directory, { recursive: true });
  });

  it("serves the dashboard at /, and no site may frame it", async () => {
    const response = await get("/");
    expect(await response.text()).to.contain("<title>dashboard</title>");
    expect(response.headers.get("content-security-policy")).to.contain("frame-ancestors 'none'");
  });

  it("serves the editor for GraphQL at /graphql", async () => {
    const response = await get("/graphql");
    expect(response.headers.get("content-type")).to.match(/^text\/html/);
  });

  it("answers pages of other origins", async () => {
    for (const path of ["/supply", "/finality", "/status"]) {
      const response = await get(path, { headers: { origin: "https://app.example" } });
      expect(response.headers.get("access-control-allow-origin"), path).to.equal("*");
    }
    const preflight = await get("/graphql", {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get("access-control-allow-methods")).to.contain("POST");
    expect(preflight.headers.get("access-control-allow-headers")).to.equal("content-type");
  });

  describe("REST", () => {
    /** What the tests need of an OpenAPI description. */
    interface Operation {
      operationId: string;
      summary: string;
      responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
    }
    let document: { openapi: string; paths: Record<string, Record<string, Operation>>; components: object };
    let ajv: Ajv2020;

    before(async () => {
      document = (await (await get("/openapi.json")).json()) as typeof document;
      ajv = new Ajv2020({ strict: true, strictTypes: false, keywords: ["example", "components"] });
      ajv.addSchema({ $id: "api", components: document.components });
    });

    /** Asks, and holds the answer to what the description says of it. */
    const ask = async <Answer>(path: string, status = 200): Promise<Answer> => {
      const response = await get(path);
      const body = await response.text();
      expect(response.status, `${path}: ${body}`).to.equal(status);
      expect(response.headers.get("cache-control"), path).to.equal("no-cache");
      const name = path.replace(/\?.*/s, "").replace(/0x[0-9a-fA-F]+/, "{id}");
      const [type, { schema }] = Object.entries(document.paths[name]?.get?.responses[status]?.content ?? {})[0] ?? [
        "none",
        { schema: {} },
      ];
      expect(response.headers.get("content-type"), path).to.contain(type);
      const answer = type === "text/plain" ? body : JSON.parse(body);
      const pointer = JSON.parse(JSON.stringify(schema).replaceAll("#/components", "api#/components"));
      const holds = ajv.compile(pointer);
      expect(holds(answer), `${path}: ${ajv.errorsText(holds.errors)}: ${body}`).to.equal(true);
      return answer as Answer;
    };
    const refused = async (path: string, status: number, error: string) =>
      expect(await ask<object>(path, status)).to.deep.equal({ error });

    it("is described by OpenAPI 3.1: each question with a name of its own and every answer's schema", () => {
      expect(document.openapi).to.equal("3.1.0");
      const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
      expect(operations).to.have.length.greaterThan(6);
      const names = operations.map(({ operationId }) => operationId);
      expect(new Set(names).size).to.equal(names.length);
      for (const { operationId, summary, responses } of operations) {
        expect(summary, operationId).to.match(/\w/);
        for (const [status, { description, content }] of Object.entries(responses)) {
          expect(description, operationId).to.match(/\w/);
          for (const { schema } of Object.values(content ?? {})) {
            // Compiles only if it is JSON Schema 2020-12 and its references lead somewhere.
            const text = JSON.stringify(schema).replaceAll("#/components", "api#/components");
            expect(() => ajv.compile(JSON.parse(text)), `${operationId} ${status}`).to.not.throw();
          }
        }
      }
    });

    it("says nothing of the chain's past until history is read, but that it is starting", () => {
      const starting = [503, '{"error":"the indexer is starting; try again"}'];
      expect(Object.fromEntries(whileStarting.map(([path, ...answer]) => [path, answer]))).to.deep.include({
        "/supply": starting,
        "/supply/total": starting,
        [`/inferences/${ZeroHash}`]: starting,
        "/metrics/gap?scope=all": starting,
      });
      const others = whileStarting.filter(([path]) => ["/finality", "/"].includes(path));
      expect(others.map(([, status]) => status)).to.deep.equal([200, 200]);
      for (const [path, { get }] of Object.entries(document.paths)) {
        const isOfHistory = !["/finality", "/tokens"].includes(path);
        expect(Object.keys(get?.responses ?? {}).includes("503"), path).to.equal(isOfHistory);
      }
    });

    it("gives the supply and the burn", async () => {
      const { supply, burned } = await ask<Record<"supply" | "burned", string>>("/supply");
      expect(BigInt(supply)).to.equal(await protocol.contracts.opg.totalSupply());
      expect(ethers.parseEther(await ask<string>("/supply/total"))).to.equal(BigInt(supply));
      expect(ethers.parseEther(await ask<string>("/supply/burned"))).to.equal(BigInt(burned));
    });

    it("gives the deflation, with gaps left out or filled", async () => {
      const { supply, burned } = await ask<Record<"supply" | "burned", string>>("/supply");
      type Point = { start: number; burned: string; supply: string; annualised: number };
      const rows = await ask<Point[]>("/metrics/deflation?bucket=hour");
      expect(rows.at(-1)).to.include({ burned, supply });
      const [before, last] = rows.slice(-2);
      const rate = (Number(burned) / Number(before?.supply)) * 365 * 24;
      expect(Math.abs(Number(last?.annualised) / rate - 1)).to.be.lessThan(1e-9);
      expect(await ask("/metrics/deflation?bucket=hour&fill=none&limit=1")).to.deep.equal(rows.slice(-1));
      const filled = await ask<Point[]>("/metrics/deflation?bucket=hour&fill=zero&limit=1000");
      expect(filled.map(({ start }) => start)).to.deep.equal(
        filled.map((_, index) => (filled[0]?.start ?? 0) + index * 3_600),
      );
      expect(filled.filter(({ burned }) => burned !== "0")).to.deep.equal(rows.filter(({ burned }) => burned !== "0"));
      await refused("/metrics/deflation?limit=0", 400, "limit is a whole number from 1 to 1000, not 0");
      await refused("/metrics/deflation?limit=1001", 400, "limit is a whole number from 1 to 1000, not 1001");
      await refused("/metrics/deflation?limit=2.5", 400, "limit is a whole number from 1 to 1000, not 2.5");
      await refused("/metrics/deflation?fill=all", 400, "fill is none or zero, not all");
    });

    it("sums deflation up at the time of the latest block", async () => {
      const summary = await ask<{
        at: number;
        supply: string;
        burned: string;
        rolling: Record<"day" | "week" | "month", { since: number; burned: string; annualised: number }>;
        projection: { days: number; supply: string }[];
      }>("/metrics/deflation/summary");
      const { rolling, projection } = summary;
      expect(summary.at).to.equal(await networkHelpers.time.latest());
      expect(rolling.day).to.include({ burned: summary.burned });
      expect(rolling.day.since).to.equal(summary.at - (summary.at % 3_600) - 86_400);
      // No window begins before the protocol, which is younger than a week.
      expect(rolling.week).to.deep.equal(rolling.month);
      expect(rolling.week.since).to.be.within(summary.at - 7 * 86_400, rolling.day.since);
      const supplies = [summary, ...projection].map(({ supply }) => BigInt(supply));
      expect(supplies).to.deep.equal([...supplies].sort((a, b) => (a < b ? 1 : -1)));
    });

    it("relates what burned to the fees that it burned for, by token", async () => {
      type PerFee = Record<"fees" | "feesNet" | "burned" | "burnedNet", string> &
        Record<"opgPerUnit" | "opgPerUnitNet", number>;
      const { perFee } = await ask<{ perFee: [PerFee] }>("/metrics/deflation/summary");
      expect(perFee).to.have.length(1);
      const [{ fees, feesNet, burned, burnedNet, opgPerUnit, opgPerUnitNet }] = perFee;
      expect(opgPerUnit).to.equal(Number(burned) / Number(fees));
      expect(opgPerUnitNet).to.equal(Number(burnedNet) / Number(feesNet));
    });

    it("gives the collateral at risk, and the stake, over time", async () => {
      const { nodes } = protocol.contracts;
      const { free, bonded, unbonding } = await nodes.accountOf(protocol.nodeId);
      for (const bucket of ["hour", "day", "week"]) {
        const points = await ask<Record<string, string>[]>(`/metrics/collateral?bucket=${bucket}&fill=zero`);
        const now = points.at(-1);
        expect(now).to.include({ staked: String(free + bonded + unbonding), bonded: String(bonded) });
        expect(BigInt(now?.atRisk ?? 0)).to.be.greaterThan(0n);
        expect(BigInt(now?.atRiskPeak ?? 0) >= BigInt(now?.atRisk ?? 0)).to.equal(true);
      }
    });

    it("gives the trust gap: percentiles and a histogram, overall and for a route, a model or a node", async () => {
      type Gap = { statistic: { count: number; p95: number } | null; histogram: { count: number }[] };
      const all = await ask<Gap>("/metrics/gap");
      expect(all.statistic).to.include({ count: 1, p95: 1 });
      expect(all.histogram.reduce((sum, { count }) => sum + count, 0)).to.equal(1);
      for (const place of [
        "route&subject=ZK",
        `model&subject=${protocol.modelId}`,
        `node&subject=${protocol.nodeId}`,
      ]) {
        expect(await ask(`/metrics/gap?scope=${place}`)).to.deep.equal(all);
      }
      expect(await ask<Gap>("/metrics/gap?scope=route&subject=TEE")).to.deep.include({ statistic: null });
      await refused("/metrics/gap?scope=all", 400, "scope is overall, route, model or node, not all");
      await refused("/metrics/gap?scope=node", 400, "the subject of scope node is a node's id, not ");
      await refused("/metrics/gap?subject=ZK", 400, "the subject of scope overall is empty, not ZK");
    });

    it("says where an inference stands, step by step, and what it cost", async () => {
      type Answer = {
        status: string;
        proven: boolean;
        steps: { step: string; finality: string }[];
        trustGap: { seconds: number } | null;
        money: Record<"maxFee" | "fee" | "returned", string>;
      };
      const settled = await ask<Answer>(`/inferences/${settledId}`);
      expect(settled).to.include({ status: "SETTLED", proven: true });
      expect(settled.steps.map(({ step }) => step)).to.deep.equal(["REQUESTED", "DELIVERED", "SETTLED"]);
      expect(BigInt(settled.money.fee) + BigInt(settled.money.returned)).to.equal(BigInt(settled.money.maxFee));
      const unproven = await ask<Answer>(`/inferences/0x${unprovenId.slice(2).toUpperCase()}`);
      expect(unproven).to.deep.include({ status: "DELIVERED", proven: false, trustGap: null });
      expect(unproven.steps.map(({ step }) => step)).to.deep.equal(["REQUESTED", "DELIVERED"]);
      await refused(`/inferences/${ZeroHash}`, 404, `no request has the id ${ZeroHash}`);
      await refused("/inferences/0x12", 400, "a request's id is 0x and 64 digits of hex, not 0x12");
    });

    it("tells a node's stake, record and standing offers", async () => {
      const found = await ask<{ account: Record<string, string>; offers: object[]; settlements: number }>(
        `/nodes/${protocol.nodeId}`,
      );
      const { free, bonded } = await protocol.contracts.nodes.accountOf(protocol.nodeId);
      expect(found.account).to.deep.equal({
        free: String(free),
        bonded: String(bonded),
        unbonding: "0",
        withdrawableAt: 0,
      });
      expect(found).to.include({ settlements: 1 });
      expect(found.offers).to.have.length(2);
      await refused(`/nodes/${ZeroHash}`, 404, `no node has the id ${ZeroHash}`);
    });

    it("tells what needs a look, the most urgent first, of everything or of a kind, a severity or a node", async () => {
      const { nodes } = protocol.contracts;
      const asOperator = nodes.connect(protocol.accounts.operator);
      expect(await ask<object[]>("/alerts")).to.deep.equal([]);
      const { free } = await nodes.accountOf(protocol.nodeId);
      await asOperator.unbond(protocol.nodeId, free);
      await indexer.reached(await ethers.provider.getBlockNumber());
      const { account } = await ask<{ account: object }>(`/nodes/${protocol.nodeId}`);
      const { withdrawableAt } = await nodes.accountOf(protocol.nodeId);
      expect(account).to.include({ unbonding: String(free), withdrawableAt: Number(withdrawableAt) });
      const found = await ask<object[]>("/alerts");
      expect(found).to.have.length(1);
      const { nodeId } = protocol;
      const names = { id: `LOW_STAKE-${nodeId}`, kind: "LOW_STAKE", severity: "WARNING", nodeId, subject: nodeId };
      expect(found[0]).to.include({ ...names, transactionHash: null });
      for (const [question, count] of Object.entries({
        [`nodeId=0x${nodeId.slice(2).toUpperCase()}`]: 1,
        "kind=LOW_STAKE&severity=WARNING&limit=1": 1,
        [`nodeId=${ZeroHash}`]: 0,
        "severity=CRITICAL": 0,
        "kind=LAW_BROKEN": 0,
      })) {
        expect(await ask<object[]>(`/alerts?${question}`), question).to.have.length(count);
      }
      await asOperator.rebond(nodeId, free);
      await indexer.reached(await ethers.provider.getBlockNumber());
      expect(await ask<object>(`/nodes/${nodeId}`)).to.deep.nested.include({ "account.withdrawableAt": 0 });
      await refused("/alerts?severity=BAD", 400, "severity is INFO, WARNING or CRITICAL, not BAD");
      await refused("/alerts?nodeId=0x12", 400, "nodeId is 0x and 64 digits of hex, not 0x12");
      expect((await get("/alerts?kind=default")).status).to.equal(400);
    });

    it("says how final blocks are", async () => {
      const { blocks } = await ask<{ blocks: object }>("/finality?blocks=0,999999999");
      expect(blocks).to.deep.equal({ 0: "FINALISED", 999999999: "PENDING" });
      await refused("/finality?blocks=1,,2", 400, "this is not the number of a block: ");
      await refused("/finality?blocks=latest", 400, "this is not the number of a block: latest");
      const many = Array(1_001).fill("1").join(",");
      await refused(`/finality?blocks=${many}`, 400, "blocks has 1001 numbers, and at most 1000 go");
    });
  });

  describe("the questions of apps in docs/indexer.md", () => {
    const environment = () => ({
      ...process.env,
      INDEXER: indexer.url,
      ID: settledId,
      NODE: protocol.nodeId,
      MODEL: protocol.modelId,
    });
    const shell = async <Answer>(number: number): Promise<Answer> => {
      const { stdout } = await promisify(execFile)("sh", ["-euc", askedInDocs(number, "sh")], { env: environment() });
      return JSON.parse(stdout) as Answer;
    };
    type Page = { items: Record<string, unknown>[] };

    it("1: is my request proven?", async () => {
      expect(await shell<object>(1)).to.include({ id: settledId, proven: true, dealing: "ARMS_LENGTH" });
    });

    it("2: which node serves this model at the lowest price, with enough stake?", async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const offer = await protocol.offer();
      // Nobody can take an offer in a token that is not listed, however cheap.
      const unlisted = { ...offer, token: await protocol.accounts.stranger.getAddress(), pricePerRequest: 0n };
      const asOperator = nodes.connect(protocol.accounts.operator);
      await asOperator.postOffer(unlisted);
      // Nor one with a window that is longer than any request may have.
      const { deliveryWindow, proofWindow } = await settlement.limits();
      const usable = async () => (await rows("select route from usable_offer", [])).map(({ route }) => route);
      for (const long of [{ deliveryWindow: deliveryWindow + 1n }, { proofWindow: proofWindow + 1n }]) {
        const terms = await protocol.offer({ route: Route.TEE, ...long });
        await asOperator.postOffer(terms);
        await indexer.reached(await ethers.provider.getBlockNumber());
        expect(await usable()).to.deep.equal(["ZK"]);
        await asOperator.postOffer({ ...terms, deliveryWindow, proofWindow });
        await indexer.reached(await ethers.provider.getBlockNumber());
        expect(await usable()).to.have.members(["ZK", "TEE"]);
      }
      await asOperator.postOffer(await protocol.offer({ route: Route.TEE }));
      await indexer.reached(await ethers.provider.getBlockNumber());
      const token = (await usd.getAddress()).toLowerCase();
      const found = await rows(askedInDocs(2, "sql"), [protocol.modelId, "1500", token]);
      expect(found).to.have.length(1);
      expect(found[0]).to.include({
        node_id: protocol.nodeId,
        price: String(offer.pricePerRequest + offer.pricePerUnit * 1500n),
      });
      const { free } = await nodes.accountOf(protocol.nodeId);
      expect(free >= offer.coverage + (await settlement.parameters()).zkVerificationFee).to.equal(true);
      expect(await rows(askedInDocs(2, "sql"), [ZeroHash, "1", token])).to.deep.equal([]);
    });

    it("3: how much burned in the last seven days, by model?", async () => {
      const since = (await networkHelpers.time.latest()) - 7 * 86_400;
      const { burned } = (await (await get("/supply")).json()) as { burned: string };
      expect(await rows(askedInDocs(3, "sql"), [String(since)])).to.deep.equal([
        { model_id: protocol.modelId, burned, burned_net: burned },
      ]);
    });

    it("4: what can I withdraw?", async () => {
      const { settlement, usd } = protocol.contracts;
      const { payout } = protocol.accounts;
      const account = payout.address.toLowerCase();
      const { credits, channelCredits } = await indexer.query<Record<string, Page>>(askedInDocs(4, "graphql"), {
        account,
      });
      const token = (await usd.getAddress()).toLowerCase();
      expect(credits?.items).to.deep.equal([{ token, balance: String(await settlement.creditOf(token, account)) }]);
      expect(channelCredits?.items).to.deep.equal([]);
    });

    // 5 and 7 are asked in indexerRight.ts, where there are enclaves and channels.
    it("6: how long does a node's proof take?", async () => {
      expect((await shell<{ statistic: object }>(6)).statistic).to.include({ count: 1, p95: 1 });
    });

    it("8: which answers are still unproven, and when can their default be claimed?", async () => {
      const { inferences } = await indexer.query<Record<string, Page>>(askedInDocs(8, "graphql"));
      expect(inferences?.items.map(({ id }) => id)).to.deep.equal([unprovenId]);
    });

    it("9: how did the supply develop?", async () => {
      const days = await shell<{ supply: string }[]>(9);
      expect(days.at(-1)?.supply).to.equal(String(await protocol.contracts.opg.totalSupply()));
    });

    it("11: what is a node like?", async () => {
      const { free } = await protocol.contracts.nodes.accountOf(protocol.nodeId);
      const told = await shell<{ account: object; offers: object[] }>(11);
      expect(told).to.include({ id: protocol.nodeId, status: "ACTIVE" });
      expect(told.account).to.include({ free: String(free) });
      expect(told.offers).to.not.be.empty;
    });

    it("10: tell me of settlements as they come", async function () {
      this.timeout(60_000);
      const file = join(process.cwd(), "build", `live-${process.pid}.ts`);
      mkdirSync("build", { recursive: true });
      writeFileSync(file, askedInDocs(10, "ts"));
      const app = spawn(process.execPath, [file], { env: environment(), stdio: ["ignore", "pipe", "inherit"] });
      const told = new Set<string>();
      createInterface(app.stdout).on("line", (line) => told.add((JSON.parse(line) as { id: string }).id));
      try {
        // It is told of what changes: the first settlements may come before it has begun to listen.
        const settled: string[] = [];
        const heard = () => settled.some((id) => told.has(id));
        for (let attempt = 0; attempt < 10 && !heard(); attempt++) {
          settled.push((await protocol.settled()).requestId);
          for (const end = Date.now() + 3_000; Date.now() < end && !heard(); ) await sleep(50);
        }
        expect(heard()).to.equal(true);
      } finally {
        app.kill("SIGKILL");
        rmSync(file);
      }
    });
  });

  describe("live queries", () => {
    it("are answered again after a reorganisation, even if what it took back does not come again", async function () {
      this.timeout(60_000);
      const client = createClient(`${indexer.url}/sql`);
      const ids = sql`select id from inference order by requested_at, id`;
      let answer: string[] | undefined;
      const { unsubscribe } = client.live(
        (db) => db.execute(ids),
        (rows) => {
          answer = rows.map(({ id }) => String(id));
        },
      );
      const hears = async (is: (answer: string[]) => boolean, milliseconds = 20_000) => {
        for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(50)) {
          if (answer !== undefined && is(answer)) return true;
        }
        return false;
      };
      const request = async () => (await protocol.request()).requestId;
      try {
        // It is told of changes only, and of those that come before it has begun to listen not at all.
        let heard = false;
        for (let attempt = 0; attempt < 10 && !heard; ++attempt) {
          const requestId = await request();
          heard = await hears((answer) => answer.includes(requestId), 2_000);
        }
        const before = answer ?? [];
        const snapshot = await networkHelpers.takeSnapshot();
        const requestId = await request();
        expect(await hears((answer) => answer.includes(requestId))).to.equal(true);
        const head = await ethers.provider.getBlockNumber();
        await snapshot.restore();
        // Blocks without an event, so that nothing else wakes the query.
        while ((await ethers.provider.getBlockNumber()) <= head) await networkHelpers.mine();
        expect(await hears((answer) => !answer.includes(requestId))).to.equal(true);
        expect(answer).to.deep.equal(before);
        // Ponder remembers answers to this, too, and by the same tables.
        expect(await client.db.execute(ids)).to.deep.equal(before.map((id) => ({ id })));
      } finally {
        unsubscribe();
      }
    });
  });
});
