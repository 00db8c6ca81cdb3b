import { expect } from "chai";
import { hexlify, toUtf8Bytes } from "ethers";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { randomSalt } from "../../sdk/src/model.ts";
import { JobStore } from "../../sdk/src/node/JobStore.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";
import { type NodeEvent, type RunningNode, type ServeOptions, serveNode } from "../../sdk/src/node/serveNode.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { RequestStatus, Route } from "../../sdk/src/types.ts";
import { INFERENCES_PATH, toJson } from "../../sdk/src/wire.ts";
import { loadProtocol, networkHelpers, type Protocol, provider, USD_UNIT } from "../support/fixtures.ts";
import { deploymentOf, shoutingModel, shoutingRuntime, temporaryDirectory } from "../support/sdk.ts";

// A node answers over HTTP before its delivery is mined. A requester who sends the input at the right moment would have
// the answer and its money back: just before the delivery deadline, or when it sees the node's own transaction that
// declines the request waiting to be mined.
describe("Attack: answers that are never paid for", () => {
  const INPUT = toUtf8Bytes("good morning");
  let p: Protocol;
  let node: RunningNode | undefined;
  let directory: ReturnType<typeof temporaryDirectory>;
  let events: NodeEvent[];

  beforeEach(async () => {
    p = await loadProtocol();
    directory = temporaryDirectory();
    events = [];
  });

  afterEach(async () => {
    await provider.send("evm_setAutomine", [true]);
    await networkHelpers.mine();
    await node?.close();
    node = undefined;
    directory.remove();
  });

  const start = async (change: Partial<NodeModel> = {}, options: Partial<ServeOptions> = {}) => {
    node = await serveNode({
      signer: p.accounts.signer,
      deployment: await deploymentOf(p),
      nodes: [p.nodeId],
      models: [{ ...shoutingRuntime(p.modelId, Route.ZK), ...change }],
      directory: directory.path,
      pollingInterval: 20,
      onEvent: (event) => events.push(event),
      ...options,
    });
  };

  async function request() {
    const client = new OpgClient({ signer: p.accounts.requester, deployment: await deploymentOf(p), guard: false });
    const model = shoutingModel(p.modelId, Route.ZK);
    const [standing] = await client.offers({ modelId: p.modelId, route: Route.ZK });
    if (standing === undefined) throw new Error("the fixture has an offer");
    const salt = randomSalt();
    const inputHash = model.commitInput(INPUT, salt);
    const { terms, requestId } = await client.request({ offer: standing.offer, inputHash, maxFee: 5n * USD_UNIT });
    return { requestId, call: { terms, input: hexlify(INPUT), salt } };
  }

  const post = (call: unknown) => fetch(`${node?.url}${INFERENCES_PATH}`, { method: "POST", body: toJson(call) });

  const isRefusal = async (response: Response) => {
    expect(response.status).to.equal(409);
    expect(await response.text()).to.contain("is not open any more");
    expect(events.map(({ type }) => type)).not.to.include("answered");
    expect(new JobStore(directory.path).load()).to.deep.equal([]);
  };

  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it("runs nothing just before the delivery deadline", async () => {
    let runs = 0;
    await start({ run: async () => ({ output: INPUT, units: BigInt(++runs) }) });
    const { call } = await request();
    await networkHelpers.time.increase(call.terms.offer.deliveryWindow - 10);
    await isRefusal(await post(call));
    expect(runs).to.equal(0);
  });

  it("lets no answer out when the run has taken until just before the deadline", async () => {
    const { run } = shoutingRuntime(p.modelId, Route.ZK);
    await start({
      run: async (...job) => {
        await networkHelpers.time.increase(590);
        return run(...job);
      },
    });
    await isRefusal(await post((await request()).call));
  });

  it("lets no answer out while the request is being declined", async () => {
    await start({}, { inputTimeout: 300 });
    const { requestId, call } = await request();
    await provider.send("evm_setAutomine", [false]);
    await until(async () => (await provider.send("eth_getBlockByNumber", ["pending", false])).transactions.length > 0);
    await isRefusal(await post(call));
    await networkHelpers.mine();
    await until(async () => Number(await p.contracts.settlement.statusOf(requestId)) === RequestStatus.REFUNDED);
  });

  it("frees the bond of an answer that could not be delivered in time", async () => {
    const { requestId, call } = await request();
    const deployment = await deploymentOf(p);
    const operator = new OpgOperator({ signer: p.accounts.signer, deployment });
    const outputHash = shoutingModel(p.modelId, Route.ZK).commitOutput(INPUT, call.salt);
    const signature = await operator.signDelivery(requestId, outputHash, 1n);
    const reply = {
      requestId,
      nodeId: p.nodeId,
      outputHash,
      units: 1n,
      output: hexlify(INPUT),
      signature,
      proof: "0x",
    };
    new JobStore(directory.path).save({ call, reply });
    await networkHelpers.time.increase(call.terms.offer.deliveryWindow + 1);
    await start();
    await node?.idle();
    expect(await p.contracts.settlement.statusOf(requestId)).to.equal(RequestStatus.REFUNDED);
    expect((await p.contracts.nodes.accountOf(p.nodeId)).bonded).to.equal(0n);
    expect(new JobStore(directory.path).load()).to.deep.equal([]);
  });
});
