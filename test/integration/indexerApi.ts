import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { ethers, loadProtocol, type Protocol, provider } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";

/** What a browser, a script or a stranger gets from the indexer over HTTP. */
describe("the indexer's API", () => {
  let protocol: Protocol;
  let rpc: RpcServer;
  let indexer: Indexer;
  let directory: string;

  const get = (path: string, init?: RequestInit) => fetch(`${indexer.url}${path}`, init);

  before(async function () {
    this.timeout(240_000);
    protocol = await loadProtocol();
    rpc = await serveRpc(provider);
    directory = mkdtempSync(join(tmpdir(), "opg-api-"));
    writeFileSync(join(directory, "index.html"), "<title>dashboard</title>");
    const { settlement, nodes, models, verifiers, opg } = protocol.contracts;
    const deployment: Deployment = {
      chainId: 31_337,
      startBlock: 0,
      addresses: {
        Settlement: await settlement.getAddress(),
        NodeRegistry: await nodes.getAddress(),
        ModelRegistry: await models.getAddress(),
        VerifierRegistry: await verifiers.getAddress(),
        OPG: await opg.getAddress(),
      },
    };
    indexer = await startIndexer({ rpcUrl: rpc.url, deployment, dashboard: directory });
    await indexer.ready;
    await protocol.settled();
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
});
