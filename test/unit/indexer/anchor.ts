import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { directoryAnchor } from "../../../indexer/pglite.ts";
import { type IndexerOptions, startIndexer } from "../../../indexer/start.ts";
import { type RpcServer, serveRpc } from "../../support/rpcServer.ts";

const address = `0x${"11".repeat(20)}`;
const addresses = Object.fromEntries(
  ["Settlement", "NodeRegistry", "ModelRegistry", "VerifierRegistry", "OPG"].map((name) => [name, address]),
);
const hash = `0x${"ab".repeat(32)}`;

describe("the block that tables are built on", () => {
  const folder = mkdtempSync(join(tmpdir(), "opg-anchor-"));
  let rpc: RpcServer;
  /** A chain of five blocks. */
  before(async () => {
    const answers: Record<string, unknown> = { eth_chainId: "0x7a69", eth_blockNumber: "0x5" };
    rpc = await serveRpc({
      request: async ({ method, params }) => {
        if (method !== "eth_getBlockByNumber") return answers[method];
        return Number(Object(params)[0]) > 5 ? null : { hash };
      },
    });
  });
  after(async () => {
    await rpc.close();
    rmSync(folder, { recursive: true });
  });

  const refusal = async (options: Partial<IndexerOptions>) => {
    const deployment = { chainId: 31_337, startBlock: 0, addresses };
    const started = startIndexer({ rpcUrl: rpc.url, deployment, ...options });
    return started.then(async (indexer) => {
      await indexer.stop();
      return "it has started";
    }, String);
  };

  it("is kept beside them", async () => {
    const store = directoryAnchor(folder);
    expect(await store.read()).to.equal(null);
    await store.write({ number: 3, hash });
    expect(await store.read()).to.deep.equal({ number: 3, hash });
  });

  it("is not taken for unknown where its file is torn", async () => {
    const dataDir = mkdtempSync(join(folder, "torn-"));
    for (const torn of ["", '{"number":3,"hash":"0xab', "{}", '{"number":"3","hash":7}']) {
      writeFileSync(join(dataDir, "opg-anchor.json"), torn);
      expect(await refusal({ dataDir }))
        .to.contain("does not say which block the tables are built on")
        .and.contain("--fresh");
    }
  });

  it("has to be on the chain still, or the indexer does not start", async () => {
    const dataDir = mkdtempSync(join(folder, "tables-"));
    await directoryAnchor(dataDir).write({ number: 3, hash: `0x${"cd".repeat(32)}` });
    expect(await refusal({ dataDir }))
      .to.contain("The chain has another block 3")
      .and.contain("--fresh");
    await directoryAnchor(dataDir).write({ number: 6, hash });
    expect(await refusal({ dataDir }))
      .to.contain("The RPC node has no block 6")
      .and.contain("is it behind?");
  });

  it("does not let --fresh remove a directory that holds no tables", async () => {
    const dataDir = join(folder, "somebody's");
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "letter.txt"), "");
    expect(await refusal({ dataDir, fresh: true })).to.contain("There are no tables in");
    expect(existsSync(join(dataDir, "letter.txt"))).to.equal(true);
  });
});
