import { expect } from "chai";
import { id } from "ethers";
import { batchedRequestIdOf } from "../../sdk/src/hash/batchedRequestIdOf.ts";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { leafOf } from "../../sdk/src/hash/leafOf.ts";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import type { BatchedInference, InferenceBatch } from "../../sdk/src/types.ts";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { DAY, ethers, loadProtocol, networkHelpers, OPG_UNIT, type Protocol } from "../support/fixtures.ts";
import { merkleTree } from "../support/leaves.ts";
import { refused } from "../support/refused.ts";

describe("BatchSettlement: what was settled", () => {
  let protocol: Protocol;
  let batches: BatchRoute;
  let inferences: BatchedInference[];
  let tree: ReturnType<typeof merkleTree>;
  let batch: InferenceBatch;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    const stream = streamIdOf(await batches.batch("0x"));
    const { modelId, nodeId } = protocol;
    inferences = Array.from({ length: 5 }, (_, i) => {
      const requestId = batchedRequestIdOf(batches.channelId(channelKey(i)), stream, BigInt(i));
      const amount = BigInt(i);
      return { requestId, modelId, nodeId, inputHash: id("in"), outputHash: id(`out ${i}`), units: 3n, amount };
    });
    tree = merkleTree(inferences);
    batch = await batches.batch("0x", { root: tree.root, count: 5n });
    await batches.contract.settleBatch(batch, batches.prove(batch), "0x");
  });

  it("is shown for every inference by its path in OpenZeppelin's tree, and for no other", async () => {
    const { contract } = batches;
    const { nodeId, modelId, root } = batch;
    for (const [i, inference] of inferences.entries()) {
      const path = tree.getProof(i);
      expect(await contract.isInferenceSettled(inference, root, path)).to.equal(true);
      expect(await contract.isSettled(nodeId, modelId, root, leafOf(inference), path)).to.equal(true);
      for (const change of [{ amount: inference.amount + 1n }, { outputHash: id("other") }, { units: 4n }]) {
        expect(await contract.isInferenceSettled({ ...inference, ...change }, root, path)).to.equal(false);
      }
      expect(await contract.isInferenceSettled(inference, root, path.slice(1))).to.equal(false);
    }
  });

  it("is not shown under another node, model or root", async () => {
    const { contract } = batches;
    const { nodeId, modelId, root } = batch;
    const [leaf, path] = [tree.leafHash(tree.at(0) ?? []), tree.getProof(0)];
    expect(await contract.isSettled(nodeId, modelId, root, leaf, path)).to.equal(true);
    expect(await contract.isSettled(id("node"), modelId, root, leaf, path)).to.equal(false);
    expect(await contract.isSettled(nodeId, id("model"), root, leaf, path)).to.equal(false);
    expect(await contract.isSettled(nodeId, modelId, leaf, leaf, [])).to.equal(false);
  });
});

