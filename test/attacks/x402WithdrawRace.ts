import { expect } from "chai";
import { networkHelpers } from "../support/fixtures.ts";
import { deployGate, type GateFixture, X402RowFault } from "../support/x402.ts";

// A payer announces a withdrawal, lets the delay pass while it is served, and withdraws before the batch settles.
describe("Attack: withdrawing from x402 before the batch", () => {
  let f: GateFixture;

  beforeEach(async () => {
    f = await deployGate();
  });

  it("costs the node that payer's calls, and no other's; a later deposit pays them", async () => {
    const payer = f.p.accounts.stranger;
    const thief = await f.channel(1_000n, {}, payer);
    const honest = await f.channel(1_000n);
    await f.x402.connect(payer).initiateWithdraw(thief.config, 1_000n);
    await networkHelpers.time.increase(3_600);
    await f.x402.connect(payer).finalizeWithdraw(thief.config);

    await expect(f.prove(await f.row(thief, 400n, 400n), await f.row(honest, 400n, 400n)))
      .to.emit(f.gate, "X402RowNotPaid")
      .withArgs(thief.id, 0n, X402RowFault.LOW_BALANCE, 400n);
    expect(await f.paid()).to.equal(400n);
    await f.channel(500n, {}, payer);
    await f.claim(await f.row(thief, 400n, 0n));
    expect(await f.paid()).to.equal(800n);
  });

  it("finds what was claimed within the delay gone", async () => {
    const payer = f.p.accounts.stranger;
    const channel = await f.channel(1_000n, {}, payer);
    await f.x402.connect(payer).initiateWithdraw(channel.config, 1_000n);
    await f.prove(await f.row(channel, 400n, 400n));
    await networkHelpers.time.increase(3_600);
    const before = await f.p.contracts.usd.balanceOf(payer);
    await f.x402.connect(payer).finalizeWithdraw(channel.config);
    expect((await f.p.contracts.usd.balanceOf(payer)) - before).to.equal(600n);
    expect(await f.paid()).to.equal(400n);
  });
});
