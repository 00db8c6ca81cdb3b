import { expect } from "chai";
import { BatchRoute, channelKey, RowFault } from "../support/batches.ts";
import { loadProtocol, USD_UNIT } from "../support/fixtures.ts";

/** A node would like to be paid twice by one voucher, or more by presenting an old one after a new one. */
describe("Attack: replayed and reordered vouchers", () => {
  const KEY = channelKey(1);
  const UNIT = USD_UNIT;

  it("draw nothing beyond the highest ceiling, in whatever order and however often they come", async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const { contract } = batches;
    await batches.openChannel(KEY);
    const row = (ceiling: bigint, amount: bigint) => ({ signer: KEY, ceiling: ceiling * UNIT, amount: amount * UNIT });

    // Three times in one batch, and once more in the next, with ever more "proven".
    await batches.settle(row(10n, 10n), row(10n, 10n), row(10n, 10n));
    expect(await batches.amounts(KEY)).to.deep.equal([10n * UNIT, 90n * UNIT, 20n * UNIT]);
    await batches.settle(row(10n, 5n));
    expect(await batches.amounts(KEY)).to.deep.equal([10n * UNIT, 90n * UNIT, 25n * UNIT]);

    // A newer one, then an older one: the older draws nothing, and takes nothing back.
    await batches.settle(row(14n, 0n));
    await expect(batches.settle(row(12n, 0n)))
      .to.emit(contract, "RowNotPaid")
      .withArgs(protocol.nodeId, batches.channelId(KEY), batches.place(KEY)[4], 0n, RowFault.LOW_CEILING, 21n * UNIT);
    expect(await batches.amounts(KEY)).to.deep.equal([14n * UNIT, 86n * UNIT, 21n * UNIT]);

    // By claims, too: nothing that is not proven, and nothing twice.
    const [nodeId, modelId, version, token] = batches.place(KEY);
    for (let i = 0; i < 3; i++) {
      await contract.claim(nodeId, modelId, version, token, batches.rows(row(16n, 50n), row(16n, 50n)));
      expect(await batches.amounts(KEY)).to.deep.equal([16n * UNIT, 84n * UNIT, 19n * UNIT]);
    }
    expect(await batches.credit()).to.equal(16n * UNIT);
  });
});