describe("BatchSettlement: reportEquivocation", () => {
  let protocol: Protocol;
  let batches: BatchRoute;
  let a: InferenceBatch;
  let b: InferenceBatch;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    a = await batches.batch("0x", { count: 10n });
    b = await batches.batch("0x", { first: 9n, count: 10n });
  });

  const report = (first: InferenceBatch, second: InferenceBatch) =>
    batches.contract
      .connect(protocol.accounts.stranger)
      .reportEquivocation(first, batches.prove(first), second, batches.prove(second));
  const fails = (first: InferenceBatch, second: InferenceBatch, error: string, values: unknown[]) =>
    refused(protocol, () => report(first, second), batches.contract, error, values);
  const digests = (...of: InferenceBatch[]) => of.map((batch) => hashBatch(batches.domain, batch));

  it("revokes the key, takes what is free and unbonding, and pays the reporter a quarter", async () => {
    const { nodes, opg } = protocol.contracts;
    const { operator, stranger } = protocol.accounts;
    await protocol.request();
    await nodes.connect(operator).unbond(protocol.nodeId, 1_000n * OPG_UNIT);
    const before = await nodes.accountOf(protocol.nodeId);
    const taken = before.free + before.unbonding;
    const [burned, reward] = [taken - taken / 4n, taken / 4n];
    const supply = await opg.totalSupply();
    const [digestA, digestB] = digests(a, b);

    await expect(report(a, b))
      .to.emit(batches.contract, "Equivocated")
      .withArgs(protocol.nodeId, a.key, stranger, digestA, digestB, burned, reward)
      .and.to.emit(nodes, "Slashed")
      .withArgs(protocol.nodeId, digestA, burned, reward)
      .and.to.emit(nodes, "Burned")
      .withArgs(protocol.nodeId, digestA, burned)
      .and.to.emit(batches.route.tee, "KeyFaulted")
      .withArgs(protocol.nodeId, a.key, 2n)
      .and.to.emit(batches.route.tee, "EnclaveRevoked");

    const after = await nodes.accountOf(protocol.nodeId);
    expect([after.free, after.bonded, after.unbonding]).to.deep.equal([0n, before.bonded, 0n]);
    expect(before.bonded).to.be.greaterThan(0n);
    expect(await opg.totalSupply()).to.equal(supply - burned);
    await batches.contract.connect(stranger).withdraw(opg, stranger);
    expect(await opg.balanceOf(stranger)).to.equal(reward);
    expect(await batches.contract.owed(opg)).to.equal(0n);

    const now = await networkHelpers.time.latest();
    expect(await batches.route.tee.isKeyValidAt(protocol.nodeId, a.key, now)).to.equal(false);
    expect(await batches.route.tee.faultOf(protocol.nodeId, a.key)).to.equal(2n);
    await expect(batches.contract.settleBatch(a, batches.prove(a), "0x"))
      .to.be.revertedWithCustomError(batches.contract, "Batch_InvalidProof")
      .withArgs(digestA);
  });

  it("takes a batch that was settled, and one inside the other", async () => {
    await batches.contract.settleBatch(a, batches.prove(a), "0x");
    await report({ ...a, first: 3n, count: 1n }, a);
    expect((await protocol.contracts.nodes.accountOf(protocol.nodeId)).free).to.equal(0n);
  });

  it("refuses batches of one stream that hold no inference in common", async () => {
    const [first, next, empty] = [a, { ...a, first: 10n }, { ...a, first: 5n, count: 0n }];
    for (const [x, y] of [
      [first, next],
      [next, first],
      [first, empty],
      [empty, first],
    ] as const) {
      await fails(x, y, "Batch_NoEquivocation", digests(x, y));
    }
  });

  it("refuses a signature of anybody else", async () => {
    const forged = `0x${"1b".repeat(65)}00000000`;
    const { contract } = batches;
    const [digestA, digestB] = digests(a, b);
    const attempts = [
      { proofs: [forged, batches.prove(b)], digest: digestA },
      { proofs: [batches.prove(a), forged], digest: digestB },
      { proofs: [batches.prove(a), "0x"], digest: digestB },
      { proofs: [batches.prove(a), batches.prove(a)], digest: digestB },
    ] as const;
    for (const { proofs, digest } of attempts) {
      const attempt = () => contract.reportEquivocation(a, proofs[0], b, proofs[1]);
      await refused(protocol, attempt, contract, "Batch_InvalidProof", [digest]);
    }
  });

  it("takes a key until the evidence window after its end has passed", async () => {
    const { tee } = batches.route;
    const window = await batches.contract.evidenceWindow();
    expect(window).to.equal(7n * DAY);
    await tee.connect(protocol.accounts.operator).revoke(protocol.nodeId, 0);
    const { validUntil } = await tee.enclaveAt(protocol.nodeId, 0);
    const snapshot = await networkHelpers.takeSnapshot();
    await networkHelpers.time.increaseTo(validUntil + window + 1n);
    await fails(a, b, "Batch_KeyTooOld", [a.key, validUntil]);
    await snapshot.restore();
    await networkHelpers.time.setNextBlockTimestamp(validUntil + window);
    await report(a, b);
  });

  it("is open to settlement modules only, in the verifier and in the node registry", async () => {
    const { stranger } = protocol.accounts;
    const { nodes } = protocol.contracts;
    const { tee } = batches.route;
    await expect(tee.revokeEquivocator(protocol.nodeId, batches.prove(a)))
      .to.be.revertedWithCustomError(tee, "EnclaveRegistry_NotAModule")
      .withArgs(protocol.accounts.deployer);
    await expect(nodes.connect(stranger).slash(protocol.nodeId, id("ref"), 1n))
      .to.be.revertedWithCustomError(nodes, "NodeRegistry_NotAModule")
      .withArgs(stranger, 0n);
    await expect(nodes.connect(stranger).burnOwed(protocol.nodeId, id("ref"), 1n))
      .to.be.revertedWithCustomError(nodes, "NodeRegistry_NotAModule")
      .withArgs(stranger, 0n);
    const module = batches.address;
    await networkHelpers.impersonateAccount(module);
    await networkHelpers.setBalance(module, OPG_UNIT);
    const asModule = nodes.connect(await ethers.getSigner(module));
    await expect(asModule.slash(protocol.nodeId, id("ref"), 5_001n))
      .to.be.revertedWithCustomError(nodes, "NodeRegistry_RewardTooLarge")
      .withArgs(5_001n);
  });

  it("does not punish a key twice, nor for what a thief signed, and such a key is not attested again", async () => {
    const { tee } = batches.route;
    const snapshot = await networkHelpers.takeSnapshot();
    for (const [fault, revoke] of [
      [2n, () => report(a, b)],
      [1n, () => tee.emergencyRevoke(protocol.nodeId, 0, 2n ** 48n - 1n)],
    ] as const) {
      await revoke();
      const values = [protocol.nodeId, a.key, fault];
      await refused(protocol, () => report(b, a), tee, "EnclaveRegistry_FaultyKey", values);
      const attesting = () => batches.route.attestAgain();
      await refused(protocol, attesting, tee, "EnclaveRegistry_FaultyKey", values);
      await snapshot.restore();
    }
  });
});
