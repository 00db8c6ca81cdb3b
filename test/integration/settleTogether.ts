import { expect } from "chai";
import { FIELD, type Hex } from "../../circuits/src/field.ts";
import { commitInput, commitOutput, infer } from "../../circuits/src/model.ts";
import { digitsModel, digitsRuntime } from "../../scripts/models/digits.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import type { SettledInference } from "../../sdk/src/client/outcome.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { ContractError } from "../../sdk/src/errors/ContractError.ts";
import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import { SettlementQueue } from "../../sdk/src/node/SettlementQueue.ts";
import { type NodeEvent, serveNode } from "../../sdk/src/node/serveNode.ts";
import { OpgOperator, type ProvenRequest } from "../../sdk/src/operator/OpgOperator.ts";
import { Route } from "../../sdk/src/types.ts";
import { loadProtocol, type Protocol } from "../support/fixtures.ts";
import { forgeProofs } from "../support/forge.ts";
import { deploymentOf, temporaryDirectory } from "../support/sdk.ts";
import { type Row, ZkBatch } from "../support/zkBatch.ts";

describe("SDK: settling what is proven together", function () {
  this.timeout(600_000);

  let protocol: Protocol;
  let batch: ZkBatch;
  let deployment: Deployment;
  let operator: OpgOperator;

  beforeEach(async () => {
    protocol = await loadProtocol();
    batch = await ZkBatch.open(protocol);
    const { chainId, startBlock, addresses } = await deploymentOf(protocol);
    const contracts = {
      Groth16Settler: await batch.settler.getAddress(),
      Groth16Verifier: await batch.verifier.getAddress(),
    };
    deployment = { chainId, startBlock, addresses: { ...addresses, ...contracts } };
    operator = new OpgOperator({ signer: protocol.accounts.signer, deployment });
  });

  /** Rows as the SDK has them: enums and small integers are numbers. */
  const requests = (rows: readonly Row[]): ProvenRequest[] =>
    rows.map(({ terms, ...row }) => ({
      ...row,
      terms: {
        ...terms,
        compensationBps: Number(terms.compensationBps),
        rewardBps: Number(terms.rewardBps),
        proofBlocks: Number(terms.proofBlocks),
        mode: Number(terms.mode) as 0 | 1,
        offer: {
          ...terms.offer,
          route: Number(terms.offer.route) as Route,
          routeVersion: Number(terms.offer.routeVersion),
          deliveryWindow: Number(terms.offer.deliveryWindow),
          proofWindow: Number(terms.offer.proofWindow),
        },
      },
    }));

  const offerOf = ([request]: readonly ProvenRequest[]) => {
    if (request === undefined) throw new Error("no request");
    return request.terms.offer;
  };

  it("leaves out of the transaction what the chain would refuse, and says why", async () => {
    const [first, second, third, fourth] = requests(await batch.delivered(4));
    if (!first || !second || !third || !fourth) throw new Error("no rows");
    await operator.settle(second.terms, second, second.proof);
    const ends = await operator.settleMany(batch.keyId, [first, second, { ...third, proof: first.proof }, fourth]);
    expect(ends[0]).to.match(/^0x/).and.equal(ends[3]);
    const errors = ends.slice(1, 3).map((end) => (end instanceof ContractError ? end.error : end));
    expect(errors).to.deep.equal(["Settlement_WrongStatus", "Settlement_InvalidProof"]);
    const [again] = await operator.settleMany(batch.keyId, [first]);
    expect(again).to.be.instanceOf(ContractError);
  });

  it("tells a request that can only be settled alone", async () => {
    const [row] = requests(await batch.delivered(1));
    if (!row) throw new Error("no row");
    const [end] = await operator.settleMany(`0x${"00".repeat(32)}`, [row]);
    expect(end).to.be.instanceOf(OpgError).and.not.instanceOf(ContractError);
  });

  it("knows the key of Groth16 routes only, where there is a contract that settles many", async () => {
    const offer = offerOf(requests(await batch.delivered(1)));
    expect(await operator.batchKeyOf(offer)).to.equal(batch.keyId);
    // The fixture's first version of the ZK route is of another verifier.
    expect(await operator.batchKeyOf({ ...offer, routeVersion: 1 })).to.equal(undefined);
    expect(await operator.batchKeyOf({ ...offer, route: Route.TEE })).to.equal(undefined);
    const without = new OpgOperator({ signer: protocol.accounts.signer, deployment: await deploymentOf(protocol) });
    expect(await without.batchKeyOf(offer)).to.equal(undefined);
  });

  it("puts what becomes ready during a transaction into the next one, and a bad proof spoils no other", async () => {
    const rows = requests(await batch.delivered(6));
    const [first, second] = rows;
    if (!first || !second) throw new Error("no rows");
    const queue = new SettlementQueue(operator);
    const ends = await Promise.allSettled(
      rows.with(1, { ...second, proof: first.proof }).map((request) => queue.settle(request)),
    );
    expect(ends.map(({ status }) => status)).to.deep.equal(rows.map((_, i) => (i === 1 ? "rejected" : "fulfilled")));
    const hashes = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    expect(new Set(hashes).size).to.be.lessThan(hashes.length);
    await queue.settle(second);
    const { settlement } = protocol.contracts;
    for (const requestId of await batch.idsOf(rows)) expect(await settlement.isSettled(requestId)).to.equal(true);
  });

  for (const settleTogether of [true, false]) {
    it(`is what a node does ${settleTogether ? "by itself" : "not, when it is told so"}`, async () => {
      const { accounts, contracts, modelId, nodeId } = protocol;
      const { digits } = batch.route;
      const proofs: (() => void)[] = [];
      /** Proofs become ready when all of them are. */
      const prover = {
        prove: async ({ claimHash, pixels, salt }: { claimHash: Hex; pixels: readonly number[]; salt: bigint }) => {
          const output = commitOutput(infer(digits.weights, pixels).digit);
          const words = [digits.weightsCommitment, commitInput(pixels, salt), output].map(BigInt);
          const [proof = "0x"] = await forgeProofs(digits, [[BigInt(claimHash) % FIELD, ...words]]);
          await new Promise<void>((resolve) => {
            if (proofs.push(resolve) === 4) for (const release of proofs) release();
          });
          return proof;
        },
      };
      const directory = temporaryDirectory();
      const events: NodeEvent[] = [];
      const node = await serveNode({
        signer: accounts.signer,
        deployment,
        nodes: [nodeId],
        models: [digitsRuntime(modelId, digits.weights, prover)],
        directory: directory.path,
        pollingInterval: 20,
        provers: 4,
        settleTogether,
        onEvent: (event) => events.push(event),
      });
      const stop = new AbortController();
      const { pricePerRequest: fee } = batch.route.offer;
      let settled: SettledInference[];
      try {
        await contracts.nodes.connect(accounts.operator).describe(nodeId, node.url, "");
        const { signal } = stop;
        const client = new OpgClient({ signer: accounts.requester, deployment, pollingInterval: 20, signal });
        const model = digitsModel(modelId);
        const inputs = [0, 1, 2, 3].map((i) => batch.route.pixels(i));
        const runs = await Promise.all(inputs.map((input) => client.infer({ model, input, maxFee: fee })));
        settled = await Promise.all(runs.map((run) => run.settled));
        await node.idle();
      } finally {
        stop.abort();
        await node.close();
        directory.remove();
      }
      expect(settled.map((inference) => inference.fee)).to.deep.equal([fee, fee, fee, fee]);
      const hashes = events.filter(({ type }) => type === "settled").map(({ detail }) => detail);
      expect(hashes).to.have.length(4);
      expect(new Set(settled.map(({ transactionHash }) => transactionHash))).to.deep.equal(new Set(hashes));
      if (settleTogether) expect(new Set(hashes).size).to.be.lessThan(4);
      else expect(new Set(hashes).size).to.equal(4);
    });
  }
});
