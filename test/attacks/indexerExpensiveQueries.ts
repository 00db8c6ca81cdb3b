import { expect } from "chai";
import { getIntrospectionQuery } from "graphql";
import { BUDGET, checkCost, QueryRefused } from "../../indexer/src/api/graphqlCost.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { ethers, loadProtocol, type Protocol, provider } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { deploymentOf } from "../support/sdk.ts";

/** Whoever can ask the indexer tries to keep it too busy to follow the chain, or to write into it. */
describe("attack: queries that keep the indexer busy", () => {
  const refuses = (query: string, message: string, variables?: Record<string, unknown>) =>
    expect(() => checkCost(query, new Set(["alerts"]), variables)).to.throw(QueryRefused, message);
  const nested = (levels: number, limit: string): string =>
    levels === 0 ? "id" : `id inferences(limit: ${limit}) { items { node { ${nested(levels - 1, limit)} } } }`;

  describe("GraphQL, before it is answered", () => {
    it("refuses lists within lists, with the default number of rows too", () => {
      refuses(`{ nodes(limit: 1000) { items { ${nested(1, "1000")} } } }`, "may cost");
      refuses(`{ nodes { items { ${nested(3, "50")} } } }`, "may cost");
    });

    it("refuses them where variables, defaults and fragments hide the rows", () => {
      const rows = "($n: Int = 1000)";
      refuses(`query ${rows} { nodes(limit: $n) { items { ${nested(1, "$n")} } } }`, "may cost");
      refuses(`query ($n: Int) { nodes(limit: $n) { items { ${nested(1, "$n")} } } }`, "may cost", { n: 1_000 });
      refuses(
        `{ nodes(limit: 1000) { ...Page } }
         fragment Page on nodePage { items { ...Row } }
         fragment Row on node { inferences(limit: 1000) { ... on inferencePage { items { id } } } }`,
        "may cost",
      );
    });

    it("refuses many aliases of one list, and the totals of each", () => {
      const aliases = Array.from(
        { length: 30 },
        (_, index) => `a${index}: inferences(limit: 1000) { items { ${"id ".repeat(20)} } }`,
      );
      refuses(`{ ${aliases.join(" ")} }`, "may cost");
      refuses(
        "{ nodes(limit: 1000) { items { a: inferences { totalCount } b: offers { totalCount } c: bonds { totalCount } } } }",
        "may cost",
      );
    });

    it("refuses many looks at a view, which reads much for each, and lists in lists of which nothing is read", () => {
      const looks = Array.from({ length: 30 }, (_, index) => `a${index}: alerts(limit: 1) { totalCount items { id } }`);
      refuses(`{ ${looks.join(" ")} }`, "may cost");
      const blind = Array.from({ length: 5 }, (_, index) => `l${index}: inferences(limit: 1000) { __typename }`);
      refuses(`{ nodes(limit: 1000) { items { ${blind.join(" ")} } } }`, "may cost");
    });

    it("refuses a fragment within itself, and fragments that double at each step", () => {
      refuses("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "within itself");
      const doubling = Array.from(
        { length: 30 },
        (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`,
      );
      const started = process.cpuUsage().user;
      refuses(`{ ...F0 } ${doubling.join(" ")} fragment F30 on Query { __typename }`, "at most 5000 fields");
      expect(process.cpuUsage().user - started, "microseconds").to.be.lessThan(2_000_000);
    });

    it("refuses a walk through the schema's own cycles, and lets tools read the schema", () => {
      refuses(
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "An introspection goes",
      );
      refuses(
        '{ __type(name: "node") { ...T } } fragment T on __Type { fields { type { fields { type { fields { name } } } } } }',
        "An introspection goes",
      );
      expect(checkCost(getIntrospectionQuery(), new Set())).to.be.lessThan(BUDGET);
    });

    it("refuses more tokens than a query has", () => {
      refuses(`{ ${"__typename ".repeat(1_001)} }`, "Syntax Error");
    });
  });

  describe("against an indexer that runs", () => {
    let protocol: Protocol;
    let rpc: RpcServer;
    let indexer: Indexer;

    before(async function () {
      this.timeout(240_000);
      protocol = await loadProtocol();
      await protocol.settled();
      rpc = await serveRpc(provider);
      indexer = await startIndexer({ rpcUrl: rpc.url, deployment: await deploymentOf(protocol) });
      await indexer.ready;
    });
    after(async () => {
      await indexer?.stop();
      await rpc?.close();
    });

    const post = async (body: unknown, type = "application/json") => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const response = await fetch(`${indexer.url}/graphql`, {
        method: "POST",
        headers: { "content-type": type },
        body: text,
      });
      return { status: response.status, text: await response.text() };
    };
    const sql = async (text: string, path = "db", params: unknown[] = []) => {
      const statement = encodeURIComponent(JSON.stringify({ json: { sql: text, params } }));
      const response = await fetch(`${indexer.url}/sql/${path}?sql=${statement}`);
      const answer = { status: response.status, text: path === "db" ? await response.text() : "" };
      if (path === "live") await response.body?.cancel();
      return answer;
    };

    it("answers a modest query, and the schema to a tool", async () => {
      expect((await post({ query: "{ nodes { items { id } } }" })).text).to.contain(protocol.nodeId);
      expect((await post({ query: getIntrospectionQuery() })).text).to.contain('"__schema"');
    });

    it("answers no dear one, in one sentence with its cost and the budget", async () => {
      const { text } = await post({ query: `{ nodes(limit: 1000) { items { ${nested(1, "1000")} } } }` });
      const { errors, data } = JSON.parse(text) as { errors: { message: string }[]; data?: unknown };
      expect(data).to.equal(undefined);
      expect(errors).to.have.length(1);
      expect(errors[0]?.message).to.match(/^This query may cost \d+, and a query may cost at most 200000: .*\.$/);
    });

    it("knows the views that there are", async () => {
      const looks = Array.from({ length: 30 }, (_, index) => `a${index}: alerts(limit: 1) { totalCount items { id } }`);
      expect((await post({ query: `{ ${looks.join(" ")} }` })).text).to.match(/may cost 3000\d\d,/);
      expect((await post({ query: `{ ${looks[0]} laws(limit: 9) { items { holds } } }` })).text).to.contain(
        '"holds":true',
      );
    });

    it("answers 25 levels and 30 aliases of a query, and no more", async () => {
      const errors = async (query: string) => {
        const { errors = [] } = JSON.parse((await post({ query })).text) as { errors?: { message: string }[] };
        return errors.map(({ message }) => message).join();
      };
      const within = (core: string, times: number): string =>
        `inferences(limit: 1) { items { ${times === 0 ? core : `node { ${within(core, times - 1)} }`} } }`;
      expect(await errors(`{ ${within("node { id }", 7)} }`)).to.equal("");
      expect(await errors(`{ ${within("events(limit: 1) { items { id } }", 7)} }`)).to.contain("depth limit of 25");
      const aliases = (count: number) => Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(" ");
      expect(await errors(`{ ${aliases(30)} }`)).to.equal("");
      expect(await errors(`{ ${aliases(31)} }`)).to.contain("liases limit of 30");
    });

    it("takes no list of queries, no other form of one, and none in an address", async () => {
      const query = "{ nodes { items { id } } }";
      expect(await post([{ query }, { query }])).to.deep.include({ status: 400 });
      expect((await post([{ query }])).text).to.contain("one query");
      expect(await post(query, "application/graphql")).to.deep.include({ status: 415 });
      expect(await post(`query=${encodeURIComponent(query)}`, "application/x-www-form-urlencoded")).to.deep.include({
        status: 415,
      });
      expect(await post("{", "application/json")).to.deep.include({ status: 400 });
      const inAddress = await (await fetch(`${indexer.url}/graphql?query=${encodeURIComponent(query)}`)).text();
      expect(inAddress).to.not.contain(protocol.nodeId);
      // What the address says is not what the body was costed by.
      const response = await fetch(`${indexer.url}/graphql?query=${encodeURIComponent(query)}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: "{ __typename }" }),
      });
      expect(await response.json()).to.deep.equal({ data: { __typename: "Query" } });
    });

    it("reads no more of a request than a query has", async () => {
      expect(await post({ query: "{ __typename }", variables: { x: "x".repeat(100_000) } })).to.deep.include({
        status: 413,
      });
    });

    it("begins no statement that reads everything with everything", async () => {
      for (const statement of [
        `select count(*) from ${Array.from({ length: 8 }, (_, index) => `node_event e${index}`).join(", ")}`,
        "select count(*) from node_event a, node_event b, node_event c, node_event d where a.id <> b.id and c.id <> d.id",
      ]) {
        const { status, text } = await sql(statement);
        expect(status, text).to.equal(400);
        expect(text).to.match(
          /^This statement would cost about \d+ by the database's plan, and one may cost at most \d+\.$/,
        );
      }
    });

    it("carries out no other statement than the one it has looked at, whatever superjson's notes say", async () => {
      const dear = "select count(*) from node_event a, node_event b, node_event c, node_event d, node_event e";
      for (const meta of [
        { referentialEqualities: { x: ["sql"] } },
        { referentialEqualities: [["x", "sql"]] },
        { values: { sql: ["undefined"] } },
      ]) {
        const sent = JSON.stringify({ json: { sql: "select 1", params: [], x: dear }, meta });
        const { status } = await fetch(`${indexer.url}/sql/db?sql=${encodeURIComponent(sent)}`);
        expect(status, JSON.stringify(meta)).to.equal(400);
      }
    });

    it("carries out nothing but reading of its own tables", async () => {
      for (const statement of [
        "delete from node",
        "select 1; delete from node",
        "select 1) as a; delete from node --",
        "with gone as (delete from node returning id) select * from gone",
        "select * into stolen from node",
        "explain analyze delete from node",
        "select * from generate_series(1, 1000000000)",
        "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
        "select pg_sleep(60)",
        "select pg_read_file('PG_VERSION')",
        "select repeat('x', 1000000000)",
        "select * from pg_class",
        "select * from information_schema.tables",
        "select set_config('search_path', 'x', false)",
        "select * from node for update",
        "lock table node",
        "set search_path to x",
      ]) {
        const { status, text } = await sql(statement);
        expect(status, `${statement}: ${text}`).to.equal(400);
      }
      expect((await sql("select id from node where id = $1", "db", [protocol.nodeId])).text).to.contain(
        protocol.nodeId,
      );
    });

    it("says in one line what is wrong with a statement, and nothing of its files", async () => {
      for (const path of ["db", "live"]) {
        for (const query of ["", "?sql=", "?sql={", "?sql=%7B%22json%22%3A1%7D"]) {
          const response = await fetch(`${indexer.url}/sql/${path}${query}`);
          const text = await response.text();
          expect(response.status, text).to.equal(400);
          expect(text).to.match(/^A statement comes as superjson of .*\.$/);
        }
      }
      const { text } = await sql("select nothing from node");
      expect(text).to.contain('column "nothing" does not exist');
      expect(text).to.not.contain("indexer/");
    });

    it("keeps no place for live queries that cannot begin", async function () {
      this.timeout(60_000);
      // Ponder has 1,000 places; without care each of these would take one and keep it.
      for (let sent = 0; sent < 1_010; sent += 101) {
        const answers = await Promise.all(
          Array.from({ length: 101 }, () => fetch(`${indexer.url}/sql/live`).then((response) => response.status)),
        );
        expect(new Set(answers)).to.deep.equal(new Set([400]));
      }
      // Who asks well and hangs up before the answer begins, or just after.
      const live = `${indexer.url}/sql/live?sql=${encodeURIComponent(JSON.stringify({ json: { sql: "select id from node", params: [] } }))}`;
      for (let sent = 0; sent < 1_010; sent += 101) {
        await Promise.all(
          Array.from({ length: 101 }, (_, each) =>
            fetch(live, { signal: AbortSignal.timeout(10 + 5 * each) }).catch(() => null),
          ),
        );
      }
      expect(await sql("delete from node", "live")).to.deep.include({ status: 400 });
      expect(await sql("select id from node", "live")).to.deep.include({ status: 200 });
    });

    it("has a hundred places for live queries, and gives back those of who leave", async function () {
      this.timeout(60_000);
      const open = async () => {
        const leave = new AbortController();
        const statement = encodeURIComponent(JSON.stringify({ json: { sql: "select id from node", params: [] } }));
        const { status, body } = await fetch(`${indexer.url}/sql/live?sql=${statement}`, { signal: leave.signal });
        if (status !== 200) await body?.cancel();
        return { status, leave };
      };
      const fill = async () => {
        const taken: AbortController[] = [];
        for (let next = await open(); next.status === 200 && taken.length <= 100; next = await open())
          taken.push(next.leave);
        for (const leave of taken) leave.abort();
        return taken.length;
      };
      // Those of the test before are given back as their connections end.
      let places = 0;
      while (places < 100) places = await fill();
      expect(places).to.equal(100);
      while ((await open()).status !== 200) {}
    });

    it("takes no live query that costs what a statement may that is carried out once", async () => {
      const dear = "select count(*) from node_event a, node_event b, protocol where a.id <> b.id";
      const { status, text } = await sql(dear);
      expect(status, text).to.equal(200);
      expect(await sql(dear, "live")).to.deep.include({ status: 400 });
    });

    it("still follows the chain", async () => {
      const { requestId } = await protocol.settled();
      await indexer.reached(await ethers.provider.getBlockNumber());
      expect((await post({ query: `{ inference(id: "${requestId}") { status } }` })).text).to.contain("SETTLED");
    });
  });
});
