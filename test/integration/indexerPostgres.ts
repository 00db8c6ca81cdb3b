import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, sql } from "@ponder/client";
import { expect } from "chai";
import { connect } from "../../indexer/postgres.ts";
import { deploymentKey, type Indexer, type IndexerOptions, startIndexer, startReplica } from "../../indexer/start.ts";
import { readTables } from "../../scripts/reconcile/tables.ts";
import { Unreadable } from "../../scripts/reconcile/Unreadable.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { ethers, loadProtocol, networkHelpers, type Protocol, provider } from "../support/fixtures.ts";
import { type PostgresServer, runSql, startPostgres } from "../support/postgres.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { deploymentOf } from "../support/sdk.ts";

const deep = process.env.OPG_DEEP === "1";

const NEXT = "opg_2";
const VIEWS = "opg";
const READER = "opg_reader";
const QUERY = `{
  inferences(orderBy: "id") { totalCount items { id status burned events { items { kind blockNumber } } } }
  laws { items { law subject left right holds } }
}`;

/** The indexer on a real PostgreSQL, as in production: by its commands. */
describe("indexer on PostgreSQL", function () {
  this.timeout(240_000);
  let protocol: Protocol;
  let rpc: RpcServer;
  let deployment: Deployment;
  let folder: string;
  let file: string;
  let postgres: PostgresServer;
  let databaseUrl: string;
  /** The schema that the commands take by themselves. */
  let ownSchema: string;
  let password: string;
  let indexer: Indexer | undefined;
  let replica: Indexer;
  /** What every process has said. */
  const heard: string[] = [];
  const log = (line: string) => void heard.push(line);

  before(async () => {
    protocol = await loadProtocol();
    rpc = await serveRpc(provider);
    deployment = await deploymentOf(protocol);
    folder = mkdtempSync(join(tmpdir(), "opg-deployment-"));
    file = join(folder, "deployment.json");
    writeFileSync(file, JSON.stringify(deployment));
    await protocol.settled();
    await protocol.delivered();
    ownSchema = `opg_${await deploymentKey(rpc.url, deployment)}`;
    postgres = await startPostgres();
    databaseUrl = await postgres.createDatabase();
    password = new URL(databaseUrl).password;
  });
  after(async () => {
    await Promise.all([replica?.stop(), indexer?.stop()]);
    await postgres?.stop();
    await rpc?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const head = () => ethers.provider.getBlockNumber();
  const start = async (options: Partial<IndexerOptions> = {}): Promise<Indexer> => {
    const started = await startIndexer({
      rpcUrl: rpc.url,
      deployment,
      databaseUrl,
      schema: ownSchema,
      log,
      ...options,
    });
    await started.reached(await head());
    return started;
  };
  /** Why an indexer does not start. */
  const refusal = async (options: Partial<IndexerOptions> = {}): Promise<string> => {
    const [reason] = await Promise.all([start(options).then(() => "it has started", String)]);
    expect(reason).to.not.contain("\n");
    return reason;
  };
  /** Runs one of the scripts, with the database's address where no list of processes shows it. */
  const command = (script: string, ...args: string[]) => {
    const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args, "--rpc", rpc.url, "--deployment", file], {
      env: { ...process.env, DATABASE_URL: databaseUrl, OPG_DASHBOARD: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const said = new EventEmitter();
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
        log(chunk);
        said.emit("chunk");
      });
    }
    const exit = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
    /** Resolves when it has said something; rejects if it ends without. */
    const says = async (words: string) => {
      while (!output.includes(words)) await Promise.race([once(said, "chunk"), exit.then(() => expect.fail(output))]);
    };
    return { child, exit, says };
  };
  /** How `npm run reconcile` ends, and what it prints. */
  const reconciled = (schema = ownSchema) =>
    command("reconcile", "--database-url", databaseUrl, "--schema", schema).exit;
  /** Rows of every table; what kills and restarts may not change but by what happened since. */
  const counts = async (schema = ownSchema) => {
    const tables = await runSql<{ name: string }>(
      databaseUrl,
      `select jsonb_array_elements_text(value->'table_names') as name from ${schema}._ponder_meta`,
    );
    const all = tables.map(({ name }) => `select '${name}' as name, count(*)::int as rows from ${schema}.${name}`);
    return runSql(databaseUrl, all.join(" union all "));
  };

  /** Changes what a node has burned by one. */
  const change = (schema: string, sign: "+" | "-") =>
    // Ponder's triggers write down what a reorganisation would have to restore.
    runSql(databaseUrl, `set session_replication_role = replica; update ${schema}.node set burned = burned ${sign} 1`);

  it("starts by its command, agrees with the chain in every row, and shows its tables under the views' name", async () => {
    const { child, exit, says } = command("indexer", "--views-schema", VIEWS, "--port", "43210");
    await says(`Tables      schema ${ownSchema}\n`);
    await says("Up to date");
    // As by a machine that runs out of memory.
    child.kill("SIGKILL");
    await exit;
    // It finds the same tables with the same environment.
    const { code, output } = await command("reconcile").exit;
    expect(output).to.contain("no difference");
    expect(code).to.equal(0);
    const count = "select count(*)::int as n, max(block_number) as latest from";
    const [tables] = await runSql(databaseUrl, `${count} ${ownSchema}.inference_event`);
    expect(await runSql(databaseUrl, `${count} ${VIEWS}.inference_event`)).to.deep.equal([tables]);
    expect(tables?.n).to.be.greaterThan(3);
  });

  it("goes on at once after a kill, where it was", async () => {
    const before = await counts();
    indexer = await start({ viewsSchema: VIEWS });
    expect(await counts()).to.deep.equal(before);
    expect(heard.join("\n")).to.contain("Detected crash recovery").and.not.contain("locked by a different");
  });

  it("is served by a replica with a role that may only read, which follows it live", async () => {
    await runSql(
      databaseUrl,
      `create role ${READER} login password 'reader';
       grant usage on schema ${ownSchema}, ${VIEWS} to ${READER};
       grant select on all tables in schema ${ownSchema}, ${VIEWS} to ${READER};`,
    );
    const reader = new URL(databaseUrl);
    reader.username = READER;
    reader.password = "reader";
    reader.searchParams.set("statement_timeout", "5000");
    replica = await startReplica({ rpcUrl: rpc.url, deployment, databaseUrl: reader.href, schema: ownSchema, log });
    await protocol.settled();
    const block = await head();
    const answerOf = async (server: Indexer | undefined) => {
      await server?.reached(block);
      const supply = await fetch(`${server?.url}/supply`);
      return { graphql: await server?.query(QUERY), supply: await supply.text() };
    };
    const answer = await answerOf(indexer);
    expect(await answerOf(replica)).to.deep.equal(answer);
    const { laws } = answer.graphql as { laws: { items: { holds: boolean }[] } };
    expect(laws.items).to.not.have.length(0);
    expect(laws.items.filter(({ holds }) => !holds)).to.deep.equal([]);
  });

  it("takes back what a reorganisation does, in what its replica remembers of answers to SQL, too", async () => {
    const { db } = createClient(`${replica.url}/sql`);
    const ids = async () => {
      await replica.reached(await head());
      return (await db.execute(sql`select id from inference`)).map(({ id }) => id);
    };
    const before = await ids();
    const snapshot = await networkHelpers.takeSnapshot();
    const { requestId } = await protocol.request();
    expect(await ids()).to.have.members([...before, requestId]);
    const forked = await head();
    await snapshot.restore();
    // Blocks without an event, which change no table.
    while ((await head()) <= forked) await networkHelpers.mine();
    expect(await ids()).to.have.members(before);
  });

  it("answers SQL over HTTP with what the role may read, and nothing dear", async () => {
    const ask = async (sql: string) => {
      const response = await fetch(
        `${replica.url}/sql/db?sql=${encodeURIComponent(JSON.stringify({ json: { sql, params: [] } }))}`,
      );
      return { status: response.status, body: await response.text() };
    };
    const counted = await ask("select count(*)::int as n from inference");
    expect(counted.body).to.contain('"n":3');
    const all = "select count(*) from";
    const many = [..."abcdefgh"].map((name) => `inference_event ${name}`).join(", ");
    for (const [sql, refused] of [
      [`${all} ${many}`, ""],
      ["select pg_read_file('/etc/passwd')", "not supported"],
      ["select pg_sleep(10)", "not supported"],
      [`${all} pg_authid`, ""],
      [`${all} ${ownSchema}.inference`, ""],
      ["delete from inference", ""],
    ] as const) {
      const { status, body } = await ask(sql);
      expect(status, `${sql}: ${body}`).to.be.greaterThanOrEqual(400);
      expect(body).to.contain(refused);
    }
  });

  it("answers a few questions at a time, and says to who asks beyond that it is busy", async () => {
    const sql = encodeURIComponent(JSON.stringify({ json: { sql: "select id from node", params: [] } }));
    const kinds = [
      {
        places: 4 + 60,
        ask: () =>
          fetch(`${indexer?.url}/graphql`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ query: "{ nodes { items { id } } }" }),
          }),
      },
      { places: 2 + 20, ask: () => fetch(`${indexer?.url}/sql/db?sql=${sql}`) },
    ];
    for (const { places, ask } of kinds) {
      // Nothing that reads the nodes is answered meanwhile.
      const holder = await connect(databaseUrl);
      await holder.query(`begin; lock table ${ownSchema}.node in access exclusive mode`);
      let refused = 0;
      const answers = Array.from({ length: places + 5 }, async () => {
        const { status } = await ask();
        if (status === 503) refused++;
        return status;
      });
      while (refused < 5) await sleep(20);
      await holder.end();
      const statuses = await Promise.all(answers);
      expect(statuses.filter((status) => status === 503)).to.have.length(5);
      expect(statuses.filter((status) => status === 200)).to.have.length(places);
    }
  });

  it("lets no second indexer write its tables, and none make them again meanwhile", async () => {
    expect(await refusal()).to.contain(`Another indexer writes schema "${ownSchema}"`);
    expect(await refusal({ fresh: true })).to.contain("An indexer is at work in this database");
    const { code, output } = await command("indexer", "--schema", ownSchema, "--fresh").exit;
    expect(code).to.equal(1);
    expect(output).to.equal(`indexer: --fresh drops the tables in schema ${ownSchema}: say --yes as well\n`);
  });

  it("moves the views to another deployment of it when that has read history, and not before", async () => {
    const place = async () => {
      const [row] = await runSql(databaseUrl, `select definition from pg_views where viewname = 'inference'`);
      return /FROM (\w+)\./.exec(String(row?.definition))?.[1];
    };
    expect(await place()).to.equal(ownSchema);
    const former = indexer;
    // What the next tests are about, too.
    Object.assign(process.env, { OPG_SQL: "off", OPG_FINALITY: "instant" });
    try {
      indexer = await start({ schema: NEXT, viewsSchema: VIEWS });
    } finally {
      delete process.env.OPG_SQL;
      delete process.env.OPG_FINALITY;
    }
    expect(await place()).to.equal(NEXT);
    const inferences = "select count(*)::int as n from";
    expect(await runSql(databaseUrl, `${inferences} ${VIEWS}.inference`)).to.deep.equal(
      await runSql(databaseUrl, `${inferences} ${ownSchema}.inference`),
    );
    await former?.stop();
    // The former's tables stay, and so do its replicas.
    const { inferences: served } = await replica.query<{ inferences: { totalCount: number } }>(QUERY);
    expect(served.totalCount).to.equal(3);
  });

  it("answers no SQL over HTTP where OPG_SQL is off, and reconcile says what to read in its place", async () => {
    const url = indexer?.url ?? "";
    for (const path of ["/sql/db", "/sql/live"]) {
      const statement = encodeURIComponent(JSON.stringify({ json: { sql: "select id from node", params: [] } }));
      const response = await fetch(`${url}${path}?sql=${statement}`);
      expect(response.status).to.equal(403);
      expect(await response.text()).to.equal("SQL over HTTP is off here: the operator has set OPG_SQL=off");
    }
    expect((await fetch(`${url}/supply`)).status).to.equal(200);
    expect(await indexer?.query("{ nodes { items { id } } }")).to.have.nested.property("nodes.items[0].id");
    const [refusal] = await Promise.allSettled([readTables({ kind: "indexer", url })]);
    expect(refusal?.status === "rejected" && refusal.reason).to.be.instanceOf(Unreadable);
    expect(String(Object(refusal).reason))
      .to.contain("SQL over HTTP is off here")
      .and.contain("its database can be read in its place");
  });

  it("calls every block final as it comes where OPG_FINALITY is instant", async () => {
    const { requestId } = await protocol.settled();
    await indexer?.reached(await head());
    const read = async (path: string) => (await fetch(`${indexer?.url}${path}`)).json();
    const { steps } = (await read(`/inferences/${requestId}`)) as {
      steps: { blockNumber: number; finality: string }[];
    };
    expect(steps.map(({ finality }) => finality)).to.deep.equal(["FINALISED", "FINALISED", "FINALISED"]);
    const blocks = Object.fromEntries(steps.map(({ blockNumber, finality }) => [blockNumber, finality]));
    expect(await read(`/finality?blocks=${Object.keys(blocks)}`)).to.deep.equal({
      safe: null,
      finalised: null,
      instant: true,
      blocks,
    });
  });

  it("goes on after a stop in good order, with what happened meanwhile", async function () {
    if (!deep) this.skip(); // Each start takes many seconds.
    await indexer?.stop();
    const before = await counts(NEXT);
    await protocol.settled();
    indexer = await start({ schema: NEXT });
    expect(await counts(NEXT)).to.not.deep.equal(before);
    expect(await reconciled(NEXT)).to.include({ code: 0 });
  });

  it("ends when it loses its right to write, and says why; a replica goes on", async () => {
    const ended = indexer?.ended.then(() => "stopped", String);
    await runSql(
      databaseUrl,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where pid <> pg_backend_pid() and datname = current_database()`,
    );
    expect(await ended).to.contain("The connection to the database is gone");
    indexer = undefined;
    const { inferences } = await replica.query<{ inferences: { totalCount: number } }>(QUERY);
    expect(inferences.totalCount).to.equal(3);
  });

  it("raises an alert when its sums do not agree", async () => {
    const broken = async () => {
      const alerts = await (await fetch(`${replica.url}/alerts?kind=LAW_BROKEN`)).json();
      return (alerts as { id: string; severity: string }[]).map(({ id, severity }) => `${severity} ${id}`);
    };
    const opg = deployment.addresses.OPG?.toLowerCase();
    await change(ownSchema, "+");
    const found = await broken();
    await change(ownSchema, "-");
    expect(found).to.deep.equal([`CRITICAL LAW_BROKEN-BURN-${opg}`]);
    expect(await broken()).to.deep.equal([]);
  });

  it("has differences printed by reconcile, which exits with 1, and with 2 if it cannot read the tables", async () => {
    await change(NEXT, "+");
    const tampered = await reconciled(NEXT);
    await change(NEXT, "-");
    expect(tampered.output).to.match(
      new RegExp(`^node ${protocol.nodeId} burned: \\d+ by the logs, \\d+ in the table$`, "m"),
    );
    expect(tampered.code).to.equal(1);
    const unreadable = await reconciled("nowhere");
    expect(unreadable.output).to.contain("reconcile: ").and.contain("schema nowhere");
    expect(unreadable.code).to.equal(2);
  });

  it("does not go on with tables of a chain that is no more, or of another version, until they are made again", async () => {
    const comment = async () => {
      const [row] = await runSql(databaseUrl, `select obj_description('${NEXT}'::regnamespace) as comment`);
      return String(row?.comment);
    };
    const [, number, hash] = /block (\d+) is (0x\w+)/.exec(await comment()) ?? [];
    expect(hash).to.equal((await ethers.provider.getBlock(Number(number)))?.hash);
    await runSql(databaseUrl, `comment on schema ${NEXT} is 'OPG indexer: block 2 is ${"0x".padEnd(66, "a")}'`);
    expect(await refusal({ schema: NEXT }))
      .to.contain("The chain has another block 2 than the tables are built on")
      .and.contain("--fresh");
    await runSql(
      databaseUrl,
      `comment on schema ${NEXT} is null; update ${NEXT}._ponder_meta set value = jsonb_set(value, '{build_id}', '"older"')`,
    );
    expect(await refusal({ schema: NEXT }))
      .to.contain("an older version's of the indexer")
      .and.contain("--fresh");
    await runSql(databaseUrl, `create table ${NEXT}.mine (a int)`);
    expect(await refusal({ schema: NEXT, fresh: true })).to.contain(
      `Schema "${NEXT}" is not the indexer's alone: it has mine`,
    );
    await runSql(databaseUrl, `drop table ${NEXT}.mine`);
    if (!deep) return;
    indexer = await start({ schema: NEXT, fresh: true });
    expect((await reconciled(NEXT)).code).to.equal(0);
  });

  it("never says the database's password", async () => {
    const wrong = new URL(databaseUrl);
    wrong.password = `not-${password}`;
    heard.push(await refusal({ databaseUrl: wrong.href, schema: "opg_3" }));
    expect(heard.at(-1))
      .to.contain("Cannot connect to the database at 127.0.0.1")
      .and.contain("password authentication failed");
    wrong.port = "1";
    heard.push(await refusal({ databaseUrl: wrong.href, schema: "opg_3" }));
    expect(heard.at(-1)).to.contain("ECONNREFUSED");
    heard.push(await refusal({ databaseUrl: `mysql://opg:${password}@127.0.0.1/x` }));
    heard.push(await refusal({ databaseUrl: `postgresql://opg:${password}@[` }));
    expect(heard.at(-1)).to.contain("DATABASE_URL is not an address");
    expect(heard.length).to.be.greaterThan(100);
    expect(heard.join("\n")).to.not.contain(password);
  });
});
