import { expect } from "chai";
import { BatchRoute, channelKey, type RowOf } from "../support/batches.ts";
import { loadProtocol, USD_UNIT } from "../support/fixtures.ts";

/** A voucher that a payer signed for another place is presented here: by the same key, so that the channel exists. */
describe("Attack: vouchers of another chain, contract, node or token", () => {
  it("recover to no channel's signer, and are skipped", async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const [good, victim] = [channelKey(1), channelKey(2)];
    await batches.openChannel(good);
    await batches.openChannel(victim);
    const { nodeId: otherNode } = await protocol.addNode(protocol.accounts.stranger, 0n);
    const { chainId, settlement } = batches.domain;
    const elsewhere: Pick<RowOf, "voucher" | "domain">[] = [
      { domain: { chainId: chainId + 1, settlement } },
      { domain: { chainId, settlement: await protocol.contracts.settlement.getAddress() } },
      { voucher: { nodeId: otherNode } },
      { voucher: { token: await protocol.contracts.opg.getAddress() } },
    ];
    for (const [i, change] of elsewhere.entries()) {
      const stolen = { signer: victim, ceiling: 50n * USD_UNIT, amount: 50n * USD_UNIT, ...change };
      const paid = { signer: good, ceiling: BigInt(i + 1), amount: 1n };
      await expect(batches.settle(stolen, paid)).to.emit(batches.contract, "RowNotPaid");
      expect(await batches.amounts(victim)).to.deep.equal([0n, 100n * USD_UNIT, 0n]);
    }
    expect(await batches.credit()).to.equal(4n);
  });
});
