import { expect } from "chai";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { loadProtocol, OPG_UNIT } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/** A node is paid for inferences whose verification fee it cannot, or will not, burn. */
describe("Attack: too little OPG for the burn", () => {
  it("reverts the whole batch, which settles as it is after staking", async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const { nodes } = protocol.contracts;
    const asOperator = nodes.connect(protocol.accounts.operator);
    const key = channelKey(1);
    await batches.openChannel(key);
    const { free } = await nodes.accountOf(protocol.nodeId);
    const count = free / OPG_UNIT;
    // One base unit short, because the rest is on its way out; what is bonded or unbonding does not count.
    await asOperator.unbond(protocol.nodeId, 1n);
    const signed = await batches.signed(batches.rows({ signer: key, ceiling: 9n, amount: 9n }), { count });
    const settle = () => batches.contract.settleBatch(...signed);
    await refused(protocol, settle, nodes, "NodeRegistry_InsufficientFree", [protocol.nodeId, free - 1n, free]);
    expect(await batches.amounts(key)).to.deep.equal([0n, 100_000_000n, 0n]);

    await asOperator.rebond(protocol.nodeId, 1n);
    await expect(settle())
      .to.emit(nodes, "Burned")
      .withArgs(protocol.nodeId, hashBatch(batches.domain, signed[0]), free);
    expect(await batches.credit()).to.equal(9n);
  });
});
