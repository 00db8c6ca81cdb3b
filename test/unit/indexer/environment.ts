import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DatabaseError, IndexerError } from "../../../indexer/errors.ts";
import { parseSettings, readDeployment, SettingsError } from "../../../indexer/src/environment.ts";
import { startIndexer } from "../../../indexer/start.ts";
import { serveRpc } from "../../support/rpcServer.ts";

const address = `0x${"1".repeat(40)}`;
const deployment = {
  chainId: 31_337,
  startBlock: 0,
  addresses: {
    Settlement: address,
    NodeRegistry: address,
    ModelRegistry: address,
    VerifierRegistry: address,
    OPG: address,
  },
};

describe("the indexer's environment", () => {
  const directory = mkdtempSync(join(tmpdir(), "opg-environment-"));
  const file = join(directory, "deployment.json");
  before(() => writeFileSync(file, JSON.stringify(deployment)));
  after(() => rmSync(directory, { recursive: true }));

  it("follows a local chain closely and caches nothing of it", () => {
    for (const rpcUrl of ["http://127.0.0.1:8545", "http://localhost:8545", "http://[::1]:8545"]) {
      const settings = parseSettings({ OPG_RPC_URL: rpcUrl, OPG_DEPLOYMENT: file });
      expect(settings).to.include({ rpcUrl, isLocal: true, pollingInterval: 100 });
    }
  });

  it("asks a chain elsewhere once a second", () => {
    const settings = parseSettings({ OPG_RPC_URL: "https://rpc.example", OPG_DEPLOYMENT: file });
    expect(settings).to.include({ isLocal: false, pollingInterval: 1_000 });
  });

  it("takes PostgreSQL where there is one, and a directory otherwise", () => {
    const env = { OPG_RPC_URL: "https://rpc.example", OPG_DEPLOYMENT: file };
    expect(parseSettings(env).database).to.deep.equal({ kind: "pglite", directory: ".ponder/pglite" });
    expect(parseSettings({ ...env, OPG_DATA_DIR: "there" }).database).to.deep.equal({
      kind: "pglite",
      directory: "there",
    });
    expect(parseSettings({ ...env, DATABASE_URL: "postgres://host/db" }).database).to.deep.equal({
      kind: "postgres",
      connectionString: "postgres://host/db",
    });
  });

  it("takes names of schemas that SQL takes without quotes and the indexer may drop, and tells no password", () => {
    const env = { OPG_RPC_URL: "https://rpc.example", OPG_DEPLOYMENT: file };
    expect(parseSettings(env)).to.include({ schema: "opg", viewsSchema: undefined });
    const named = { ...env, DATABASE_SCHEMA: "opg_7", DATABASE_VIEWS_SCHEMA: "opg" };
    expect(parseSettings(named)).to.include({ schema: "opg_7", viewsSchema: "opg" });
    const names = [
      "public",
      "pg_temp",
      "ponder_sync",
      "information_schema",
      'x"; drop schema y',
      "Opg",
      "7",
      "o".repeat(46),
    ];
    for (const name of names) {
      expect(() => parseSettings({ ...env, DATABASE_SCHEMA: name }), name).to.throw(
        SettingsError,
        "DATABASE_SCHEMA is",
      );
      expect(() => parseSettings({ ...named, DATABASE_VIEWS_SCHEMA: name }), name).to.throw(
        SettingsError,
        "VIEWS_SCHEMA",
      );
    }
    expect(() => parseSettings({ ...named, DATABASE_SCHEMA: "opg" })).to.throw(
      SettingsError,
      "cannot share schema opg",
    );
    for (const address of ["mysql://opg:secret@host/db", "postgresql://opg:secret@[", "secret"]) {
      expect(() => parseSettings({ ...env, DATABASE_URL: address }))
        .to.throw(SettingsError, "DATABASE_URL is not an address")
        .with.property("message")
        .not.contain("secret");
    }
  });

  it("serves the dashboard of a folder that has one, and says so where it has none", () => {
    const env = { OPG_RPC_URL: "https://rpc.example", OPG_DEPLOYMENT: file };
    expect(parseSettings(env).dashboard).to.equal(null);
    expect(() => parseSettings({ ...env, OPG_DASHBOARD: directory })).to.throw(SettingsError, "no index.html");
    writeFileSync(join(directory, "index.html"), "");
    expect(parseSettings({ ...env, OPG_DASHBOARD: directory }).dashboard).to.equal(directory);
  });

  it("looks for funding in the fee tokens' transfers, unless it is told to leave those", () => {
    const env = { OPG_RPC_URL: "https://rpc.example", OPG_DEPLOYMENT: file };
    expect(parseSettings(env).funding).to.equal("tokens");
    expect(parseSettings({ ...env, OPG_FUNDING: "credits" }).funding).to.equal("credits");
    expect(() => parseSettings({ ...env, OPG_FUNDING: "all" })).to.throw(
      SettingsError,
      "OPG_FUNDING is tokens, credits",
    );
  });

  it("asks as fast as it is told, and a node on this machine ten times as fast as another", () => {
    const rateOf = (rpcUrl: string, rate?: string) =>
      parseSettings({ OPG_RPC_URL: rpcUrl, OPG_DEPLOYMENT: file, OPG_RPC_RATE: rate }).rpcRate;
    expect(rateOf("http://127.0.0.1:8545")).to.equal(200);
    expect(rateOf("https://rpc.example")).to.equal(20);
    expect(rateOf("https://rpc.example", "500")).to.equal(500);
    for (const wrong of ["0", "-1", "501", "fast", "NaN"]) {
      expect(() => rateOf("https://rpc.example", wrong), wrong).to.throw(
        SettingsError,
        `OPG_RPC_RATE is a number of requests a second from 1 to 500, and not ${wrong}`,
      );
    }
  });

  it("says in one line what is missing", () => {
    const refuses = (env: Record<string, string>, line: string) =>
      expect(() => parseSettings(env)).to.throw(SettingsError, line);
    refuses({ OPG_DEPLOYMENT: file }, "OPG_RPC_URL is not set");
    refuses({ OPG_RPC_URL: "nowhere", OPG_DEPLOYMENT: file }, "OPG_RPC_URL is not a URL: nowhere");
    refuses({ OPG_RPC_URL: "https://rpc.example" }, "OPG_DEPLOYMENT is not set");
    refuses(
      { OPG_RPC_URL: "https://rpc.example", OPG_DEPLOYMENT: join(directory, "none.json") },
      "cannot read the deployment",
    );
  });

  it("says in one line which deployment is wrong, and why", () => {
    const refuses = (value: unknown, reason: string) => {
      const wrong = join(directory, "wrong.json");
      writeFileSync(wrong, JSON.stringify(value));
      expect(() => readDeployment(wrong)).to.throw(SettingsError, `cannot read the deployment: ${wrong}: ${reason}`);
    };
    const { OPG, ...addresses } = deployment.addresses;
    refuses({ ...deployment, addresses }, "The deployment has no OPG.");
    refuses({ ...deployment, addresses: { ...addresses, OPG: "0x1" } }, "The deployment's address of OPG is not");
    refuses({ ...deployment, startBlock: -1 }, "The deployment's startBlock is not");
    expect(OPG).to.equal(address);
  });

  it("does not start without a chain, or on another one than the deployment's", async () => {
    const refusal = async (rpcUrl: string) => {
      try {
        await (await startIndexer({ rpcUrl, deployment })).stop();
      } catch (error) {
        expect(error).to.be.instanceOf(IndexerError);
        return String(error);
      }
      throw new Error("it has started");
    };
    expect(await refusal("http://127.0.0.1:1")).to.contain("eth_chainId failed at http://127.0.0.1:1: ");

    const rpc = await serveRpc({ request: async () => "0x1" });
    expect(await refusal(rpc.url)).to.contain(`The deployment is on chain 31337, and the node at ${rpc.url} on 1`);
    await rpc.close();
  });

  it("does not write into a directory that a living process writes, nor removes it", async () => {
    const rpc = await serveRpc({ request: async ({ method }) => (method === "eth_chainId" ? "0x7a69" : "0x1") });
    const dataDir = join(directory, "tables");
    writeFileSync(`${dataDir}.pid`, String(process.pid));
    for (const fresh of [false, true]) {
      const started = startIndexer({ rpcUrl: rpc.url, deployment, dataDir, fresh }).then((indexer) => indexer.stop());
      const error = await started.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(DatabaseError);
      expect(String(error)).to.contain(`Process ${process.pid} writes the tables in ${dataDir}`);
    }
    await rpc.close();
  });
});
