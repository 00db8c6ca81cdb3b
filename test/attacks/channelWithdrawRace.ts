import { expect } from "chai";
import { BatchRoute, channelKey, RowFault, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { loadProtocol, networkHelpers, USD_UNIT } from "../support/fixtures.ts";

/**
 * A payer uses up its balance and then takes it out before the node settles. The announced delay is the node's warning;
 * what is settled within it is paid, and what a payer takes out afterwards is missing to nobody else.
 */
describe("Attack: a payer that withdraws before the batch settles", () => {
  const [PAYER, OTHER] = [channelKey(1), channelKey(2)];
  const UNIT = USD_UNIT;
  let batches: BatchRoute;
  const row = { signer: PAYER, ceiling: 60n * UNIT, amount: 60n * UNIT };
  const announce = () =>
    batches.contract.connect(batches.protocol.accounts.requester).announceWithdrawal(batches.channelId(PAYER));
  const withdraw = () =>
    batches.contract
      .connect(batches.protocol.accounts.requester)
      .withdrawChannel(...batches.place(PAYER), batches.protocol.accounts.requester);

  beforeEach(async () => {
    batches = await BatchRoute.open(await loadProtocol());
    await batches.openChannel(PAYER);
    await batches.openChannel(OTHER);
  });

  it("is paid out only what a batch within the delay leaves", async () => {
    await announce();
    await batches.settle(row);
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    await withdraw();
    expect(await batches.amounts(PAYER)).to.deep.equal([60n * UNIT, 0n, 0n]);
    expect(await batches.credit()).to.equal(60n * UNIT);
  });

  it("blocks no other row of a later batch, and owes the rest to the node when it deposits again", async () => {
    await announce();
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    await withdraw();
    // The channel's slot is zero now, as that of a channel that never was.
    await expect(batches.settle(row, { signer: OTHER, ceiling: 2n, amount: 2n }))
      .to.emit(batches.contract, "RowNotPaid")
      .withArgs(
        batches.protocol.nodeId,
        batches.channelId(PAYER),
        batches.place(PAYER)[4],
        0n,
        RowFault.LOW_BALANCE,
        60n * UNIT,
      );
    expect(await batches.amounts(PAYER)).to.deep.equal([0n, 0n, 60n * UNIT]);
    expect(await batches.credit()).to.equal(2n);

    const { requester } = batches.protocol.accounts;
    await batches.contract.connect(requester).deposit(...batches.place(PAYER), 70n * UNIT);
    const [nodeId, modelId, version, token] = batches.place(PAYER);
    await batches.contract.claim(nodeId, modelId, version, token, batches.rows(row));
    expect(await batches.amounts(PAYER)).to.deep.equal([60n * UNIT, 10n * UNIT, 0n]);
  });

  it("cannot name another token than the channel's, to be paid from other payers' money", async () => {
    const { usd, opg } = batches.protocol.contracts;
    const { requester, deployer } = batches.protocol.accounts;
    await batches.protocol.contracts.settlement.setToken(opg, true);
    await opg.connect(deployer).transfer(requester, 5n);
    await opg.connect(requester).approve(batches.contract, 5n);
    await announce();
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    const [nodeId, modelId, version, , signer] = batches.place(PAYER);
    const attempt = batches.contract
      .connect(requester)
      .withdrawChannel(nodeId, modelId, version, opg, signer, requester);
    await expect(attempt).to.be.revertedWithCustomError(batches.contract, "Channels_NotThePayer");
    expect(await usd.balanceOf(batches.contract)).to.equal(200n * UNIT);
  });
});
