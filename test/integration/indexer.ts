import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type BaseContract, type EventLog, getBytes, id, MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import {
  DELIVERY_MODES,
  GOVERNANCE_EVENTS,
  NODE_STATUSES,
  nameOf,
  OUTPUT_COMMITMENTS,
  REQUEST_STATUSES,
  ROUTES,
} from "../../indexer/src/mapping/enums.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { createDevelopmentRoot, EnclaveSimulator } from "../../scripts/enclave/simulator.ts";
import { reconcile } from "../../scripts/reconcile/reconcile.ts";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { p384Table } from "../../sdk/src/attestation/p384Table.ts";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { Trust } from "../../sdk/src/types.ts";
import type { NitroVerifier, TeeVerifier } from "../../types/ethers-contracts/index.ts";
import { DigitRoute } from "../support/digits.ts";
import {
  Commitment,
  ethers,
  idOf,
  loadProtocol,
  Mode,
  networkHelpers,
  OPG_UNIT,
  Protocol,
  provider,
  Route,
  type Terms,
  USD_UNIT,
} from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { deploymentOf } from "../support/sdk.ts";
import { IMAGE, newEnclaveKey, POLICY } from "../support/teeRoute.ts";

/** A row as GraphQL gives it: bigints are decimal strings. */
type Row = Record<string, string | number | boolean | null>;
type Page = { items: Row[] };

const lower = (value: string) => value.toLowerCase();
const orNull = (value: string) => (value === ZeroAddress || value === ZeroHash ? null : lower(value));
const sum = (rows: Row[], column: string) => rows.reduce((total, row) => total + big(row[column]), 0n);
const big = (value: Row[string] | undefined) => BigInt(value as string);

