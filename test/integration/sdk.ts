import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { type ClientOptions, OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { readProofMeaning } from "../../sdk/src/client/verifyProof.ts";
import { DeliveryError } from "../../sdk/src/errors/DeliveryError.ts";
import { SettlementFailure } from "../../sdk/src/errors/SettlementFailure.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import { randomSalt } from "../../sdk/src/model.ts";
import { JobStore } from "../../sdk/src/node/JobStore.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";
import { type NodeEvent, type RunningNode, type ServeOptions, serveNode } from "../../sdk/src/node/serveNode.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { DeliveryMode, OutputCommitment, RequestStatus, Route, Trust } from "../../sdk/src/types.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { loadProtocol, networkHelpers, OPG_UNIT, type Protocol, USD_UNIT } from "../support/fixtures.ts";
import { deploymentOf, shoutingModel, shoutingRuntime, temporaryDirectory } from "../support/sdk.ts";

describe("SDK: requester and node", () => {
  let p: Protocol;
  let client: OpgClient;
  let node: RunningNode | undefined;
  let events: NodeEvent[];
  let directory: ReturnType<typeof temporaryDirectory>;
  let stop: AbortController;

  beforeEach(async () => {
    p = await loadProtocol();
    stop = new AbortController();
    client = await clientWith({});
    events = [];
    directory = temporaryDirectory();
  });

  afterEach(async () => {
    stop.abort();
    await node?.close();
    node = undefined;
    directory.remove();
  });

  const clientWith = async (options: Partial<ClientOptions>) => {
    const deployment = await deploymentOf(p);
    const { signal } = stop;
    return new OpgClient({ signer: p.accounts.requester, deployment, pollingInterval: 20, signal, ...options });
  };

  /** Starts the fixture's node, and publishes where it is reached. */
  async function start(change: Partial<NodeModel> = {}, options: Partial<ServeOptions> = {}): Promise<RunningNode> {
    const routes = [Route.ZK, Route.TEE];
    node = await serveNode({
      signer: p.accounts.signer,
      deployment: await deploymentOf(p),
      nodes: [p.nodeId],
      models: routes.map((route) => ({ ...shoutingRuntime(p.modelId, route), ...change })),
      directory: directory.path,
      pollingInterval: 20,
      onEvent: (event) => events.push(event),
      ...options,
    });
    await p.contracts.nodes.connect(p.accounts.operator).describe(p.nodeId, node.url, "");
    return node;
  }

  const infer = (change: Partial<Parameters<typeof client.infer>[0]> = {}) =>
    client.infer({
      model: shoutingModel(p.modelId, Route.ZK),
      input: "good morning",
      maxFee: 5n * USD_UNIT,
      ...change,
    });

  const rejection = async (promise: Promise<unknown>): Promise<Error> => {
    try {
      await promise;
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error("it did not reject");
  };

  it("gives the output at once, and the settlement when the proof is on chain", async () => {
    await start();
    const run = await infer();
    expect(run.output).to.equal("GOOD MORNING");
    expect(run.fee).to.equal(USD_UNIT + 12n * 1_000n);

    const settled = await run.settled;
    expect(settled).to.include({ requestId: run.requestId, nodeId: p.nodeId, fee: run.fee, units: 12n });
    expect(settled.returned).to.equal(5n * USD_UNIT - run.fee);
    expect(settled.burned).to.equal(run.terms.verificationFee);
    expect(settled.payout).to.equal(p.accounts.payout.address);
    expect(settled.trustGap).to.equal(settled.settledAt - settled.deliveredAt);
    const state = await client.status(run.requestId);
    expect(state.status).to.equal(RequestStatus.SETTLED);
    expect(state.terms).to.deep.equal(run.terms);
    expect(state.outcome).to.deep.equal(settled);
    expect(events.map(({ type }) => type)).to.include.members([
      "requested",
      "answered",
      "delivered",
      "proven",
      "settled",
    ]);
    await node?.idle();
    expect(new JobStore(directory.path).load()).to.deep.equal([]);

    const { token } = run.terms.offer;
    expect(await client.withdraw(token)).to.equal(settled.returned);
    const operator = new OpgOperator({ signer: p.accounts.operator, deployment: await deploymentOf(p) });
    expect(await operator.collect(token, p.accounts.payout.address)).to.equal(run.fee);
  });

  it("runs many inferences of one account at once", async () => {
    await start();
    const runs = await Promise.all(["one", "two", "three", "four", "five"].map((input) => infer({ input })));
    expect(runs.map(({ output }) => output)).to.deep.equal(["ONE", "TWO", "THREE", "FOUR", "FIVE"]);
    expect(new Set(await Promise.all(runs.map(async ({ settled }) => (await settled).requestId)))).to.have.length(5);
  });

  it("pays by a permit when there is no allowance", async () => {
    await start();
    const { usd, settlement } = p.contracts;
    await usd.connect(p.accounts.requester).approve(settlement, 0n);
    const run = await infer();
    await run.settled;
    expect(await usd.allowance(p.accounts.requester, settlement)).to.equal(0n);
  });

  it("delivers on chain where the terms say so, and reads the output there when the node has no endpoint", async () => {
    const { url } = await start();
    await p.contracts.nodes.connect(p.accounts.operator).describe(p.nodeId, "", "");
    const model = shoutingModel(p.modelId, Route.TEE);
    const published = infer({ mode: DeliveryMode.ONCHAIN, model: { ...model, createSalt: () => id("salt") } });
    // The input still has to reach the node: here the requester's own courier brings it.
    const { settlement } = client.contracts;
    let requests = await settlement.events("Requested", [], 0);
    while (requests.length === 0) requests = await settlement.events("Requested", [], 0);
    const input = `0x${Buffer.from("good morning").toString("hex")}`;
    const call = toJson({ terms: requests[0]?.args.terms, input, salt: id("salt") });
    expect((await fetch(`${url}/v1/inferences`, { method: "POST", body: call })).status).to.equal(200);
    const run = await published;
    expect(run.output).to.equal("GOOD MORNING");
    await run.settled;
  });

  it("lets somebody else send and pay the gas for a request that the requester signed", async () => {
    const [standing] = await client.offers({ modelId: p.modelId, route: Route.ZK });
    if (standing === undefined) throw new Error("the fixture has an offer");
    await p.contracts.usd.connect(p.accounts.requester).approve(p.contracts.settlement, 0n);
    const terms = await client.terms({ offer: standing.offer, inputHash: ZeroHash, maxFee: 2n * USD_UNIT });
    const [signature, permit] = [await client.signTerms(terms), await client.signFeePermit(terms)];
    const relayer = await clientWith({ signer: p.accounts.relayer });
    const { requestId } = await relayer.relay(terms, signature, permit);
    const state = await client.status(requestId);
    expect(state.status).to.equal(RequestStatus.REQUESTED);
    expect(state.terms.requester).to.equal(p.accounts.requester.address);
  });

  it("takes the refund when the node does not deliver", async () => {
    const offline = `http://127.0.0.1:9`;
    const error = await rejection(infer({ endpoint: offline, timeout: 500 }));
    if (!(error instanceof DeliveryError)) throw error;
    expect(error.message).to.contain(offline);
    await networkHelpers.time.increase(601);
    const failure = await rejection(error.settled);
    expect(failure).to.be.instanceOf(SettlementFailure);
    expect(failure).to.include({ reason: "refunded", returned: 5n * USD_UNIT, compensation: 0n });
    expect(await client.credit(await p.contracts.usd.getAddress())).to.equal(5n * USD_UNIT);
  });

  it("claims the compensation when the node does not prove what it delivered", async () => {
    await start({ prove: () => Promise.reject(new Error("the prover burned down")) });
    const run = await infer();
    while ((await client.status(run.requestId)).status !== RequestStatus.DELIVERED);
    await p.passProofWindow(await p.terms());
    const failure = await rejection(run.settled);
    expect(failure).to.include({ reason: "defaulted", returned: 5n * USD_UNIT, compensation: 80n * OPG_UNIT });
    expect(await client.credit(await p.contracts.opg.getAddress())).to.be.greaterThanOrEqual(80n * OPG_UNIT);
    expect(events.some(({ type, detail }) => type === "retrying" && detail === "the prover burned down")).to.equal(
      true,
    );
  });

  it("reports a request that the node declines because it does not have the model", async () => {
    await start({}, { models: [] });
    const error = await rejection(infer());
    if (!(error instanceof DeliveryError)) throw error;
    expect(await rejection(error.settled)).to.include({ reason: "declined", returned: 5n * USD_UNIT });
  });

  it("declines a request whose input does not come, since it would lock the bond for nothing", async () => {
    await start({}, { inputTimeout: 50 });
    const error = await rejection(infer({ endpoint: "http://127.0.0.1:9", timeout: 100 }));
    if (!(error instanceof DeliveryError)) throw error;
    expect(await rejection(error.settled)).to.include({ reason: "declined" });
    expect((await p.contracts.nodes.accountOf(p.nodeId)).bonded).to.equal(0n);
  });

  it("proves after a restart what was answered before, and answers the same", async () => {
    await start({ prove: () => Promise.reject(new Error("not yet")) });
    const run = await infer();
    await node?.close();
    events = [];
    await start();
    const settled = await run.settled;
    expect(settled.outputHash).to.equal(run.answer.outputHash);
    expect(events.map(({ type }) => type)).not.to.include("answered");
  });

  it("settles in one step where the proof is an enclave's signature, and verifies that before the output is used", async () => {
    await start();
    const run = await infer({ model: shoutingModel(p.modelId, Route.TEE) });
    expect(run.output).to.equal("GOOD MORNING");
    expect(await run.settled).to.include({ nodeId: p.nodeId, fee: run.fee, trustGap: 0 });
  });

  it("says what a proof of the model's route shows", async () => {
    const { models } = p.contracts;
    const meaning = async (parameters: string) => {
      const { modelId } = p;
      await models.connect(p.accounts.modelOwner).setRoute(modelId, Route.TEE, 2, OutputCommitment.OPAQUE, parameters);
      const { version } = await models.currentRoute(modelId, Route.TEE);
      return readProofMeaning(client.contracts, { modelId, route: Route.TEE, routeVersion: Number(version) });
    };
    const measurements = [id("image")];
    const local = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements });
    const gateway = encodeTeeParameters({ trust: Trust.GATEWAY, backend: "api.example", measurements });
    expect(await meaning(local)).to.equal("EXECUTION");
    expect(await meaning(gateway)).to.equal("RELAY");
    expect(await meaning(id("no set"))).to.equal(undefined);
    expect(await meaning("0x1234")).to.equal(undefined);
    const { offer } = await p.terms();
    const zk = { ...offer, route: Route.ZK, routeVersion: 1, deliveryWindow: 1, proofWindow: 1 };
    expect(await readProofMeaning(client.contracts, zk)).to.equal("EXECUTION");
  });

  it("takes an open request only where its operator accepts that, and settles it in one step", async () => {
    await start({}, { acceptOpen: ({ offer }) => offer.pricePerRequest >= USD_UNIT });
    const [standing] = await client.offers({ modelId: p.modelId, route: Route.ZK });
    if (standing === undefined || node === undefined) throw new Error("the fixture has an offer");
    const offer = { ...standing.offer, nodeId: ZeroHash, coverage: 0n, proofWindow: 0 };
    const run = await infer({ offer, endpoint: node.url });
    expect(await run.settled).to.include({ nodeId: p.nodeId, trustGap: 0 });

    const cheap = await rejection(infer({ offer: { ...offer, pricePerRequest: 1n }, endpoint: node.url }));
    expect(cheap.message).to.contain("does not serve these terms");
  });

  it("stops looking after its requests when it is told to", async () => {
    await start({ prove: () => Promise.reject(new Error("not yet")) });
    const run = await infer();
    stop.abort();
    expect((await rejection(run.settled)).message).to.contain("the client was stopped");
  });

  it("pays nothing that it was not told to", async () => {
    const model = shoutingModel(p.modelId, Route.ZK);
    expect((await rejection(client.infer({ model, input: "x" }))).message).to.contain("Say by maxFee");
    const dear = await rejection(infer({ maxFee: USD_UNIT - 1n }));
    expect(dear.message).to.contain(`asks for more than ${USD_UNIT - 1n}`);
    const offer = { ...(await p.offer()), route: Route.ZK, routeVersion: 1, deliveryWindow: 600, proofWindow: 3_600 };
    expect((await rejection(client.terms({ offer, inputHash: ZeroHash }))).message).to.contain("metered per unit");
    const fixed = { ...offer, pricePerUnit: 0n };
    const above = await rejection(client.terms({ offer: fixed, inputHash: ZeroHash, maxFee: 1n }));
    expect(above.message).to.equal(`This offer costs ${USD_UNIT} base units, and 1 is the most to pay.`);
    const { maxFee } = await client.terms({ offer: fixed, inputHash: ZeroHash, maxFee: 5n * USD_UNIT });
    expect(maxFee).to.equal(USD_UNIT);
  });

  it("sends nothing when no node offers the model, or none whose answer could not be read on its way", async () => {
    const model = shoutingModel(id("another model"), Route.TEE);
    expect((await rejection(infer({ model }))).message).to.match(/^No node offers model/);
    await start();
    client = await clientWith({ insecureEndpoints: false });
    const refusal = await rejection(infer({ nodeId: p.nodeId }));
    expect(refusal.message).to.match(/^Nothing was sent: the node's endpoint http:.* is not https/);
    const { settlement } = p.contracts;
    expect(await settlement.queryFilter(settlement.filters.Requested())).to.deep.equal([]);
  });

  describe("an answer that does not hold", () => {
    const tampered = (tamper: (reply: Record<string, unknown>) => Record<string, unknown>): typeof fetch => {
      return async (...request) => {
        const response = await fetch(...request);
        return response.ok
          ? new Response(JSON.stringify(tamper((await response.json()) as Record<string, unknown>)))
          : response;
      };
    };

    const cases: readonly [string, (reply: Record<string, unknown>) => Record<string, unknown>, string][] = [
      ["another output than the signed one", (reply) => ({ ...reply, output: "0x1234" }), "the output is not what"],
      ["more units than were signed", (reply) => ({ ...reply, units: "999" }), "is not signed by"],
      ["another node's name", (reply) => ({ ...reply, nodeId: id("other") }), "answered"],
      ["an answer to another request", (reply) => ({ ...reply, requestId: id("other") }), "another request"],
      ["a malformed signature", (reply) => ({ ...reply, signature: "0x12" }), '"signature" has to be 65 bytes'],
    ];
    for (const [name, tamper, words] of cases) {
      it(`is refused: ${name}`, async () => {
        await start();
        client = await clientWith({ fetch: tampered(tamper) });
        const error = await rejection(infer());
        expect(error).to.be.instanceOf(DeliveryError);
        expect(error.message).to.contain(words);
      });
    }

    for (const [name, proof, words] of [
      ["an enclave's signature of something else", `0x${"12".repeat(69)}`, "the proof does not prove the answer"],
      ["no enclave's signature where one is due", "0x", "the node sent no signature of its enclave"],
    ] as const) {
      it(`is refused: ${name}`, async () => {
        await start();
        client = await clientWith({ fetch: tampered((reply) => ({ ...reply, proof })) });
        const error = await rejection(infer({ model: shoutingModel(p.modelId, Route.TEE) }));
        expect(error).to.be.instanceOf(DeliveryError);
        expect(error.message).to.contain(words);
      });
    }

    it("is refused: more units than agreed", async () => {
      await start();
      const error = await rejection(infer({ maxUnits: 11n }));
      expect(error.message).to.contain("12 units, and 11 were agreed");
    });
  });

  describe("the node's HTTP side", () => {
    const post = async (body: string): Promise<{ status: number; error?: string }> => {
      const response = await fetch(`${node?.url}/v1/inferences`, { method: "POST", body });
      const { error } = (await response.json()) as { error?: string };
      return { status: response.status, ...(error === undefined ? {} : { error }) };
    };

    it("gives no answer to whoever does not know the input and its salt", async () => {
      await start();
      const run = await infer();
      const input = `0x${Buffer.from("good morning").toString("hex")}`;
      const stolen = await post(toJson({ terms: run.terms, input, salt: randomSalt() }));
      expect(stolen).to.deep.equal({ status: 422, error: "the input and salt are not what the terms commit to" });
      await run.settled;
    });

    it("runs nothing for a request that is not on chain", async () => {
      await start({ run: () => Promise.reject(new Error("it ran")) });
      const [standing] = await client.offers({ modelId: p.modelId, route: Route.TEE });
      if (standing === undefined) throw new Error("the fixture has an offer");
      const salt = randomSalt();
      const inputHash = shoutingModel(p.modelId, Route.ZK).commitInput(new Uint8Array([1]), salt);
      const terms = await client.terms({ offer: standing.offer, inputHash, maxFee: 2n * USD_UNIT });
      const { status, error } = await post(toJson({ terms, input: "0x01", salt }));
      expect(status).to.equal(404);
      expect(error).to.contain(hashTerms(client.domain, terms));
    });

    it("refuses what it cannot read, each with one clear error", async () => {
      await start({}, { maxBody: 1_000 });
      expect(await post("{")).to.deep.equal({ status: 400, error: "the body is not JSON" });
      expect(await post("[]")).to.deep.equal({ status: 400, error: "the request is not a JSON object" });
      expect(await post('{"terms":{}}')).to.deep.equal({ status: 400, error: "the offer is not a JSON object" });
      expect((await post(" ".repeat(2_000))).status).to.equal(413);
      expect((await fetch(`${node?.url}/v2`)).status).to.equal(404);
    });

    it("says what it serves", async () => {
      await start();
      const served = (await (await fetch(`${node?.url}/v1/node`)).json()) as Record<string, unknown>;
      expect(served).to.deep.include({ chainId: 31337, nodes: [p.nodeId] });
    });

    it("does not start with a key that is not the node's signer", async () => {
      const error = await rejection(start({}, { signer: p.accounts.stranger }));
      expect(error.message).to.contain("set the signer");
    });
  });
});
