import { expect } from "chai";
import { concat, keccak256 } from "ethers";
import { BatchRoute, channelKey, RowFault, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { loadProtocol, networkHelpers, OPG_UNIT, type Protocol, USD_UNIT } from "../support/fixtures.ts";

const MAX_80 = 2n ** 80n - 1n;

/** Rows that a payer, or another node, made so that a batch pays wrongly, or not at all. */
describe("Attack: hostile rows", () => {
  const [GOOD, BAD] = [channelKey(1), channelKey(2)];
  let protocol: Protocol;
  let batches: BatchRoute;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    await batches.openChannel(GOOD);
  });
  const good = (ceiling: bigint) => ({ signer: GOOD, ceiling, amount: 1n });

  it("an empty channel among good ones, and garbage for a signature, cost the others nothing", async () => {
    await batches.openChannel(BAD, 1n);
    await batches.contract.connect(protocol.accounts.requester).announceWithdrawal(batches.channelId(BAD));
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    await batches.contract
      .connect(protocol.accounts.requester)
      .withdrawChannel(...batches.place(BAD), protocol.accounts.requester);
    const empty = batches.rows({ signer: BAD, ceiling: 50n, amount: 50n });
    const amounts = `${"00".repeat(15)}32${"00".repeat(15)}32`;
    const garbage = [
      `0x${"00".repeat(64)}${amounts}`,
      `0x${"ff".repeat(64)}${amounts}`,
      // r is no coordinate of a point; s is the order, and zero.
      `0x${"00".repeat(31)}05${"01".repeat(32)}${amounts}`,
      `0x${"11".repeat(32)}7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1${amounts}`,
      `0x${"11".repeat(32)}${"00".repeat(32)}${amounts}`,
    ];
    let ceiling = 0n;
    for (const bad of [empty, ...garbage]) {
      const rows = concat([batches.rows(good(++ceiling)), bad, batches.rows(good(++ceiling))]);
      const settling = batches.contract.settleBatch(...(await batches.signed(rows)));
      await expect(settling).to.emit(batches.contract, "RowNotPaid");
      expect(await batches.credit()).to.equal(ceiling);
    }
    expect(await batches.amounts(BAD)).to.deep.equal([0n, 0n, 50n]);
  });

  it("a row for another node's channel draws nothing from it", async () => {
    const { nodeId } = await protocol.addNode(protocol.accounts.stranger, 0n);
    const { requester } = protocol.accounts;
    const [, modelId, routeVersion, token, signer] = batches.place(BAD);
    const place = [nodeId, modelId, routeVersion, token, signer] as const;
    const digest = await batches.contract.hashChannelKey(nodeId, modelId, routeVersion, token, requester);
    const consent = BAD.sign(digest).serialized;
    await batches.contract.connect(requester).open(...place, WITHDRAWAL_DELAY, 100n, consent);
    const channelId = await batches.contract.channelIdOf(...place);
    // The voucher for the other node, and the same payer's for this one, with which it has no channel.
    for (const voucher of [{ nodeId }, {}]) {
      await expect(batches.settle({ signer: BAD, ceiling: 100n, amount: 100n, voucher })).to.emit(
        batches.contract,
        "RowNotPaid",
      );
      expect((await batches.contract.channelOf(channelId)).balance).to.equal(100n);
    }
    expect(await batches.credit()).to.equal(0n);
  });

  it("amounts at the bounds of their types are counted, or refused, and never wrap around", async () => {
    await protocol.contracts.usd.mint(protocol.accounts.requester, MAX_80);
    await batches.openChannel(BAD, MAX_80);
    const most = 2n ** 128n - 1n;
    const row = (amount: bigint, ceiling = most) => ({ signer: BAD, ceiling, amount });
    const settled = batches.settle(row(MAX_80, 0n));
    await expect(settled).to.emit(batches.contract, "RowNotPaid");
    expect(await batches.amounts(BAD)).to.deep.equal([0n, MAX_80, MAX_80]);
    // One more does not fit on top of what is unpaid; nor does the largest there is.
    for (const amount of [1n, most]) {
      await expect(batches.settle(row(amount)))
        .to.emit(batches.contract, "RowNotPaid")
        .withArgs(
          protocol.nodeId,
          batches.channelId(BAD),
          batches.place(BAD)[4],
          0n,
          RowFault.AMOUNT_TOO_LARGE,
          amount,
        );
      expect(await batches.amounts(BAD)).to.deep.equal([0n, MAX_80, MAX_80]);
    }
    await expect(batches.settle(row(0n), good(1n))).not.to.emit(batches.contract, "RowNotPaid");
    expect(await batches.amounts(BAD)).to.deep.equal([MAX_80, 0n, 0n]);
    expect(await batches.credit()).to.equal(MAX_80 + 1n);

    // What was claimed stays below 2^96, because no deposit is taken that could make it more.
    await networkHelpers.setStorageAt(batches.address, batches.channelId(BAD), 2n ** 96n - 5n);
    await protocol.contracts.usd.mint(protocol.accounts.requester, 10n);
    const asPayer = batches.contract.connect(protocol.accounts.requester);
    await expect(asPayer.deposit(...batches.place(BAD), 5n))
      .to.be.revertedWithCustomError(batches.contract, "Channels_AmountTooLarge")
      .withArgs(5n);
    await asPayer.deposit(...batches.place(BAD), 4n);
    await batches.settle(row(9n));
    expect(await batches.amounts(BAD)).to.deep.equal([2n ** 96n - 1n, 0n, 5n]);
  });

  it("rows that are cut short, or too long by a byte, settle nothing", async () => {
    const rows = batches.rows(good(1n), good(2n));
    for (const bad of [rows.slice(0, -2), `${rows}00`, `${rows}${"00".repeat(95)}`]) {
      const batch = await batches.batch(rows, { rowsHash: keccak256(bad) });
      await expect(batches.contract.settleBatch(batch, batches.prove(batch), bad))
        .to.be.revertedWithCustomError(batches.contract, "Channels_MalformedRows")
        .withArgs((bad.length - 2) / 2);
    }
  });

  it("a full batch settles in one transaction, below the gas cap", async () => {
    await protocol.contracts.nodes.connect(protocol.accounts.operator).stake(protocol.nodeId, 5_000n * OPG_UNIT);
    // 1,600 is about the most.
    const payers = process.env.OPG_DEEP === "1" ? 1_600 : 1_000;
    const keys = Array.from({ length: payers }, (_, i) => channelKey(10 + i));
    for (const key of keys) await batches.openChannel(key, USD_UNIT);
    for (const ceiling of [10n, 20n]) {
      const rows = keys.map((signer) => ({ signer, ceiling, amount: 10n }));
      const signed = await batches.signed(batches.rows(...rows));
      const receipt = await (await batches.contract.settleBatch(...signed, { gasLimit: 2n ** 24n })).wait();
      expect(receipt?.gasUsed).to.be.lessThan(2n ** 24n);
    }
    expect(await batches.credit()).to.equal(20n * BigInt(payers));
  });
});
