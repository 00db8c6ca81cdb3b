import { expect } from "chai";
import { type Indexer, startIndexer, startReplica } from "../../indexer/start.ts";
import { reconcile } from "../../scripts/reconcile/reconcile.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { ethers, loadProtocol, type Protocol, provider } from "../support/fixtures.ts";
import { type PostgresServer, runSql, startPostgres } from "../support/postgres.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";

const SCHEMA = "opg_1";
const VIEWS = "opg";

/** The indexer on a real PostgreSQL, as in production. */
describe("indexer on PostgreSQL", () => {
  let protocol: Protocol;
  let rpc: RpcServer;
  let deployment: Deployment;
  let postgres: PostgresServer;
  let databaseUrl: string;
  let indexer: Indexer;
  const replicas: Indexer[] = [];

  before(async function () {
    this.timeout(120_000);
    protocol = await loadProtocol();
    rpc = await serveRpc(provider);
    const { settlement, nodes, models, verifiers, opg, batches } = protocol.contracts;
    deployment = {
      chainId: 31_337,
      startBlock: 0,
      addresses: {
        Settlement: await settlement.getAddress(),
        NodeRegistry: await nodes.getAddress(),
        ModelRegistry: await models.getAddress(),
        VerifierRegistry: await verifiers.getAddress(),
        OPG: await opg.getAddress(),
        BatchSettlement: await batches.getAddress(),
      },
    };
    await protocol.settled();
    await protocol.delivered();
    postgres = await startPostgres();
    databaseUrl = await postgres.createDatabase();
    indexer = await startIndexer({ rpcUrl: rpc.url, deployment, databaseUrl, schema: SCHEMA, viewsSchema: VIEWS });
    await indexer.ready;
  });
  after(async () => {
    await Promise.all([...replicas, indexer].map((running) => running?.stop()));
    await postgres?.stop();
    await rpc?.close();
  });

  const head = () => ethers.provider.getBlockNumber();
  const agrees = async () => {
    const source = { kind: "postgres", connectionString: databaseUrl, schema: SCHEMA } as const;
    const { differences, uncompared, rows } = await reconcile({ rpcUrl: rpc.url, deployment, source });
    expect({ differences, uncompared }).to.deep.equal({ differences: [], uncompared: [] });
    expect(rows.inference).to.be.greaterThan(0);
  };

  it("agrees with the chain in every row, and every law holds", async () => {
    await protocol.settled();
    await indexer.reached(await head());
    await agrees();
    const { laws } = await indexer.query<{ laws: { items: { law: string; holds: boolean }[] } }>(
      "{ laws { items { law holds } } }",
    );
    expect(laws.items.filter(({ holds }) => !holds)).to.deep.equal([]);
    expect(laws.items).to.not.have.length(0);
  });

  it("shows its tables under the views' name, which does not change with the deployment", async () => {
    const count = "select count(*) as n, max(block_number) as latest from";
    const [tables] = await runSql(databaseUrl, `${count} ${SCHEMA}.inference_event`);
    const [views] = await runSql(databaseUrl, `${count} ${VIEWS}.inference_event`);
    expect(views).to.deep.equal(tables);
    expect(Number(tables?.n)).to.be.greaterThan(3);
  });

  it("is served by replicas too, which follow it live", async () => {
    const options = { rpcUrl: rpc.url, deployment, databaseUrl, schema: SCHEMA };
    replicas.push(...(await Promise.all([startReplica(options), startReplica(options)])));
    const query = '{ inferences(orderBy: "id") { totalCount items { id status burned events { items { kind } } } } }';
    await protocol.settled();
    const block = await head();
    const answers = await Promise.all(
      [indexer, ...replicas].map(async (server) => {
        await server.reached(block);
        const supply = await fetch(`${server.url}/supply`);
        return { graphql: await server.query(query), supply: await supply.text() };
      }),
    );
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
  });
});
