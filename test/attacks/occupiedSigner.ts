import { expect } from "chai";
import { BatchRoute, channelKey, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { loadProtocol, USD_UNIT } from "../support/fixtures.ts";

/**
 * A signer has one channel with a node, for life. Whoever could open it first, in front of the payer, would own what
 * others deposit, or keep the payer out.
 */
describe("Attack: a signer key that somebody else occupies", () => {
  it("cannot be occupied by the consent that it gave to its payer, nor without one", async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const { contract } = batches;
    const { requester, stranger } = protocol.accounts;
    const key = channelKey(1);
    await protocol.contracts.usd.mint(stranger, USD_UNIT);
    await protocol.contracts.usd.connect(stranger).approve(contract, USD_UNIT);
    for (const consent of [batches.consent(key), "0x"]) {
      const attempt = contract.connect(stranger).open(...batches.place(key), WITHDRAWAL_DELAY, USD_UNIT, consent);
      await expect(attempt).to.be.revertedWithCustomError(contract, "Channels_BadConsent");
    }
    await batches.openChannel(key);
    expect((await contract.channelOf(batches.channelId(key))).payer).to.equal(requester.address);
  });
});