/** With OPG_TEST_DATABASE_URL, the address of an empty PostgreSQL database, in that; in PGlite otherwise. */
describe("indexer", () => {
  let protocol: Protocol;
  let rpc: RpcServer;
  let deployment: Deployment;
  let indexer: Indexer;
  let enclaves: TeeVerifier;
  let nitro: NitroVerifier;
  /** What every request was made with, by its id. */
  const made = new Map<string, Terms>();
  const labelled: Record<string, string> = {};
  let unproven: Awaited<ReturnType<Protocol["delivered"]>>;

  /** Waits for the newest block, then asks. */
  const query = async <Data = Record<string, Page>>(text: string, variables?: Record<string, unknown>) => {
    await indexer.reached(await ethers.provider.getBlockNumber());
    return indexer.query<Data>(text, variables);
  };
  const rows = async (field: string, columns: string): Promise<Row[]> =>
    (await query(`{ ${field} { items { ${columns} } } }`))[field.replace(/\(.*/s, "")]?.items ?? [];
  const logs = async (contract: BaseContract, name: string) =>
    (await contract.queryFilter(name)) as unknown as EventLog[];
  const keep = (label: string, { requestId, terms }: { requestId: string; terms: Terms }) => {
    made.set(requestId, terms);
    labelled[label] = requestId;
  };

  before(async function () {
    this.timeout(240_000);
    protocol = await loadProtocol();
    await beforeTheIndexer();
    await attestEnclaves();
    rpc = await serveRpc(provider);
    const { manager, settlement, models, verifiers } = protocol.contracts;
    const settler = await ethers.deployContract("Groth16Settler", [
      settlement,
      models,
      (await verifiers.verifierOf(1)).verifier,
    ]);
    const databaseUrl = process.env.OPG_TEST_DATABASE_URL;
    const known = await deploymentOf(protocol);
    deployment = {
      ...known,
      addresses: {
        ...known.addresses,
        AccessManager: await manager.getAddress(),
        Groth16Settler: await settler.getAddress(),
        "DevelopmentEnclaves#NitroVerifier": await nitro.getAddress(),
      },
    };
    indexer = await startIndexer({ rpcUrl: rpc.url, deployment, ...(databaseUrl ? { databaseUrl } : {}) });
    await indexer.ready;
    await whileItRuns();
  });
  after(async () => {
    await indexer?.stop();
    await rpc?.close();
  });

  /** What the indexer finds when it starts: the usual life cycles. */
  async function beforeTheIndexer() {
    const { settlement } = protocol.contracts;
    const { signer, stranger } = protocol.accounts;
    keep("settled", await protocol.settled());
    keep("onchain", await protocol.settled({ mode: Mode.ONCHAIN, offer: { route: Route.TEE } }));

    const open = await protocol.request({ offer: protocol.openOffer() });
    const answer = await protocol.answer(open.terms);
    const proof = await protocol.proof(await protocol.claim(open.terms, answer, protocol.nodeId));
    await settlement.connect(signer).deliverAndSettle(open.terms, protocol.nodeId, answer, proof);
    keep("open", open);

    const declined = await protocol.request();
    await settlement.connect(signer).decline(declined.terms);
    keep("declined", declined);

    const defaulted = await protocol.delivered();
    await protocol.passProofWindow(defaulted.terms);
    await settlement.connect(stranger).claimDefault(defaulted.terms);
    keep("defaulted", defaulted);
  }

  /** What it sees happening: the rest. */
  async function whileItRuns() {
    const { settlement, nodes, models, opg, usd, verifiers } = protocol.contracts;
    const settler = await ethers.getContractAt("Groth16Settler", addressOf(deployment, "Groth16Settler"));
    const { deployer, requester, operator, signer, payout, modelOwner, stranger } = protocol.accounts;
    const asOperator = nodes.connect(operator);

    const refunded = await protocol.request();
    await protocol.passDeliveryWindow(refunded.terms);
    await settlement.refund(refunded.terms);
    keep("refunded", refunded);

    await usd.mint(operator, 100n * USD_UNIT);
    await usd.connect(operator).approve(settlement, MaxUint256);
    const own = await protocol.terms({ requester: operator.address });
    await settlement.connect(operator).request(own, "0x");
    const ownAnswer = await protocol.answer(own);
    await settlement.deliver(own, ownAnswer);
    await settlement.settle(
      own,
      ownAnswer.outputHash,
      ownAnswer.units,
      await protocol.proof(await protocol.claim(own, ownAnswer)),
    );
    keep("selfDealing", { terms: own, requestId: await protocol.requestIdOf(own) });

    const consumer = await ethers.deployContract("TestConsumer");
    await consumer.instruct(3, ZeroAddress, "0x"); // REVERT
    keep("callback", await protocol.settled({ consumer: await consumer.getAddress() }));

    // The node's stake, its offers, and a second node that is handed over and retired.
    await asOperator.unbond(protocol.nodeId, 50n * OPG_UNIT);
    await asOperator.rebond(protocol.nodeId, 20n * OPG_UNIT);
    await networkHelpers.time.increase(await nodes.unbondingDelay());
    await asOperator.withdraw(protocol.nodeId, operator);
    await asOperator.unbond(protocol.nodeId, 7n * OPG_UNIT);
    await asOperator.postOffer(await protocol.offer({ pricePerRequest: 3n * USD_UNIT, coverage: 40n * OPG_UNIT }));
    await asOperator.postOffer(await protocol.offer({ token: await opg.getAddress() }));
    await asOperator.withdrawOffer(protocol.nodeId, protocol.modelId, Route.ZK, opg);
    const { nodeId: second } = await protocol.addNode(stranger, 500n * OPG_UNIT);
    await nodes.connect(stranger).transferNode(second, payout);
    await nodes.connect(payout).acceptNode(second);
    const asPayout = nodes.connect(payout);
    await asPayout.setSigner(second, signer);
    await asPayout.setPayout(second, requester);
    await asPayout.describe(second, "https://elsewhere.example", "ipfs://node");
    await asPayout.pause(second);
    await asPayout.unpause(second);
    await asPayout.retire(second);
    await asPayout.transferNode(second, stranger);

    // Money out, and OPG that a holder burns.
    await settlement.connect(payout).withdraw(usd, operator);
    await settlement.withdrawFor(opg, requester);
    await opg.connect(operator).burn(5n * OPG_UNIT);

    // Governance.
    const current = await settlement.parameters();
    const next = {
      zkVerificationFee: current.zkVerificationFee + 1n,
      teeVerificationFee: current.teeVerificationFee,
      compensationBps: current.compensationBps,
      rewardBps: 100n,
      proofBlocks: current.proofBlocks,
    };
    await settlement.scheduleParameters(next);
    await networkHelpers.time.increase((await settlement.limits()).parameterDelay);
    await settlement.applyParameters();
    await settlement.scheduleParameters({ ...next, rewardBps: 50n });
    await settlement.setToken(opg, true);
    await settlement.setToken(usd, false);
    await settlement.setToken(usd, true);
    await settlement.pause();
    await settlement.unpause();

    // What is open at the end, and what an emergency ends.
    const lastOffer = { pricePerRequest: 3n * USD_UNIT, coverage: 40n * OPG_UNIT };
    keep("requested", await protocol.request({ offer: lastOffer }));
    unproven = await protocol.delivered({ offer: lastOffer });
    keep("delivered", unproven);
    const voided = await protocol.request({ offer: { route: Route.TEE } });
    await protocol.revokeVerifier(Protocol.TEE_VERIFIER);
    await settlement.voidRequest(voided.terms);
    keep("voided", voided);
    const asModelOwner = models.connect(modelOwner);
    await asModelOwner.setRoute(protocol.modelId, Route.ZK, Protocol.ZK_VERIFIER, Commitment.OPAQUE, "0x01");
    await asModelOwner.disableRoute(protocol.modelId, Route.TEE);
    await verifiers.freeze(Protocol.ZK_VERIFIER);
    await trustEnclaves(asModelOwner);

    // A real digit, really proven.
    const route = await DigitRoute.open(protocol);
    const pixels = route.pixels(0);
    const terms = await route.terms(pixels);
    await settlement.connect(requester).request(terms, "0x");
    const answer = await route.answer(terms, pixels);
    await settlement.deliver(terms, answer);
    const { outputHash, units } = answer;
    const proof = await route.prove(terms, pixels);
    await settlement.settle(terms, outputHash, units, proof);
    keep("digit", { terms, requestId: await protocol.requestIdOf(terms) });
    // Anybody may try again, and more.
    const row = { terms, outputHash, units, proof };
    await settler.connect(stranger).settleMany(route.digits.keyId, [row, { ...row, units: 7n }]);

    await asModelOwner.transferModel(protocol.modelId, deployer);
  }

  /** Requests to a model of another owner that trusts an image first to run the model, then only to relay to one. */
  async function trustEnclaves(asModelOwner: Protocol["contracts"]["models"]) {
    const { nodes, models } = protocol.contracts;
    const { modelOwner, operator, stranger } = protocol.accounts;
    const modelId = idOf(modelOwner.address, id("in an enclave"));
    await asModelOwner.register(id("in an enclave"), "ipfs://enclave");
    const sets = [
      { label: "execution", trust: Trust.LOCAL, backend: "" },
      { label: "relay", trust: Trust.GATEWAY, backend: "models.example" },
    ];
    for (const [index, { label, trust, backend }] of sets.entries()) {
      const parameters = encodeTeeParameters({ trust, backend, measurements: [id("image")] });
      await asModelOwner.setRoute(modelId, Route.TEE, 2, Commitment.KECCAK256, parameters);
      const offer = await protocol.offer({ modelId, route: Route.TEE, routeVersion: BigInt(index + 1) });
      await nodes.connect(operator).postOffer(offer);
      keep(label, await protocol.request({ offer }));
    }
    await asModelOwner.transferModel(modelId, stranger);
    await models.connect(stranger).acceptModel(modelId);
  }

  /** Attests an enclave for the node. @returns The attestation's number. */
  let attestEnclave: () => Promise<bigint>;

  /** A registry of enclaves under a development root, and the node's attestations: one stands, one was revoked. */
  async function attestEnclaves() {
    const { manager, nodes, verifiers } = protocol.contracts;
    const { operator } = protocol.accounts;
    const table = await ethers.deployContract("P384Table", [p384Table()]);
    const p384 = await ethers.deployContract("P384Verifier", [table]);
    const now = await networkHelpers.time.latest();
    const root = createDevelopmentRoot(undefined, now - 86_400);
    nitro = await ethers.deployContract("NitroVerifier", [manager, p384, root.certificate]);
    const { freshness, futureSkew, lifetime } = POLICY;
    enclaves = await ethers.deployContract("TeeVerifier", [manager, nodes, nitro, freshness, futureSkew, lifetime]);
    await verifiers.add(Route.TEE, enclaves);
    attestEnclave = async () => {
      const simulator = new EnclaveSimulator({ root, measurement: IMAGE, now: await networkHelpers.time.latest() });
      const { userData, nonce } = await enclaves.expectedBinding(protocol.nodeId);
      const document = simulator.attest({
        timestamp: (await networkHelpers.time.latest()) * 1_000,
        publicKey: newEnclaveKey().publicKey,
        userData: getBytes(userData),
        nonce: getBytes(nonce),
      });
      await enclaves.connect(operator).attest(protocol.nodeId, document, await documentHints(document));
      return (await enclaves.attestationCount(protocol.nodeId)) - 1n;
    };
    await enclaves.connect(operator).revoke(protocol.nodeId, await attestEnclave());
    await attestEnclave();
    await enclaves.banMeasurement(id("a compromised image"));
  }

  describe("nodes", () => {
    it("agree with the registry: identity, description and account", async () => {
      const { nodes } = protocol.contracts;
      const found = await rows(
        "nodes",
        "id owner pendingOwner signer payout status endpoint metadataURI free bonded unbonding withdrawableAt",
      );
      expect(found).to.have.length(Number(await nodes.nodeCount()));
      for (const { id: nodeId, ...row } of found) {
        const [node, account, description] = await Promise.all([
          nodes.nodeOf(nodeId as string),
          nodes.accountOf(nodeId as string),
          nodes.descriptionOf(nodeId as string),
        ]);
        expect(row).to.deep.equal({
          owner: lower(node.owner),
          pendingOwner: orNull(node.pendingOwner),
          signer: lower(node.signer),
          payout: lower(node.payout),
          status: nameOf(NODE_STATUSES, Number(node.status)),
          endpoint: description.endpoint,
          metadataURI: description.metadataURI,
          free: String(account.free),
          bonded: String(account.bonded),
          unbonding: String(account.unbonding),
          withdrawableAt: String(account.withdrawableAt),
        });
      }
    });

    it("count what became of their requests", async () => {
      const [row] = await rows(
        `nodes(where: { id: "${protocol.nodeId}" })`,
        "requests deliveries settlements declines defaults burned",
      );
      const { nodes } = protocol.contracts;
      const burned = (await nodes.queryFilter(nodes.filters.Burned(protocol.nodeId))).map(({ args }) => args.amount);
      expect(row).to.deep.equal({
        requests: "14",
        deliveries: "8",
        settlements: "6",
        declines: "1",
        defaults: "1",
        burned: String(burned.reduce((a, b) => a + b)),
      });
    });

    it("have a history with the account after every change", async () => {
      const { items } = (
        await query<{ node: { events: Page } }>(
          `query ($id: String!) { node(id: $id) { events(limit: 1000) { items { kind free bonded unbonding } } } }`,
          { id: protocol.nodeId },
        )
      ).node.events;
      const account = await protocol.contracts.nodes.accountOf(protocol.nodeId);
      expect(items[0]).to.include({ kind: "REGISTERED", free: "0" });
      expect(items.at(-1)).to.deep.include({
        free: String(account.free),
        bonded: String(account.bonded),
        unbonding: String(account.unbonding),
      });
      const kinds = new Set((await rows("nodeEvents(limit: 1000)", "kind")).map(({ kind }) => kind));
      expect([...kinds].sort()).to.deep.equal([
        "BOND_LOCKED",
        "BOND_UNLOCKED",
        "BURNED",
        "DESCRIBED",
        "PAYOUT_CHANGED",
        "REBONDED",
        "REGISTERED",
        "SIGNER_CHANGED",
        "STAKED",
        "STATUS_CHANGED",
        "TRANSFERRED",
        "TRANSFER_STARTED",
        "UNBONDED",
        "WITHDRAWN",
      ]);
    });

    it("have the offers that the registry has, and every former one", async () => {
      const { nodes } = protocol.contracts;
      const found = await rows("offers", "nodeId modelId route token hash standing");
      for (const row of found) {
        const { nodeId, modelId, token } = row as Record<string, string>;
        const route = ROUTES.indexOf(row.route as "ZK");
        const standing = await nodes.offerOf(nodeId ?? "", modelId ?? "", route, token ?? "");
        expect(row.standing).to.equal(standing !== ZeroHash);
        if (row.standing) expect(row.hash).to.equal(standing);
      }
      const history = await rows("offerEvents(limit: 1000)", "kind hash");
      expect(history.filter(({ kind }) => kind === "POSTED").map(({ hash }) => hash)).to.deep.equal(
        (await logs(nodes, "OfferPosted")).map(({ args }) => args.offerHash),
      );
      expect(history.filter(({ kind }) => kind === "WITHDRAWN")).to.have.length(1);
    });

    it("have bonds that are locked for exactly the open requests", async () => {
      const locked = await rows("bonds(where: { unlockedAt: null })", "ref amount");
      expect(locked.map(({ ref }) => ref)).to.have.members([
        labelled.requested,
        labelled.delivered,
        labelled.execution,
        labelled.relay,
      ]);
    });
  });

  describe("models and verifiers", () => {
    it("agree with the registries, version by version", async () => {
      const { models } = protocol.contracts;
      for (const row of await rows("models", "id owner pendingOwner")) {
        const { owner, pendingOwner } = await models.ownerOf(row.id as string);
        expect(row).to.deep.include({ owner: lower(owner), pendingOwner: orNull(pendingOwner) });
      }
      for (const row of await rows("modelRoutes", "modelId route version")) {
        const { version } = await models.currentRoute(row.modelId as string, ROUTES.indexOf(row.route as "ZK"));
        expect(row.version).to.equal(String(version));
      }
      const versions = await rows("routeVersions", "modelId route version verifierId outputCommitment parameters");
      expect(versions).to.have.length((await logs(models, "RouteSet")).length);
      for (const row of versions) {
        const stored = await models.routeAt(
          row.modelId as string,
          ROUTES.indexOf(row.route as "ZK"),
          row.version as string,
        );
        expect(row).to.deep.include({
          verifierId: String(stored.verifierId),
          outputCommitment: nameOf(OUTPUT_COMMITMENTS, Number(stored.outputCommitment)),
          parameters: stored.parameters,
        });
      }
      const kinds = new Set((await rows("modelEvents", "kind")).map(({ kind }) => kind));
      expect(kinds).to.have.keys("REGISTERED", "TRANSFER_STARTED", "TRANSFERRED", "ROUTE_SET", "ROUTE_DISABLED");
    });

    it("say where each verifier stands", async () => {
      const { verifiers } = protocol.contracts;
      const names = ["NONE", "PENDING", "ACTIVE", "FROZEN", "REVOKED"];
      const found = await rows("verifiers", "id route address status rootHash");
      expect(found).to.have.length(Number(await verifiers.count()));
      for (const row of found) {
        const { verifier, route, status } = await verifiers.verifierOf(row.id as string);
        const tee = await ethers.getContractAt("TeeVerifier", verifier);
        const nitro = await tee.verifier().catch(() => null);
        const root = nitro && (await (await ethers.getContractAt("NitroVerifier", nitro)).rootHash());
        expect(row).to.deep.include({
          route: ROUTES[Number(route)],
          address: lower(verifier),
          status: names[Number(status)],
          rootHash: route === Route.TEE ? root : null,
        });
      }
    });
  });

  describe("enclaves", () => {
    it("agree with the registry, attestation by attestation", async () => {
      const found = await rows(
        "enclaves",
        "verifier nodeId index key measurement validFrom validUntil revokedAt emergency",
      );
      expect(found).to.have.length(Number(await enclaves.attestationCount(protocol.nodeId)));
      for (const { verifier, nodeId, index, revokedAt, emergency, ...row } of found) {
        expect(verifier).to.equal(lower(await enclaves.getAddress()));
        const stored = await enclaves.enclaveAt(nodeId as string, index as string);
        expect(row).to.deep.equal({
          key: lower(stored.key),
          measurement: stored.measurement,
          validFrom: String(stored.validFrom),
          validUntil: String(stored.validUntil),
        });
        expect([revokedAt, emergency]).to.deep.equal([index === "0" ? row.validUntil : null, false]);
      }
      expect(await rows("bannedMeasurements", "measurement")).to.deep.equal([
        { measurement: id("a compromised image") },
      ]);
    });

    it("never make the relay of an answer look like an execution", async () => {
      const { routeVersions } = await query<{ routeVersions: { items: { measurementSet: Row | null }[] } }>(
        `{ routeVersions(where: { verifierId: "2" }, orderBy: "version") {
             items { measurementSet { trust backend measurements } } } }`,
      );
      expect(routeVersions.items.map(({ measurementSet }) => measurementSet)).to.deep.equal([
        { trust: "LOCAL", backend: "", measurements: [id("image")] },
        { trust: "GATEWAY", backend: "models.example", measurements: [id("image")] },
      ]);
      const found = await rows("inferences", "id proves trust");
      const proves = new Map(found.map((row) => [row.id, row.proves]));
      const trusts = new Map(found.map((row) => [row.id, row.trust]));
      expect([trusts.get(labelled.execution), trusts.get(labelled.relay)]).to.deep.equal(["LOCAL", "GATEWAY"]);
      expect(proves.get(labelled.execution)).to.equal("EXECUTION");
      expect(proves.get(labelled.relay)).to.equal("RELAY");
      // Anybody can register a development key, and prove anything under it.
      expect(proves.get(labelled.digit)).to.equal("DEVELOPMENT");
      // Its route names no set that any verifier knows.
      expect(proves.get(labelled.onchain)).to.equal(null);
    });
  });

  describe("inferences", () => {
    it("are in the status that the settlement has, every one of them", async () => {
      const { settlement } = protocol.contracts;
      const found = await rows("inferences", "id status");
      expect(found.map((row) => row.id)).to.have.members([...made.keys()]);
      for (const row of found) {
        const status = await settlement.statusOf(row.id as string);
        expect(row.status).to.equal(nameOf(REQUEST_STATUSES, Number(status)));
      }
      expect(new Set(found.map(({ status }) => status))).to.have.keys(
        ...REQUEST_STATUSES.filter((status) => status !== "NONE"),
      );
    });

    it("have exactly the terms whose hash is their id", async () => {
      const found = await rows(
        "inferences",
        `id open requester nonce deadline maxFee verificationFee compensationBps rewardBps proofBlocks inputHash mode
         consumer nodeId modelId route routeVersion token pricePerRequest pricePerUnit coverage deliveryWindow
         proofWindow`,
      );
      for (const row of found) {
        const { id: requestId, open, nodeId, mode, route, consumer, ...terms } = row;
        const indexed = {
          ...terms,
          mode: DELIVERY_MODES.indexOf(mode as "DIRECT"),
          consumer: consumer ?? ZeroAddress,
          offer: { ...terms, nodeId: open ? ZeroHash : nodeId, route: ROUTES.indexOf(route as "ZK") },
        } as unknown as Terms;
        expect(await protocol.contracts.settlement.hashTerms(indexed)).to.equal(requestId);
      }
    });

    it("know the answer, the clock and the trust gap by the chain's own blocks", async () => {
      const { settlement } = protocol.contracts;
      const timeOf = async ({ blockNumber }: EventLog) =>
        BigInt((await ethers.provider.getBlock(blockNumber))?.timestamp ?? 0);
      const deliveries = await logs(settlement, "Delivered");
      const settlements = await logs(settlement, "Settled");
      const found = new Map(
        (
          await rows(
            "inferences",
            "id outputHash units deliveredAt deliveredBlock endedAt endedBlock trustGapSeconds trustGapBlocks payout fee",
          )
        ).map((row) => [row.id, row]),
      );
      expect(deliveries).to.have.length(8);
      for (const delivery of deliveries) {
        expect(found.get(delivery.args.requestId)).to.include({
          outputHash: delivery.args.outputHash,
          units: String(delivery.args.units),
          deliveredAt: String(await timeOf(delivery)),
          deliveredBlock: String(delivery.blockNumber),
        });
      }
      expect(settlements).to.have.length(6);
      for (const settled of settlements) {
        const delivery = deliveries.find(({ args }) => args.requestId === settled.args.requestId);
        if (delivery === undefined) throw new Error("settled without a delivery");
        expect(found.get(settled.args.requestId)).to.include({
          endedAt: String(await timeOf(settled)),
          endedBlock: String(settled.blockNumber),
          trustGapSeconds: String((await timeOf(settled)) - (await timeOf(delivery))),
          trustGapBlocks: String(settled.blockNumber - delivery.blockNumber),
          payout: lower(settled.args.payout),
          fee: String(settled.args.fee),
        });
      }
      expect(found.get(labelled.open)?.trustGapSeconds).to.equal("0");
      expect(found.get(labelled.requested)?.trustGapSeconds).to.equal(null);
    });

    it("pay and return exactly what was escrowed, once they have ended", async () => {
      for (const row of await rows("inferences(where: { endedAt_not: null })", "maxFee fee returned")) {
        expect(big(row.fee ?? "0") + big(row.returned)).to.equal(big(row.maxFee));
      }
    });

    it("tell what a default paid, and why a request ended early", async () => {
      const { settlement } = protocol.contracts;
      const [defaulted] = await logs(settlement, "Defaulted");
      const expected = {
        claimer: lower(defaulted?.args.claimer),
        compensation: String(defaulted?.args.compensation),
        reward: String(defaulted?.args.reward),
        burned: String(defaulted?.args.burned),
      };
      const columns = "claimer compensation reward burned";
      expect(await rows("proofDefaults", columns)).to.deep.equal([expected]);
      expect(await rows(`inferences(where: { id: "${labelled.defaulted}" })`, columns)).to.deep.equal([expected]);
      expect(await rows("inferences(where: { declined: true })", "id")).to.deep.equal([{ id: labelled.declined }]);
    });

    it("publish the output of an on-chain delivery", async () => {
      const published = (await logs(protocol.contracts.settlement, "OutputPublished"))[0]?.args;
      expect(await rows("inferences(where: { output_not: null })", "id output")).to.deep.equal([
        { id: published?.requestId, output: published?.output },
      ]);
    });

    it("tell which tries to settle them with others were refused, by whom, and why", async () => {
      const skipped = await rows("rowSkippeds", "requestId index error sender");
      const sender = lower(protocol.accounts.stranger.address);
      const requestId = labelled.digit;
      expect(skipped).to.deep.equal([
        { requestId, index: "0", error: "Settlement_WrongStatus", sender },
        { requestId, index: "1", error: "Settlement_WrongStatus", sender },
      ]);
      const { inference } = await query<{ inference: { skips: Page } }>(
        "query ($id: String!) { inference(id: $id) { skips { items { index } } } }",
        { id: requestId },
      );
      expect(inference.skips.items).to.have.length(2);
    });

    it("have a timeline of every event of theirs, with block, time and transaction", async () => {
      const names = {
        Requested: "REQUESTED",
        Delivered: "DELIVERED",
        OutputPublished: "OUTPUT_PUBLISHED",
        Settled: "SETTLED",
        Declined: "DECLINED",
        Refunded: "REFUNDED",
        Defaulted: "DEFAULTED",
        Voided: "VOIDED",
        CallbackFailed: "CALLBACK_FAILED",
      };
      const emitted: [number, number, Row][] = [];
      for (const [name, kind] of Object.entries(names)) {
        for (const log of await logs(protocol.contracts.settlement, name)) {
          const block = await log.getBlock();
          const { from } = await log.getTransaction();
          emitted.push([
            log.blockNumber,
            log.index,
            {
              requestId: log.args.requestId,
              kind,
              sender: lower(from),
              blockNumber: String(log.blockNumber),
              timestamp: String(block.timestamp),
              transactionHash: log.transactionHash,
            },
          ]);
        }
      }
      emitted.sort(([block, index], [otherBlock, otherIndex]) => block - otherBlock || index - otherIndex);
      expect(
        await rows("inferenceEvents(limit: 1000)", "requestId kind sender blockNumber timestamp transactionHash"),
      ).to.deep.equal(emitted.map(([, , row]) => row));
      expect(new Set(emitted.map(([, , { kind }]) => kind))).to.have.keys(...Object.values(names));
    });

    it("are self-dealing where the requester is the node's own party, and only there", async () => {
      expect(await rows("inferences(where: { selfDealing: true })", "id")).to.deep.equal([
        { id: labelled.selfDealing },
      ]);
    });
  });

  describe("burn and supply", () => {
    it("agree with the token and with every Burned event", async () => {
      const { opg, nodes } = protocol.contracts;
      const burned = (await logs(nodes, "Burned")).reduce((total, { args }) => total + args.amount, 0n);
      const [row] = await rows("protocols", "initialSupply supply minted destroyed destroyedByRegistry burned");
      const initial = 1_000_000_000n * OPG_UNIT;
      expect(row).to.deep.equal({
        initialSupply: String(initial),
        supply: String(await opg.totalSupply()),
        minted: "0",
        destroyed: String(initial - (await opg.totalSupply())),
        destroyedByRegistry: String(burned),
        burned: String(burned),
      });
    });

    it("name route, model, node, request and cause of each burn", async () => {
      const { nodes } = protocol.contracts;
      const found = await rows("burns", "ref nodeId amount modelId route cause selfDealing transactionHash");
      expect(found).to.deep.equal(
        (await logs(nodes, "Burned")).map(({ args, transactionHash }) => ({
          ref: args.ref,
          nodeId: args.nodeId,
          amount: String(args.amount),
          modelId: made.get(args.ref)?.offer.modelId,
          route: ROUTES[Number(made.get(args.ref)?.offer.route)],
          cause: args.ref === labelled.defaulted ? "DEFAULT" : "SETTLEMENT",
          selfDealing: args.ref === labelled.selfDealing,
          transactionHash,
        })),
      );
    });
  });

  describe("fees and credits", () => {
    it("owe what the settlement owes, per token and account", async () => {
      const { settlement } = protocol.contracts;
      for (const row of await rows("tokens", "address listed escrowed credited")) {
        const token = row.address as string;
        expect(big(row.escrowed) + big(row.credited)).to.equal(await settlement.owed(token));
        expect(row.listed).to.equal(await settlement.isListed(token));
      }
      const credits = await rows("credits", "token account balance received withdrawn");
      expect(credits).to.have.length.greaterThan(4);
      for (const row of credits) {
        expect(big(row.balance)).to.equal(await settlement.creditOf(row.token as string, row.account as string));
        expect(big(row.received) - big(row.withdrawn)).to.equal(big(row.balance));
      }
    });

    it("have a flow that adds up to the credits", async () => {
      const flow = await rows("creditEvents(limit: 1000)", "token account cause amount to");
      for (const { token, account, balance } of await rows("credits", "token account balance")) {
        const own = flow.filter((row) => row.token === token && row.account === account);
        const out = own.filter(({ cause }) => cause === "WITHDRAWAL");
        expect(sum(own, "amount") - 2n * sum(out, "amount")).to.equal(big(balance));
      }
      expect(new Set(flow.map(({ cause }) => cause))).to.have.keys(
        "FEE",
        "RETURN",
        "REFUND",
        "COMPENSATION",
        "REWARD",
        "WITHDRAWAL",
      );
      expect(flow.filter(({ cause }) => cause === "WITHDRAWAL").map(({ to }) => to)).to.deep.equal(
        (await logs(protocol.contracts.settlement, "CreditWithdrawn")).map(({ args }) => lower(args.to)),
      );
    });
  });

  describe("the protocol", () => {
    it("counts requests by status, and collateral, as the rows and the registry do", async () => {
      const statuses = ["requested", "delivered", "settled", "refunded", "defaulted", "voided"];
      const [row] = await rows("protocols", `${statuses.join(" ")} nodes models free bonded unbonding coverageAtRisk`);
      const inferences = await rows("inferences", "status coverage");
      for (const status of statuses) {
        const count = inferences.filter((inference) => inference.status === status.toUpperCase()).length;
        expect(row?.[status], status).to.equal(String(count));
      }
      const nodes = await rows("nodes", "free bonded unbonding");
      for (const part of ["free", "bonded", "unbonding"]) expect(big(row?.[part])).to.equal(sum(nodes, part));
      expect(row?.nodes).to.equal(String(await protocol.contracts.nodes.nodeCount()));
      expect(row?.models).to.equal("2");
      const delivered = inferences.filter(({ status }) => status === "DELIVERED");
      expect(big(row?.coverageAtRisk)).to.equal(sum(delivered, "coverage"));
    });

    it("knows the parameters in force and the announced ones", async () => {
      const { settlement } = protocol.contracts;
      const columns = "zkVerificationFee teeVerificationFee compensationBps rewardBps proofBlocks";
      const { protocols } = await query<{
        protocols: { items: { open: boolean; paused: boolean; parameters: Row; scheduledParameters: Row }[] };
      }>(
        `{ protocols { items { open paused parameters { ${columns} } scheduledParameters { ${columns} applicableAt } } } }`,
      );
      const shape = (p: Awaited<ReturnType<typeof settlement.parameters>>) => ({
        zkVerificationFee: String(p.zkVerificationFee),
        teeVerificationFee: String(p.teeVerificationFee),
        compensationBps: Number(p.compensationBps),
        rewardBps: Number(p.rewardBps),
        proofBlocks: Number(p.proofBlocks),
      });
      const scheduled = await settlement.scheduledParameters();
      expect(protocols.items).to.deep.equal([
        {
          open: true,
          paused: false,
          parameters: shape(await settlement.parameters()),
          scheduledParameters: { ...shape(scheduled.next), applicableAt: String(scheduled.applicableAt) },
        },
      ]);
      expect(await rows("parameterSets", "rewardBps")).to.have.length(3);
      const modules = (await logs(protocol.contracts.nodes, "ModuleAdded")).map(({ args }) => lower(args.module));
      const found = await rows("settlementModules", "address");
      expect(found.map(({ address }) => address)).to.have.members(modules);
      expect(modules).to.include(lower(await settlement.getAddress()));
    });

    it("keeps its laws", async () => {
      const laws = await rows("laws", "law subject left right holds");
      expect(laws.filter(({ holds }) => holds !== true)).to.deep.equal([]);
      const names = ["ESCROW", "CREDITS", "CHANNELS", "CHANNEL_CREDITS", "BURN", "BONDS"];
      expect(new Set(laws.map(({ law }) => law))).to.have.keys(...names);
      const bonds = laws.find(({ law }) => law === "BONDS");
      expect(bonds?.left).to.equal(String((await protocol.contracts.nodes.accountOf(protocol.nodeId)).bonded));
    });
  });

  describe("the trust gap", () => {
    it("has percentiles by nearest rank, overall and per route, model and node", async () => {
      const settled = await rows(
        "inferences(where: { status: SETTLED })",
        "route modelId nodeId trustGapSeconds selfDealing",
      );
      const columns = "count countNet p50 p90 p95 p99 max mean p50Net p95Net";
      const statistics = await rows("trustGapStatistics", `scope subject ${columns}`);
      const of: Record<string, (row: Row) => Row[string]> = {
        OVERALL: () => "",
        ROUTE: ({ route }) => route ?? null,
        MODEL: ({ modelId }) => modelId ?? null,
        NODE: ({ nodeId }) => nodeId ?? null,
      };
      const subjects = Object.entries(of).flatMap(([scope, subjectOf]) =>
        [...new Set(settled.map(subjectOf))].map((subject) => `${scope} ${subject}`),
      );
      expect(statistics.map(({ scope, subject }) => `${scope} ${subject}`)).to.have.members(subjects);
      for (const { scope, subject, mean, ...row } of statistics) {
        const gaps = (net: boolean) =>
          settled
            .filter((inference) => of[scope as string]?.(inference) === subject && !(net && inference.selfDealing))
            .map(({ trustGapSeconds }) => Number(trustGapSeconds))
            .sort((a, b) => a - b);
        const [gross, net] = [gaps(false), gaps(true)];
        const rank = (sorted: number[], p: number) => {
          const gap = sorted[Math.ceil((p / 100) * sorted.length) - 1];
          return gap === undefined ? null : String(gap);
        };
        expect(row, `${scope} ${subject}`).to.deep.equal({
          count: String(gross.length),
          countNet: String(net.length),
          p50: rank(gross, 50),
          p90: rank(gross, 90),
          p95: rank(gross, 95),
          p99: rank(gross, 99),
          max: String(gross.at(-1)),
          p50Net: rank(net, 50),
          p95Net: rank(net, 95),
        });
        expect(Math.abs((mean as number) - gross.reduce((a, b) => a + b) / gross.length)).to.be.lessThan(1e-9);
      }
    });
  });

  describe("periods", () => {
    const breakdown = "requests settlements settlementsNet defaults burned burnedNet";
    const sums =
      "requests deliveries settlements settlementsNet refunds declines defaults voids burned burnedNet compensation";

    it("add up: hours to days, and days to the whole", async () => {
      for (const [field, columns] of [
        ["periods", sums],
        ["periodRoutes", breakdown],
        ["periodModels", breakdown],
        ["periodNodes", breakdown],
        ["periodTokens", "escrowed fees feesNet returned settlements settlementsNet burned burnedNet"],
      ] as const) {
        const of = (interval: string) => rows(`${field}(where: { interval: ${interval} }, limit: 1000)`, columns);
        const total = await of("TOTAL");
        for (const interval of ["HOUR", "DAY", "WEEK"]) {
          const parts = await of(interval);
          expect(parts.length, `${field} ${interval}`).to.be.greaterThan(1);
          for (const column of columns.split(" ")) {
            expect(sum(parts, column), `${field} ${interval} ${column}`).to.equal(sum(total, column));
          }
        }
      }
    });

    it("count what the rows say, gross and net of self-dealing", async () => {
      const [total] = await rows("periods(where: { interval: TOTAL })", `${sums} supply`);
      const [{ burned, verificationFee, fee } = {}] = await rows(
        `inferences(where: { id: "${labelled.selfDealing}" })`,
        "burned verificationFee fee",
      );
      expect(burned).to.equal(verificationFee);
      const [row] = await rows("protocols", "burned supply");
      expect(total).to.deep.equal({
        requests: "14",
        deliveries: "8",
        settlements: "6",
        settlementsNet: "5",
        refunds: "1",
        declines: "1",
        defaults: "1",
        voids: "1",
        burned: row?.burned,
        burnedNet: String(big(row?.burned) - big(burned)),
        compensation: String(80n * OPG_UNIT),
        supply: row?.supply,
      });
      const [fees] = await rows("periodTokens(where: { interval: TOTAL })", "fees feesNet");
      expect(big(fees?.fees) - big(fees?.feesNet)).to.equal(big(fee));
    });

    it("count what burned from each node, and for the inferences that each token paid", async () => {
      const nodes = await rows("nodes(limit: 1000)", "id burned settlements requests defaults");
      const byNode = await rows(
        "periodNodes(where: { interval: TOTAL })",
        "nodeId burned settlements requests defaults",
      );
      expect(byNode.length).to.be.greaterThan(0);
      for (const { nodeId, ...row } of byNode) {
        const { id: _, ...now } = nodes.find((node) => node.id === nodeId) ?? {};
        expect(row).to.deep.equal(now);
      }
      const settled = await rows("inferences(where: { status: SETTLED })", "token fee burned selfDealing");
      for (const { token, ...row } of await rows(
        "periodTokens(where: { interval: TOTAL })",
        "token fees settlements settlementsNet burned burnedNet",
      )) {
        const gross = settled.filter((inference) => inference.token === token);
        const net = gross.filter(({ selfDealing }) => !selfDealing);
        expect(row).to.deep.equal({
          fees: String(sum(gross, "fee")),
          settlements: String(gross.length),
          settlementsNet: String(net.length),
          burned: String(sum(gross, "burned")),
          burnedNet: String(sum(net, "burned")),
        });
      }
    });

    it("end with what stands now, and know the most that was at risk", async () => {
      const columns = "supply free bonded unbonding coverageAtRisk";
      const [{ supply, free, bonded, unbonding, coverageAtRisk } = {}] = await rows("protocols", columns);
      const staked = String(big(free) + big(bonded) + big(unbonding));
      for (const interval of ["HOUR", "DAY", "WEEK", "TOTAL"]) {
        const [latest] = await rows(
          `periods(where: { interval: ${interval} }, orderBy: "start", orderDirection: "desc", limit: 1)`,
          "supply atRisk staked bonded",
        );
        expect(latest, interval).to.deep.equal({ supply, atRisk: coverageAtRisk, staked, bonded });
      }
      const delivered = (await rows("inferences", "coverage deliveredBlock endedBlock")).filter(
        ({ deliveredBlock }) => deliveredBlock !== null,
      );
      const atRisk = delivered.map(({ deliveredBlock: block }) => {
        const open = delivered.filter(
          ({ deliveredBlock: from, endedBlock: to }) =>
            big(from) <= big(block) && (to === null || big(to) > big(block)),
        );
        return sum(open, "coverage");
      });
      const peak = atRisk.reduce((a, b) => (a > b ? a : b));
      expect(peak).to.be.greaterThan(big(coverageAtRisk));
      const [total] = await rows("periods(where: { interval: TOTAL })", "atRiskPeak");
      expect(total).to.deep.equal({ atRiskPeak: String(peak) });
    });
  });

  describe("reputations", () => {
    it("are facts that the rows bear out", async () => {
      const [node] = await rows(
        `nodes(where: { id: "${protocol.nodeId}" })`,
        "settlements deliveries defaults declines",
      );
      const [row] = await rows(
        `nodeReputations(where: { nodeId: "${protocol.nodeId}" })`,
        `settled settledNet delivered defaulted declined reliability reliabilityNet gapP50 gapP95 gapP50Net gapP95Net
         slashed equivocations offers priceToken lowestPricePerRequest lowestPricePerUnit attestedUntil`,
      );
      const [gap] = await rows(
        `trustGapStatistics(where: { scope: NODE, subject: "${protocol.nodeId}" })`,
        "p50 p95 p50Net p95Net",
      );
      const offers = await rows(
        `offers(where: { nodeId: "${protocol.nodeId}", standing: true })`,
        "token pricePerRequest pricePerUnit",
      );
      const lowest = (column: string) =>
        String(offers.map((offer) => big(offer[column])).reduce((a, b) => (a < b ? a : b)));
      const { settlements, deliveries, defaults, declines } = node ?? {};
      expect(new Set(offers.map(({ token }) => token)).size).to.equal(1);
      expect(row).to.deep.equal({
        settled: settlements,
        settledNet: String(big(settlements) - 1n),
        delivered: deliveries,
        defaulted: defaults,
        declined: declines,
        reliability: 6 / 7,
        reliabilityNet: 5 / 6,
        gapP50: gap?.p50,
        gapP95: gap?.p95,
        gapP50Net: gap?.p50Net,
        gapP95Net: gap?.p95Net,
        slashed: "0",
        equivocations: "0",
        offers: String(offers.length),
        priceToken: offers[0]?.token,
        lowestPricePerRequest: lowest("pricePerRequest"),
        lowestPricePerUnit: lowest("pricePerUnit"),
        attestedUntil: String((await enclaves.enclaveAt(protocol.nodeId, 1)).validUntil),
      });
    });

    it("say nothing of a node that nobody has asked, but not that it is unreliable", async () => {
      const [retired] = await rows("nodes(where: { status: RETIRED })", "id");
      const [row] = await rows(
        `nodeReputations(where: { nodeId: "${retired?.id}" })`,
        "settled reliability reliabilityNet gapP50 attestedUntil",
      );
      expect(row).to.deep.equal({
        settled: "0",
        reliability: null,
        reliabilityNet: null,
        gapP50: null,
        attestedUntil: null,
      });
    });
  });

  describe("verifying keys", () => {
    it("agree with the verifier, and belong to the versions of routes that name them", async () => {
      const [found] = await rows(
        "verifyingKeys",
        "verifier keyId pointer numPublic development contributions beacon zkeyHash",
      );
      const contract = await ethers.getContractAt("Groth16Verifier", String(found?.verifier));
      const { pointer, numPublic, ceremony } = await contract.keyInfo(String(found?.keyId));
      expect(found).to.deep.equal({
        verifier: lower((await protocol.contracts.verifiers.verifierOf(1))[0]),
        keyId: found?.keyId,
        pointer: lower(pointer),
        numPublic: String(numPublic),
        development: ceremony.development,
        contributions: String(ceremony.contributions),
        beacon: orNull(ceremony.beacon),
        zkeyHash: ceremony.zkeyHash,
      });
      const { inference } = await query<{ inference: { parameters: { verifyingKey: Row; parameters: string } } }>(
        "query ($id: String!) { inference(id: $id) { parameters { parameters verifyingKey { keyId } } } }",
        { id: labelled.digit },
      );
      expect(inference.parameters.verifyingKey).to.deep.equal({ keyId: found?.keyId });
      expect(inference.parameters.parameters).to.contain(String(found?.keyId).slice(2));
    });
  });

  /** The chain's time is ahead of the clock here, so it is what time-dependent alerts go by. */
  describe("alerts", () => {
    const DAY = 86_400n;
    const alerts = async (kind: string) =>
      rows(`alerts(where: { kind: "${kind}" })`, "id severity nodeId subject timestamp transactionHash");

    it("tell of everything that went wrong, and of nothing else", async () => {
      const [{ requestId, transactionHash } = {}] = await rows("proofDefaults", "requestId transactionHash");
      const verifiers = await rows("verifiers", "id address frozenAt revokedAt");
      const of = (column: string) => verifiers.find((row) => row[column] !== null) ?? {};
      const [revoked] = await rows('enclaves(where: { index: "0" })', "verifier key revokedAt");
      const found = await rows("alerts(limit: 1000)", "id kind severity nodeId subject timestamp transactionHash");
      const byKind = Object.fromEntries(found.map((row) => [row.kind, row]));
      expect(found.map(({ kind }) => kind)).to.have.members([
        "DEFAULT",
        "VERIFIER_FROZEN",
        "VERIFIER_REVOKED",
        "ENCLAVE_REVOKED",
        "MEASUREMENT_BANNED",
      ]);
      expect(byKind.DEFAULT).to.include({ severity: "WARNING", subject: requestId, transactionHash });
      expect(byKind.DEFAULT).to.include({ nodeId: protocol.nodeId, id: `DEFAULT-${requestId}` });
      expect(byKind.VERIFIER_FROZEN).to.include({
        subject: of("frozenAt").address,
        timestamp: of("frozenAt").frozenAt,
      });
      expect(byKind.VERIFIER_REVOKED).to.include({ subject: of("revokedAt").address, severity: "CRITICAL" });
      expect(byKind.ENCLAVE_REVOKED).to.include({ severity: "INFO", subject: revoked?.key });
      expect(byKind.ENCLAVE_REVOKED).to.include({ timestamp: revoked?.revokedAt });
      expect(byKind.MEASUREMENT_BANNED).to.include({ subject: id("a compromised image"), nodeId: null });

      const byUrgency = await rows(
        'alerts(orderBy: "urgency", orderDirection: "desc")',
        "id kind severity nodeId subject timestamp transactionHash",
      );
      const served = (await (await fetch(`${indexer.url}/alerts`)).json()) as { timestamp: number }[];
      const asRows = served.map((row) => ({ ...row, timestamp: String(row.timestamp) }));
      expect(asRows).to.deep.equal(byUrgency);
    });

    it("warn of an attestation that ends within a day, and of one that ended and is still offered", async () => {
      const { models, nodes, verifiers } = protocol.contracts;
      const { modelOwner, operator } = protocol.accounts;
      const index = await attestEnclave();
      const { key, validUntil } = await enclaves.enclaveAt(protocol.nodeId, index);
      const eventAt = async (time: bigint) => {
        await networkHelpers.time.setNextBlockTimestamp(time);
        await nodes.connect(operator).describe(protocol.nodeId, "https://node.example", "ipfs://node");
      };
      const both = async () => [await alerts("ENCLAVE_EXPIRING"), await alerts("ENCLAVE_EXPIRED")];
      const address = lower(await enclaves.getAddress());
      const expected = (kind: string, timestamp: bigint) => ({
        id: `${kind}-${address}-${protocol.nodeId}-${index}`,
        severity: "WARNING",
        nodeId: protocol.nodeId,
        subject: lower(key),
        timestamp: String(timestamp),
        transactionHash: null,
      });
      await eventAt(validUntil - DAY - 1n);
      expect(await both()).to.deep.equal([[], []]);
      await eventAt(validUntil - DAY);
      expect(await both()).to.deep.equal([[expected("ENCLAVE_EXPIRING", validUntil - DAY)], []]);
      await eventAt(validUntil - 1n);
      expect(await both()).to.deep.equal([[expected("ENCLAVE_EXPIRING", validUntil - DAY)], []]);
      // It has ended, and no model takes it.
      await eventAt(validUntil);
      expect(await both()).to.deep.equal([[], []]);
      const modelId = idOf(modelOwner.address, id("offered"));
      const parameters = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements: [id("image")] });
      await models.connect(modelOwner).register(id("offered"), "ipfs://offered");
      await models
        .connect(modelOwner)
        .setRoute(modelId, Route.TEE, await verifiers.count(), Commitment.KECCAK256, parameters);
      const offer = await protocol.offer({ modelId, route: Route.TEE, routeVersion: 1n });
      await nodes.connect(operator).postOffer(offer);
      expect(await both()).to.deep.equal([[], [expected("ENCLAVE_EXPIRED", validUntil)]]);
      await nodes.connect(operator).withdrawOffer(protocol.nodeId, modelId, Route.TEE, offer.token);
      expect(await both()).to.deep.equal([[], []]);
    });

    it("warn of an offer that the node's stake does not cover any more, once per node", async () => {
      const { nodes } = protocol.contracts;
      const { operator } = protocol.accounts;
      const { free } = await nodes.accountOf(protocol.nodeId);
      // The least that any of its offers needs is 100 OPG and the fee.
      await nodes.connect(operator).unbond(protocol.nodeId, free - 100n * OPG_UNIT);
      const found = await alerts("LOW_STAKE");
      const now = await networkHelpers.time.latest();
      expect(found).to.deep.equal([
        {
          id: `LOW_STAKE-${protocol.nodeId}`,
          severity: "WARNING",
          nodeId: protocol.nodeId,
          subject: protocol.nodeId,
          timestamp: String(now),
          transactionHash: null,
        },
      ]);
      const byUrgency = await rows('alerts(orderBy: "urgency", orderDirection: "desc")', "kind severity timestamp");
      const classes = byUrgency.map(({ kind, severity }) => (severity === "CRITICAL" ? severity : kind));
      const order = classes.filter((each, place) => each !== classes[place - 1]);
      expect(order.slice(0, 2)).to.deep.equal(["CRITICAL", "DEFAULT"]);
      expect(order.slice(-2)).to.have.members(["LOW_STAKE", "ENCLAVE_REVOKED"]);
      const critical = byUrgency
        .filter(({ severity }) => severity === "CRITICAL")
        .map(({ timestamp }) => Number(timestamp));
      expect(critical).to.deep.equal(critical.toSorted((a, b) => b - a));
      await nodes.connect(operator).rebond(protocol.nodeId, free - 100n * OPG_UNIT);
      expect(await alerts("LOW_STAKE")).to.deep.equal([]);
    });
  });

  describe("governance", () => {
    /** A role of nobody's, whose members act after a while. */
    const ROLE = 77n;
    const DELAY = 3_600n;
    let operationId: string;

    before(async () => {
      const { manager, settlement, models } = protocol.contracts;
      const { stranger } = protocol.accounts;
      const asStranger = manager.connect(stranger);
      await manager.labelRole(ROLE, "watchman");
      await manager.setRoleAdmin(ROLE, 2n);
      await manager.setRoleGuardian(ROLE, 1n);
      await manager.setGrantDelay(ROLE, DELAY);
      await manager.setTargetAdminDelay(models, DELAY);
      await manager.setTargetClosed(models, true);
      await manager.setTargetClosed(models, false);
      const pause = settlement.interface.encodeFunctionData("pause");
      await manager.setTargetFunctionRole(settlement, [pause], ROLE);
      await manager.setRoleAdmin(ROLE, 0n);
      await manager.grantRole(ROLE, stranger, DELAY);
      await networkHelpers.time.increase(DELAY + 1n);
      operationId = await manager.hashOperation(stranger, settlement, pause);
      await asStranger.schedule(settlement, pause, 0n);
      await asStranger.cancel(stranger, settlement, pause);
      await asStranger.schedule(settlement, pause, 0n);
      await networkHelpers.time.increase(DELAY);
      await asStranger.execute(settlement, pause);
      await settlement.unpause();
      await manager.revokeRole(ROLE, stranger);
      await enclaves.emergencyRevoke(protocol.nodeId, await attestEnclave(), 0);
      await nitro.revokeCertificate(id("an authority"), 7n);
      await nitro.revokeCertificate(id("an authority"), 7n);
    });

    it("has a history of every act, of whichever kind", async () => {
      const kinds = await rows("governanceEvents(limit: 1000)", "kind");
      expect(new Set(kinds.map(({ kind }) => kind))).to.have.keys(...GOVERNANCE_EVENTS);
      for (const [name, contract, kind] of [
        ["TokenListed", protocol.contracts.settlement, "kind_in: [TOKEN_LISTED, TOKEN_DELISTED]"],
        ["VerifierAdded", protocol.contracts.verifiers, "kind: VERIFIER_ADDED"],
        ["RoleGranted", protocol.contracts.manager, "kind: ROLE_GRANTED"],
        ["TargetFunctionRoleUpdated", protocol.contracts.manager, "kind: FUNCTION_ROLE_CHANGED"],
      ] as const) {
        const found = await rows(`governanceEvents(where: { ${kind} }, limit: 1000)`, "contract transactionHash");
        expect(found, name).to.deep.equal(
          (await logs(contract, name)).map(({ address, transactionHash }) => ({
            contract: lower(address),
            transactionHash,
          })),
        );
      }
    });

    it("tells whom an act concerns, who did it, when, and from when it holds", async () => {
      const { manager, settlement, verifiers } = protocol.contracts;
      const { deployer, stranger } = protocol.accounts;
      const [granted] = (await logs(manager, "RoleGranted")).slice(-1);
      const columns = "kind contract subject role reference effectiveAt delay data sender timestamp transactionHash";
      expect(
        await rows(`governanceEvents(where: { subject: "${lower(stranger.address)}", kind: ROLE_GRANTED })`, columns),
      ).to.deep.equal([
        {
          kind: "ROLE_GRANTED",
          contract: lower(await manager.getAddress()),
          subject: lower(stranger.address),
          role: String(ROLE),
          reference: null,
          effectiveAt: String(granted?.args.since),
          delay: String(DELAY),
          data: null,
          sender: lower(deployer.address),
          timestamp: String((await granted?.getBlock())?.timestamp),
          transactionHash: granted?.transactionHash,
        },
      ]);
      const { verifier } = await verifiers.verifierOf(1);
      const added = await rows(`governanceEvents(where: { subject: "${lower(verifier)}" })`, "kind reference");
      expect(added).to.deep.equal([{ kind: "VERIFIER_ADDED", reference: "1" }]);
      const operation = await rows(
        `governanceEvents(where: { reference: "${operationId}" })`,
        "kind subject data sender",
      );
      const pause = settlement.interface.encodeFunctionData("pause");
      const scheduled = { subject: lower(await settlement.getAddress()), data: pause };
      expect(operation.map(({ sender: _, ...row }) => row)).to.deep.equal([
        { kind: "OPERATION_SCHEDULED", ...scheduled },
        { kind: "OPERATION_CANCELLED", subject: null, data: null },
        { kind: "OPERATION_SCHEDULED", ...scheduled },
        { kind: "OPERATION_EXECUTED", subject: null, data: null },
      ]);
    });

    it("names the parameters that were announced and applied", async () => {
      const { governanceEvents } = await query<{ governanceEvents: { items: { parameters: Row }[] } }>(
        `{ governanceEvents(where: { kind_in: [PARAMETERS_SCHEDULED, PARAMETERS_APPLIED] }) {
             items { parameters { rewardBps } } } }`,
      );
      const [first] = await logs(protocol.contracts.settlement, "ParametersApplied");
      const shares = governanceEvents.items.map(({ parameters }) => parameters.rewardBps);
      expect(shares).to.deep.equal([Number(first?.args.parameters.rewardBps), 100, 100, 50]);
    });

    it("can be paged through by cursors", async () => {
      const pages: unknown[] = [];
      let after: string | null = null;
      do {
        const data: Record<string, { items: Row[]; pageInfo: { endCursor: string; hasNextPage: boolean } }> =
          await query(
            `query ($after: String) { page: governanceEvents(orderBy: "id", limit: 10, after: $after) {
             items { id } pageInfo { endCursor hasNextPage } } }`,
            { after },
          );
        const { items = [], pageInfo } = data.page ?? {};
        pages.push(...items.map((row) => row.id));
        after = pageInfo?.hasNextPage ? pageInfo.endCursor : null;
      } while (after !== null);
      expect(pages).to.deep.equal((await rows("governanceEvents(limit: 1000)", "id")).map((row) => row.id));
    });
  });

  describe("certificates", () => {
    it("are those whose signatures the verifier remembers, and those that were revoked", async () => {
      const found = await rows("certificates", "nitroVerifier pathId parentId transactionHash");
      expect(found).to.have.deep.members(
        (await logs(nitro, "CertificateVerified")).map(({ address, args, transactionHash }) => ({
          nitroVerifier: lower(address),
          pathId: args.pathId,
          parentId: args.parentId,
          transactionHash,
        })),
      );
      for (const { pathId } of found) expect(await nitro.isCached(String(pathId))).to.equal(true);
      const [first] = await logs(nitro, "CertificateRevoked");
      expect(await rows("revokedCertificates", "issuer serial transactionHash")).to.deep.equal([
        { issuer: id("an authority"), serial: "7", transactionHash: first?.transactionHash },
      ]);
    });
  });

  describe("endpoints", () => {
    const get = async (path: string) => {
      const response = await fetch(`${indexer.url}${path}`);
      return { status: response.status, body: await response.text() };
    };

    it("give the supply and the burn, in base units and as plain numbers", async () => {
      const { opg } = protocol.contracts;
      const whole = (amount: bigint) => ethers.formatEther(amount).replace(/\.0$/, "");
      const columns = ["initialSupply", "minted", "supply", "destroyed", "burned"];
      const [row] = await rows("protocols", columns.join(" "));
      expect(JSON.parse((await get("/supply")).body)).to.deep.equal(row);
      expect(await get("/supply/total")).to.deep.equal({ status: 200, body: whole(await opg.totalSupply()) });
      expect(await get("/supply/burned")).to.deep.equal({ status: 200, body: whole(big(row?.burned)) });
    });

    it("give the deflation per hour and per day", async () => {
      for (const bucket of ["hour", "day"]) {
        const { status, body } = await get(`/metrics/deflation?bucket=${bucket}`);
        const points = JSON.parse(body) as (Row & { start: number; annualised: number })[];
        const [row] = await rows("protocols", "burned supply");
        expect(status).to.equal(200);
        expect(sum(points, "burned")).to.equal(big(row?.burned));
        expect(points.at(-1)?.supply).to.equal(row?.supply);
        expect(points.map(({ start }) => start)).to.deep.equal(points.map(({ start }) => start).sort((a, b) => a - b));
      }
    });

    it("refuse a bucket that there is none of", async () => {
      expect(await get("/metrics/deflation?bucket=year")).to.deep.equal({
        status: 400,
        body: '{"error":"bucket is hour, day or week, not year"}',
      });
    });

    it("answer SQL, and only reading", async () => {
      const sql = async (text: string) => {
        const statement = encodeURIComponent(JSON.stringify({ json: { sql: text, params: [] } }));
        return get(`/sql/db?sql=${statement}`);
      };
      const { status, body } = await sql("select status, count(*)::text from inference group by status");
      expect(status, body).to.equal(200);
      expect(body).to.contain('"SETTLED"');
      expect((await sql("delete from inference")).status).to.not.equal(200);
    });
  });

  describe("while the chain goes on", () => {
    it("shows a new block within a second", async () => {
      const started = Date.now();
      await networkHelpers.mine();
      await indexer.reached(await ethers.provider.getBlockNumber());
      // A bound on being live at all, not a benchmark: the machine may be busy.
      expect(Date.now() - started).to.be.lessThan(10_000);
    });

    (process.env.OPG_DEEP ? it : it.skip)("ends with the process that started it, even by a kill", async () => {
      const start = `
        const { startIndexer } = await import(process.argv[1]);
        const indexer = await startIndexer(JSON.parse(process.argv[2]));
        console.log(indexer.url);
        await indexer.ended;
      `;
      const module = new URL("../../indexer/start.ts", import.meta.url).href;
      const options = JSON.stringify({ rpcUrl: rpc.url, deployment });
      const parent = spawn(process.execPath, ["--input-type=module", "-e", start, module, options], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
      expect((await fetch(`${line}/health`)).status).to.equal(200);
      parent.kill("SIGKILL");
      const isUp = () =>
        fetch(`${line}/health`).then(
          () => true,
          () => false,
        );
      for (let attempt = 0; attempt < 100 && (await isUp()); attempt++) await sleep(50);
      expect(await isUp()).to.equal(false);
    });

    it("answers every query of docs/indexer.md", async () => {
      // The questions of apps are in test/integration/indexerApi.ts.
      const [, text = ""] = readFileSync("docs/indexer.md", "utf8").split(/\n## Queries(?: of the dashboard)?\n/);
      const queries = [...text.matchAll(/```graphql\n(.*?)```/gs)].map(([, body]) => body ?? "");
      expect(queries.length).to.be.greaterThan(5);
      // This chain has none of them; test/integration/indexerRight.ts and the demo have.
      const elsewhere = ["channels", "batchSettlements", "rowNotPaids", "x402Gates", "equivocations"];
      for (const body of queries) {
        const data = await query<Record<string, unknown>>(body, {
          id: labelled.settled,
          node: protocol.nodeId,
        });
        for (const [field, value] of Object.entries(data)) {
          expect(value, `${field} of ${body}`).to.not.equal(null);
          if (Object(value).items && !elsewhere.includes(field))
            expect(Object(value).items, body).to.not.have.length(0);
        }
      }
    });

    it("answers every query of the dashboard", async () => {
      const folder = "indexer/dashboard/src/queries";
      const files = readdirSync(folder).filter((file) => file.endsWith(".graphql"));
      expect(files).to.not.be.empty;
      for (const file of files) {
        const data = await query<Record<string, unknown>>(readFileSync(join(folder, file), "utf8"), {
          id: labelled.settled,
        });
        expect(Object.keys(data), file).to.not.be.empty;
      }
    });

    it("agrees with the chain in every row", async () => {
      await indexer.reached(await ethers.provider.getBlockNumber());
      const source = { kind: "indexer", url: indexer.url } as const;
      const { rows, differences, uncompared } = await reconcile({ rpcUrl: rpc.url, deployment, source });
      expect(differences).to.deep.equal([]);
      expect(uncompared).to.deep.equal([]);
      // Channels and batches are in indexerRight.ts.
      const elsewhere = new Set([
        "channel",
        "channelEvent",
        "batchSettlement",
        "rowNotPaid",
        "x402Gate",
        "equivocation",
        "slashing",
        "keyFault",
      ]);
      for (const entity of ["channelCredit", "lastDraw", "burnFor"]) elsewhere.add(entity);
      for (const [entity, count] of Object.entries(rows)) {
        if (!elsewhere.has(entity)) expect(count, entity).to.be.greaterThan(0);
      }
    });

    it("differs where contracts hold less than the tables say that they owe", async () => {
      const { settlement, nodes, opg, usd } = protocol.contracts;
      const snapshot = await networkHelpers.takeSnapshot();
      // As a bug of the contracts would: without any event of theirs.
      const taken = async (token: typeof opg | typeof usd, holder: typeof settlement | typeof nodes) => {
        const address = await holder.getAddress();
        await networkHelpers.setBalance(address, ethers.parseEther("1"));
        await networkHelpers.impersonateAccount(address);
        const held = await token.balanceOf(address);
        await token.connect(await ethers.getSigner(address)).transfer(protocol.accounts.stranger, held);
        return held;
      };
      const [fees, stakes] = [await taken(usd, settlement), await taken(opg, nodes)];
      // Governance may list what is no token. Nothing is owed in it, so it differs in nothing.
      await settlement.setToken(nodes, true);
      await indexer.reached(await ethers.provider.getBlockNumber());
      const source = { kind: "indexer", url: indexer.url } as const;
      const { differences } = await reconcile({ rpcUrl: rpc.url, deployment, source });
      const found = differences.map(({ entity, field, chain, table }) => ({ entity, field, chain, table }));
      expect(found).to.have.deep.members([
        { entity: "token", field: "escrowed + credited", chain: "at most 0", table: String(fees) },
        { entity: "protocol", field: "free + bonded + unbonding", chain: "at most 0", table: String(stakes) },
      ]);
      await snapshot.restore();
      await networkHelpers.mine(4);
      await indexer.reached(await ethers.provider.getBlockNumber());
    });

    it("forgets what a reorganisation takes back", async () => {
      const everything = async () => ({
        protocol: await rows("protocols", "supply burned requested delivered settled free bonded"),
        inferences: await rows("inferences", "id status burned"),
        events: await rows("inferenceEvents(limit: 1000)", "id kind"),
        nodes: await rows("nodes", "id free bonded unbonding requests settlements"),
        tokens: await rows("tokens", "address escrowed credited"),
        credits: await rows("credits", "token account balance"),
        periods: await rows(
          "periods(limit: 1000)",
          "interval start requests settlements burned supply atRisk atRiskPeak staked bonded",
        ),
        byNode: await rows("periodNodes(limit: 1000)", "interval start nodeId requests settlements burned"),
        gaps: await rows("trustGaps(limit: 1000)", "scope subject seconds count countNet"),
      });
      const before = await everything();
      const snapshot = await networkHelpers.takeSnapshot();
      const { nodes, usd } = protocol.contracts;
      const { operator } = protocol.accounts;
      await usd.mint(operator, 1n);
      const { requestId } = await protocol
        .request({
          offer: { pricePerRequest: 3n * USD_UNIT, coverage: 40n * OPG_UNIT },
        })
        .catch(() => ({ requestId: "" }));
      await nodes.connect(operator).unbond(protocol.nodeId, 1n);
      expect(await everything(), requestId).to.not.deep.equal(before);

      await snapshot.restore();
      await networkHelpers.mine(5, { interval: 7 });
      expect(await everything()).to.deep.equal(before);
    });
  });
});
