import { expect } from "chai";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import type { InferenceBatch } from "../../sdk/src/types.ts";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { loadProtocol, networkHelpers, OPG_UNIT, type Protocol } from "../support/fixtures.ts";

/**
 * Slashing is a weapon: against a node whose enclave signs two batches for one inference, and, if it can be aimed, against
 * honest ones.
 */
describe("Attack: equivocation, true and pretended", () => {
  const KEY = channelKey(1);
  let protocol: Protocol;
  let batches: BatchRoute;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    await batches.openChannel(KEY);
  });

  const free = async () => (await protocol.contracts.nodes.accountOf(protocol.nodeId)).free;
  const report = (a: InferenceBatch, proofA: string, b: InferenceBatch, proofB: string) =>
    batches.contract.connect(protocol.accounts.stranger).reportEquivocation(a, proofA, b, proofB);

  it("an honest retry of the same batch, with whatever signature, is none", async () => {
    const rows = batches.rows({ signer: KEY, ceiling: 5n, amount: 5n });
    const [batch, proof] = await batches.signed(rows);
    // The twin signature (r, n − s), and another attestation's number: the same batch still.
    await batches.route.attestAgain();
    const others = [batches.route.enclave.prove(hashBatch(batches.domain, batch), 1), twin(proof)];
    for (const other of [proof, ...others]) {
      await expect(report(batch, proof, batch, other)).to.be.revertedWithCustomError(
        batches.contract,
        "Batch_NoEquivocation",
      );
    }
    await batches.contract.settleBatch(batch, proof, rows);
    await expect(report(batch, proof, batch, others[1] ?? "")).to.be.revertedWithCustomError(
      batches.contract,
      "Batch_NoEquivocation",
    );
  });

  it("consecutive batches, and batches of different streams, are none", async () => {
    const a = await batches.batch("0x", { count: 7n });
    const next = { ...a, first: 7n };
    const streams = [
      { ...a, token: await protocol.contracts.opg.getAddress() },
      { ...a, ledger: protocol.accounts.stranger.address },
      { ...a, routeVersion: a.routeVersion + 1 },
      { ...a, modelId: protocol.nodeId },
    ];
    for (const b of [next, ...streams]) {
      await expect(report(a, batches.prove(a), b, batches.prove(b))).to.be.revertedWithCustomError(
        batches.contract,
        "Batch_NoEquivocation",
      );
    }
    expect(await free()).to.equal(10_000n * OPG_UNIT);
  });

  it("two batches that differ in the rows alone are one: the second would pay out again", async () => {
    const a = await batches.batch(batches.rows({ signer: KEY, ceiling: 5n, amount: 5n }));
    const b = await batches.batch(batches.rows({ signer: KEY, ceiling: 9n, amount: 9n }));
    await report(a, batches.prove(a), b, batches.prove(b));
    expect(await free()).to.equal(0n);
  });

  it("cannot be pinned on another node that the key is not attested for", async () => {
    const { nodeId } = await protocol.addNode(protocol.accounts.relayer, 500n * OPG_UNIT);
    const a = await batches.batch("0x", { nodeId });
    const b = { ...a, count: 2n };
    await expect(report(a, batches.prove(a), b, batches.prove(b)))
      .to.be.revertedWithCustomError(batches.contract, "Batch_InvalidProof")
      .withArgs(hashBatch(batches.domain, a));
    expect((await protocol.contracts.nodes.accountOf(nodeId)).free).to.equal(500n * OPG_UNIT);
  });

  it("by a key that was revoked in an emergency says nothing about the node", async () => {
    const a = await batches.batch("0x");
    const b = { ...a, count: 2n };
    await batches.route.attestAgain();
    await batches.route.tee.emergencyRevoke(protocol.nodeId, 0, await networkHelpers.time.latest());
    // Not even by the key's other attestation, which nobody has revoked.
    for (const index of [0, 1]) {
      const prove = (batch: InferenceBatch) => batches.route.enclave.prove(hashBatch(batches.domain, batch), index);
      await expect(report(a, prove(a), b, prove(b))).to.be.revertedWithCustomError(
        batches.route.tee,
        "EnclaveRegistry_FaultyKey",
      );
    }
    expect(await free()).to.equal(10_000n * OPG_UNIT);
  });

  it("is punished once: neither the same proof nor another of the same key takes what is staked later", async () => {
    const a = await batches.batch("0x");
    const b = { ...a, count: 2n };
    const c = { ...a, count: 3n };
    await batches.route.attestAgain();
    await report(a, batches.prove(a), b, batches.prove(b));
    await protocol.contracts.nodes.connect(protocol.accounts.operator).stake(protocol.nodeId, 300n * OPG_UNIT);
    const second = (batch: InferenceBatch) => batches.route.enclave.prove(hashBatch(batches.domain, batch), 1);
    for (const attempt of [
      () => report(b, batches.prove(b), a, batches.prove(a)),
      () => report(a, second(a), b, second(b)),
      () => report(a, batches.prove(a), c, batches.prove(c)),
    ]) {
      await expect(attempt()).to.be.revertedWithCustomError(batches.route.tee, "EnclaveRegistry_FaultyKey");
    }
    expect(await free()).to.equal(300n * OPG_UNIT);

    // Its other attestation settles no batch either, and anybody may end it.
    const settling = batches.contract.settleBatch(a, second(a), "0x");
    await expect(settling).to.be.revertedWithCustomError(batches.contract, "Batch_InvalidProof");
    await batches.route.tee.connect(protocol.accounts.stranger).revoke(protocol.nodeId, 1);
    const now = await networkHelpers.time.latest();
    expect(await batches.route.tee.isKeyValidAt(protocol.nodeId, a.key, now)).to.equal(false);
  });
});

/** The same proof with the signature's twin (r, n − s). */
function twin(proof: string): string {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(`0x${proof.slice(66, 130)}`);
  const v = proof.slice(130, 132) === "1b" ? "1c" : "1b";
  return `${proof.slice(0, 66)}${s.toString(16).padStart(64, "0")}${v}${proof.slice(132)}`;
}
