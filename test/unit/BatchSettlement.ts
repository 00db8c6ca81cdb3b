import { expect } from "chai";
import { id, keccak256, ZeroHash } from "ethers";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import type { InferenceBatch } from "../../sdk/src/types.ts";
import { addressOfKey, BatchRoute, channelKey, packClaims, RowFault } from "../support/batches.ts";
import { loadProtocol, NodeStatus, type Protocol, USD_UNIT, VerifierStatus } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

const UNIT = USD_UNIT;
const [A, B, C] = [channelKey(1), channelKey(2), channelKey(3)];

describe("BatchSettlement: settleBatch", () => {
  let protocol: Protocol;
  let batches: BatchRoute;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    for (const key of [A, B]) await batches.openChannel(key);
  });

  it("pays what is proven, burns the fee for every inference, and keeps the root", async () => {
    const { contract } = batches;
    const { payout } = protocol.accounts;
    const rows = batches.rows(
      { signer: A, ceiling: 50n * UNIT, amount: 7n * UNIT },
      { signer: B, ceiling: 5n * UNIT, amount: 5n * UNIT },
    );
    const signed = await batches.signed(rows, { count: 1_000n });
    const [batch] = signed;
    const digest = hashBatch(batches.domain, batch);
    const { teeVerificationFee } = await protocol.contracts.settlement.parameters();
    const burned = 1_000n * teeVerificationFee;
    const [supply, { free }] = [await protocol.contracts.opg.totalSupply(), await account()];
    const owed = await contract.owed(batches.token);
    expect(await contract.hashBatch(batch)).to.equal(digest);
    expect(await contract.streamIdOf(batch)).to.equal(streamIdOf(batch));

    await expect(contract.connect(protocol.accounts.stranger).settleBatch(...signed))
      .to.emit(contract, "BatchSettled")
      .withArgs(digest, protocol.nodeId, streamIdOf(batch), membersOf(batch), payout, 12n * UNIT, burned)
      .and.to.emit(contract, "ChannelsClaimed")
      .withArgs(
        protocol.nodeId,
        protocol.modelId,
        batches.token,
        batches.route.offer.routeVersion,
        packClaims([A, 7n * UNIT], [B, 5n * UNIT]),
      )
      .and.to.emit(protocol.contracts.nodes, "Burned")
      .withArgs(protocol.nodeId, digest, burned)
      .and.not.to.emit(contract, "RowNotPaid");

    expect(await batches.amounts(A)).to.deep.equal([7n * UNIT, 93n * UNIT, 0n]);
    expect(await batches.amounts(B)).to.deep.equal([5n * UNIT, 95n * UNIT, 0n]);
    expect(await batches.credit()).to.equal(12n * UNIT);
    expect(await contract.owed(batches.token)).to.equal(owed);
    expect(await contract.nextSequence(streamIdOf(batch))).to.equal(1_000n);
    expect(await protocol.contracts.opg.totalSupply()).to.equal(supply - burned);
    expect((await account()).free).to.equal(free - burned);
    expect(await contract.isSettled(batch.nodeId, batch.modelId, batch.root, batch.root, [])).to.equal(true);
  });

  it("returns what was paid", async () => {
    const signed = await batches.signed(batches.rows({ signer: A, ceiling: 9n, amount: 4n }));
    expect(await batches.contract.settleBatch.staticCall(...signed)).to.equal(4n);
  });

  it("goes on where the stream is, and counts each stream on its own", async () => {
    const row = { signer: A, ceiling: 50n, amount: 1n };
    await batches.settle(row);
    await batches.settle(row, row);
    const [batch] = await batches.signed(batches.rows(row));
    expect(batch.first).to.equal(3n);
    const otherRoute = { ...batch, token: await protocol.contracts.opg.getAddress(), first: 0n };
    expect(await batches.contract.nextSequence(streamIdOf(otherRoute))).to.equal(0n);
  });

  it("pays the current payout, whatever the node's status, and while new requests are paused", async () => {
    const { nodes, settlement } = protocol.contracts;
    const asOperator = nodes.connect(protocol.accounts.operator);
    await asOperator.setPayout(protocol.nodeId, protocol.accounts.relayer);
    await asOperator.retire(protocol.nodeId);
    expect((await nodes.nodeOf(protocol.nodeId)).status).to.equal(NodeStatus.RETIRED);
    await settlement.pause();
    await settlement.setToken(batches.token, false);
    await batches.settle({ signer: A, ceiling: 9n, amount: 4n });
    expect(await batches.contract.creditOf(batches.token, protocol.accounts.relayer)).to.equal(4n);
  });

  it("settles by a frozen verifier, and without any payer", async () => {
    const verifierId = await protocol.contracts.verifiers.count();
    await protocol.contracts.verifiers.freeze(verifierId);
    await batches.contract.settleBatch(...(await batches.signed("0x", { count: 3n })));
    expect(await batches.credit()).to.equal(0n);
  });

  describe("a row that is not paid in full", () => {
    const cases = [
      {
        name: "of no channel is skipped and reported, and the others are paid",
        row: { signer: C, ceiling: 9n, amount: 8n },
        fault: RowFault.UNKNOWN_CHANNEL,
        missing: 8n,
      },
      {
        name: "with a low ceiling is paid up to it, and the rest stays payable",
        row: { signer: B, ceiling: 5n, amount: 8n },
        fault: RowFault.LOW_CEILING,
        missing: 3n,
        amounts: [5n, 100n * UNIT - 5n, 3n],
      },
      {
        name: "of a low balance is paid up to it, and the rest stays payable",
        row: { signer: B, ceiling: 1_000n * UNIT, amount: 101n * UNIT },
        fault: RowFault.LOW_BALANCE,
        missing: 1n * UNIT,
        amounts: [100n * UNIT, 0n, 1n * UNIT],
      },
      {
        name: "of an amount that cannot be counted is skipped and reported",
        row: { signer: B, ceiling: 9n, amount: 2n ** 80n },
        fault: RowFault.AMOUNT_TOO_LARGE,
        missing: 2n ** 80n,
        amounts: [0n, 100n * UNIT, 0n],
      },
    ];
    for (const { name, row, fault, missing, amounts } of cases) {
      it(name, async () => {
        const before = { signer: A, ceiling: 2n, amount: 2n };
        const after = { signer: A, ceiling: 3n, amount: 1n };
        const drawn = amounts?.[0];
        const claims = packClaims(
          [A, 2n],
          ...(drawn === undefined ? [] : ([[B, drawn]] satisfies [[typeof B, bigint]])),
          [A, 1n],
        );
        const settling = batches.settle(before, row, after);
        await expect(settling)
          .to.emit(batches.contract, "RowNotPaid")
          .withArgs(protocol.nodeId, batches.channelId(row.signer), addressOfKey(row.signer), 1n, fault, missing)
          .and.to.emit(batches.contract, "ChannelsClaimed")
          .withArgs(protocol.nodeId, protocol.modelId, batches.token, batches.route.offer.routeVersion, claims);
        expect(await batches.amounts(A)).to.deep.equal([3n, 100n * UNIT - 3n, 0n]);
        if (amounts) expect(await batches.amounts(row.signer)).to.deep.equal(amounts);
        expect(await batches.credit()).to.equal(3n + (drawn ?? 0n));
      });
    }
  });

  describe("refuses, and changes nothing", () => {
    const row = { signer: A, ceiling: 9n, amount: 4n };
    const fails = (attempt: Parameters<BatchRoute["contract"]["settleBatch"]>, error: string, values: unknown[]) =>
      refused(protocol, () => batches.contract.settleBatch(...attempt), batches.contract, error, values);

    it("rows that the enclave did not sign", async () => {
      const [batch, proof] = await batches.signed(batches.rows(row));
      const other = batches.rows({ ...row, amount: 5n });
      await fails([batch, proof, other], "Batch_WrongRows", [batch.rowsHash, keccak256(other)]);
    });

    it("a batch of nothing", async () => {
      await fails(await batches.signed("0x", { count: 0n }), "Batch_Empty", []);
    });

    it("a batch that does not continue its stream: a gap, an overlap, a replay", async () => {
      const settled = await batches.signed(batches.rows(row), { count: 10n });
      await batches.contract.settleBatch(...settled);
      const stream = streamIdOf(settled[0]);
      await fails(settled, "Batch_WrongSequence", [stream, 10n, 0n]);
      for (const first of [9n, 11n]) {
        const [batch, proof, rows] = await batches.signed(batches.rows(row), { first });
        await fails([batch, proof, rows], "Batch_WrongSequence", [stream, 10n, first]);
      }
    });

    it("a batch by a verifier that is revoked, or not active yet", async () => {
      const { models, verifiers } = protocol.contracts;
      const signed = await batches.signed(batches.rows(row));
      const verifierId = await verifiers.count();
      await verifiers.revoke(verifierId);
      await fails(signed, "Batch_UnusableVerifier", [verifierId, VerifierStatus.REVOKED]);

      await verifiers.add(1n, batches.route.tee);
      const asOwner = models.connect(protocol.accounts.modelOwner);
      await asOwner.setRoute(protocol.modelId, 1n, verifierId + 1n, 1n, "0x");
      const routeVersion = Number((await models.currentRoute(protocol.modelId, 1n)).version);
      const pending = await batches.signed(batches.rows(row), { routeVersion });
      await fails(pending, "Batch_UnusableVerifier", [verifierId + 1n, VerifierStatus.PENDING]);
    });

    it("a batch of a model without this route", async () => {
      const signed = await batches.signed(batches.rows(row), { modelId: ZeroHash });
      await expect(batches.contract.settleBatch(...signed)).to.be.revertedWithCustomError(
        protocol.contracts.models,
        "ModelRegistry_UnknownRoute",
      );
    });

    it("a batch that the key did not sign, and one of which any field was changed", async () => {
      const [batch, proof, rows] = await batches.signed(batches.rows(row));
      const { operator, stranger } = protocol.accounts;
      const changes = [
        { root: id("another root") },
        { count: 2n },
        { key: operator.address },
        { nodeId: (await protocol.addNode(stranger, 0n)).nodeId },
        { token: await protocol.contracts.opg.getAddress() },
      ];
      for (const change of changes) {
        const changed = { ...batch, ...change };
        await fails([changed, proof, rows], "Batch_InvalidProof", [hashBatch(batches.domain, changed)]);
      }
    });

    it("a ledger that is neither this contract nor the node's gate", async () => {
      const ledger = protocol.accounts.stranger.address;
      const signed = await batches.signed(batches.rows(row), { ledger });
      await fails(signed, "Batch_UnknownLedger", [protocol.nodeId, ledger]);
    });

    it("malformed rows", async () => {
      const rows = batches.rows(row).slice(0, -2);
      await fails(await batches.signed(rows), "Channels_MalformedRows", [95n]);
    });
  });

  const account = () => protocol.contracts.nodes.accountOf(protocol.nodeId);
});

/** A batch's members in the struct's order. */
const membersOf = (batch: InferenceBatch) => {
  const { nodeId, modelId, routeVersion, token, ledger, key, first, count, root, rowsHash } = batch;
  return [nodeId, modelId, BigInt(routeVersion), token, ledger, key, first, count, root, rowsHash];
};
