import { expect } from "chai";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { loadProtocol } from "../support/fixtures.ts";

/** An operator settles inferences twice, or leaves some out that payers could miss. */
describe("Attack: overlapping and skipped ranges", () => {
  it("settle nothing: every batch begins where the last one of its stream ended, whoever sends it", async () => {
    const batches = await BatchRoute.open(await loadProtocol());
    const { contract } = batches;
    const key = channelKey(1);
    await batches.openChannel(key);
    const rows = batches.rows({ signer: key, ceiling: 1_000n, amount: 10n });
    const first = await batches.signed(rows, { count: 10n });
    const second = await batches.signed(rows, { first: 10n, count: 5n });
    await expect(contract.settleBatch(...second)).to.be.revertedWithCustomError(contract, "Batch_WrongSequence");
    await contract.settleBatch(...first);
    for (const range of [
      { first: 0n, count: 10n },
      { first: 0n, count: 15n },
      { first: 9n, count: 1n },
      { first: 5n, count: 10n },
      { first: 11n, count: 1n },
      { first: 2n ** 64n - 1n, count: 2n ** 64n - 1n },
    ]) {
      const attempt = contract.settleBatch(...(await batches.signed(rows, range)));
      await expect(attempt).to.be.revertedWithCustomError(contract, "Batch_WrongSequence");
    }
    await contract.settleBatch(...second);
    await expect(contract.settleBatch(...second)).to.be.revertedWithCustomError(contract, "Batch_WrongSequence");
    expect((await batches.amounts(key))[0]).to.equal(20n);
  });

  it("nor does a range that runs over the last number there is", async () => {
    const batches = await BatchRoute.open(await loadProtocol());
    const signed = await batches.signed("0x", { count: 2n ** 64n - 1n });
    // The fee for so many is more OPG than there is.
    await expect(batches.contract.settleBatch(...signed)).to.be.revertedWithCustomError(
      batches.protocol.contracts.nodes,
      "NodeRegistry_InsufficientFree",
    );
  });
});
