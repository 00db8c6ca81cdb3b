import { expect } from "chai";
import { dataLength, dataSlice, recoverAddress } from "ethers";
import { isUnderRoot, leavesOf, parseLeafSet } from "../../../sdk/src/batch/leafSet.ts";
import { inferenceOf } from "../../../sdk/src/batch/receipt.ts";
import { hashBatch } from "../../../sdk/src/hash/hashBatch.ts";
import { hashReceipt } from "../../../sdk/src/hash/hashReceipt.ts";
import { hashVoucher } from "../../../sdk/src/hash/hashVoucher.ts";
import { leafOf } from "../../../sdk/src/hash/leafOf.ts";
import { streamIdOf } from "../../../sdk/src/hash/streamIdOf.ts";
import { type AccountantOptions, BatchAccountant } from "../../../sdk/src/node/batch/BatchAccountant.ts";
import { nativeRows } from "../../../sdk/src/node/batch/nativeRows.ts";
import { toJson } from "../../../sdk/src/wire.ts";
import { charge, DOMAIN, enclaveSigner, payer, STREAM } from "../../support/accountant.ts";
import { temporaryDirectory } from "../../support/sdk.ts";

describe("SDK: the accountant of an enclave", () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let accountant: BatchAccountant;
  const open = async (change: Partial<AccountantOptions> = {}) => {
    const ledgers = [nativeRows(DOMAIN.settlement)];
    const options = { directory: directory.path, domain: DOMAIN, signer: enclaveSigner, ledgers, ...change };
    accountant = await BatchAccountant.open(options);
    return accountant;
  };
  const reopen = (change: Partial<AccountantOptions> = {}) => {
    accountant.close();
    return open(change);
  };
  beforeEach(async () => {
    directory = temporaryDirectory();
    await open();
  });
  afterEach(() => {
    accountant.close();
    directory.remove();
  });

  const chargeAll = (payers: number, each: number) =>
    Promise.all(
      Array.from({ length: payers * each }, (_, i) =>
        accountant.charge(STREAM, charge(i % payers, Math.floor(i / payers))),
      ),
    );

  it("numbers what is charged at the same time without a gap, and signs a receipt for each", async () => {
    const receipts = await chargeAll(3, 10);
    expect(receipts.map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: 30 }, (_, i) => BigInt(i)));
    for (const receipt of receipts) {
      const digest = hashReceipt(DOMAIN, inferenceOf(STREAM, receipt));
      expect(recoverAddress(digest, dataSlice(receipt.proof, 0, 65))).to.equal(enclaveSigner.key);
    }
  });

  it("makes a batch whose rows add up the charges, by the best voucher of each channel", async () => {
    await chargeAll(2, 5);
    const made = await accountant.batch(STREAM);
    if (made === undefined) throw new Error("no batch was made");
    const { batch, proof, rows, inferences } = made;
    expect([batch.first, batch.count, inferences.length]).to.deep.equal([0n, 10n, 10]);
    expect(recoverAddress(hashBatch(DOMAIN, batch), dataSlice(proof, 0, 65))).to.equal(enclaveSigner.key);
    expect(dataLength(rows)).to.equal(2 * 96);
    for (const who of [0, 1]) {
      const row = dataSlice(rows, who * 96, (who + 1) * 96);
      const [ceiling, amount] = [BigInt(dataSlice(row, 64, 80)), BigInt(dataSlice(row, 80, 96))];
      expect([ceiling, amount]).to.deep.equal([50n, 50n]);
      const voucher = hashVoucher(DOMAIN, { ...STREAM, ceiling });
      const [r, vs] = [dataSlice(row, 0, 32), dataSlice(row, 32, 64)];
      expect(recoverAddress(voucher, { r, yParityAndS: vs })).to.equal(payer(who).address);
    }
    expect(await accountant.batch(STREAM), "nothing is left").to.equal(undefined);
    expect(parseLeafSet(JSON.parse(toJson(made))), "what is written can be read").to.deep.equal(made);
  });

  it("gives each leaf its path, and none to what is in no batch yet", async () => {
    const [one] = await chargeAll(2, 4);
    if (one === undefined) throw new Error("nothing was charged");
    const leaf = leafOf(inferenceOf(STREAM, one));
    expect(accountant.path(leaf)).to.equal(undefined);
    const made = await accountant.batch(STREAM);
    for (const leaf of leavesOf(STREAM, made?.inferences ?? [])) {
      const { batch, path } = accountant.path(leaf) ?? { batch: { root: "" }, path: [] };
      expect(batch.root).to.equal(made?.batch.root);
      expect(isUnderRoot(batch.root, leaf, path)).to.equal(true);
    }
    expect(accountant.path(`0x${"00".repeat(32)}`)).to.equal(undefined);
  });

  it("goes on with the next number after a restart, and makes batches that meet", async () => {
    await chargeAll(1, 3);
    await accountant.batch(STREAM);
    await accountant.charge(STREAM, charge(0, 3));
    await reopen();
    const { sequence } = await accountant.charge(STREAM, charge(0, 4));
    expect(sequence).to.equal(4n);
    const next = await accountant.batch(STREAM);
    expect([next?.batch.first, next?.batch.count]).to.deep.equal([3n, 2n]);
  });

  it("keeps to its limits of inferences and rows, and leaves the rest to the next batch", async () => {
    await chargeAll(5, 2);
    await reopen({ maxRows: 3 });
    expect((await accountant.batch(STREAM))?.batch.count, "up to the fourth channel").to.equal(3n);
    await reopen({ maxInferences: 4 });
    expect((await accountant.batch(STREAM))?.batch.count).to.equal(4n);
    expect((await accountant.batch(STREAM))?.batch.first).to.equal(7n);
  });

  it("does not charge an input to a channel twice, and finds the answer for who asks again", async () => {
    const first = charge(0, 0);
    const { sequence } = await accountant.charge(STREAM, first);
    const others = [accountant.charge(STREAM, charge(1, 0)), accountant.charge(STREAM, charge(1, 1))];
    const again = accountant.charge(STREAM, first).then(
      () => "charged",
      (error: Error) => error.message,
    );
    expect(await again).to.match(/cannot be kept/);
    expect((await Promise.all(others)).map(({ sequence }) => sequence)).to.deep.equal([1n, 2n]);
    const found = accountant.store.find(streamIdOf(STREAM), first.channelId, first.inputHash);
    expect([found?.entry.sequence, found?.output]).to.deep.equal([sequence, first.output]);
    accountant.store.forgetAnswers(Date.now() + 1);
    expect(accountant.store.find(streamIdOf(STREAM), first.channelId, first.inputHash)?.output).to.equal(undefined);
  });

  it("knows what a channel was charged since any number", async () => {
    await chargeAll(2, 4);
    const streamId = streamIdOf(STREAM);
    const { channelId } = charge(1, 0);
    for (const [since, charged] of [
      [0, 40n],
      [1, 40n],
      [2, 30n],
      [7, 10n],
      [8, 0n],
    ] as const) {
      expect(accountant.store.chargedSince(streamId, channelId, since), `from ${since}`).to.equal(charged);
    }
  });

  it("refuses streams of another key or ledger", async () => {
    for (const change of [{ key: payer(0).address }, { ledger: payer(0).address }]) {
      const message = await accountant.charge({ ...STREAM, ...change }, charge(0, 0)).catch(({ message }) => message);
      expect(message).to.match(/another key or another ledger/);
    }
  });
});
