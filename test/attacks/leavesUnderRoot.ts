import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { batchedRequestIdOf } from "../../sdk/src/hash/batchedRequestIdOf.ts";
import { leafOf } from "../../sdk/src/hash/leafOf.ts";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import type { BatchedInference } from "../../sdk/src/types.ts";
import type { Tally } from "../../types/ethers-contracts/index.ts";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { ethers, idOf, loadProtocol, type Protocol, Route } from "../support/fixtures.ts";
import { merkleTree } from "../support/leaves.ts";

/** A consumer acts on an inference that was never made, or twice on one that was. */
describe("Attack: what stands under a root", () => {
  let protocol: Protocol;
  let batches: BatchRoute;
  let tally: Tally;
  let inference: BatchedInference;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    tally = await ethers.deployContract("Tally", [batches.contract, protocol.modelId]);
    const stream = streamIdOf(await batches.batch("0x"));
    inference = {
      requestId: batchedRequestIdOf(batches.channelId(channelKey(1)), stream, 0n),
      modelId: protocol.modelId,
      nodeId: protocol.nodeId,
      inputHash: id("question"),
      outputHash: id("answer"),
      units: 3n,
      amount: 5n,
    };
  });

  const settle = async (inferences: BatchedInference[], change: { modelId?: string; routeVersion?: number } = {}) => {
    const tree = merkleTree(inferences);
    const batch = await batches.batch("0x", { root: tree.root, count: BigInt(inferences.length), ...change });
    await batches.contract.settleBatch(batch, batches.prove(batch), "0x");
    return tree;
  };

  it("counts a leaf that stands there twice, or under two roots, once", async () => {
    const tree = await settle([inference, inference, { ...inference, requestId: id("another") }]);
    await expect(tally.add(inference, tree.root, tree.getProof(0)))
      .to.emit(tally, "Counted")
      .withArgs(inference.inputHash, inference.outputHash, inference.requestId);
    const alone = await settle([inference]);
    const stands: [root: string, path: string[]][] = [
      [tree.root, tree.getProof(1)],
      [tree.root, tree.getProof(0)],
      [alone.root, []],
    ];
    for (const [root, path] of stands) {
      await expect(tally.add(inference, root, path))
        .to.be.revertedWithCustomError(tally, "Tally_CountedBefore")
        .withArgs(inference.requestId);
    }
    expect(await tally.count(inference.inputHash, inference.outputHash)).to.equal(1n);
  });

  it("counts no inference under a root that was settled under a model of a stranger's", async () => {
    const { models } = protocol.contracts;
    const { stranger } = protocol.accounts;
    const ownModel = idOf(stranger.address, id("own"));
    const verifierId = await protocol.contracts.verifiers.count();
    const [, , parameters] = await models.routeAt(protocol.modelId, Route.TEE, batches.route.offer.routeVersion);
    await models.connect(stranger).register(id("own"), "");
    await models.connect(stranger).setRoute(ownModel, Route.TEE, verifierId, 1n, parameters);
    // The root's leaves say whatever the stranger likes: that they are of the trusted model, for one.
    const own = { ...inference, modelId: ownModel };
    const tree = await settle([inference, own], { modelId: ownModel, routeVersion: 1 });
    await expect(tally.add(inference, tree.root, tree.getProof(0)))
      .to.be.revertedWithCustomError(tally, "SettledInference_NotSettled")
      .withArgs(inference.requestId, tree.root);
    await expect(tally.add(own, tree.root, tree.getProof(1)))
      .to.be.revertedWithCustomError(tally, "SettledInference_WrongModel")
      .withArgs(protocol.modelId, ownModel);
  });

  it("has no leaf that is an inner node, and none without a root", async () => {
    const others = [1, 2, 3].map((i) => ({ ...inference, requestId: id(`request ${i}`) }));
    const tree = await settle([inference, ...others]);
    // A path from an inner node proves that node's hash, which is the hash of 64 bytes and so of no inference.
    const { contract } = batches;
    const [, node = "", sibling = ""] = tree.dump().tree;
    expect(await contract.isSettled(protocol.nodeId, protocol.modelId, tree.root, node, [sibling])).to.equal(true);
    expect([inference, ...others].map(leafOf)).not.to.include(node);
    expect(await contract.isInferenceSettled(inference, ZeroHash, [])).to.equal(false);
    expect(await contract.isInferenceSettled(inference, leafOf(inference), [])).to.equal(false);
  });
});
