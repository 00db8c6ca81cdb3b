import { expect } from "chai";
import { deployGate, type GateFixture } from "../support/x402.ts";

// Vouchers are public once they were used. Whoever brings one again, or an older one, must not draw a unit more.
describe("Attack: x402 vouchers again and out of order", () => {
  let f: GateFixture;

  beforeEach(async () => {
    f = await deployGate();
  });

  it("draw no more than the ceiling, however often they come", async () => {
    const channel = await f.channel(1_000n);
    const row = await f.row(channel, 300n, 200n);
    await f.prove(row, row);
    await f.prove(row);
    await f.claim(row, row);
    expect((await f.x402.channels(channel.id)).totalClaimed).to.equal(300n);
    expect(await f.gate.unpaidOf(channel.id)).to.equal(300n);
    expect(await f.paid()).to.equal(300n);
  });

  it("draw nothing by an older one after a newer", async () => {
    const channel = await f.channel(1_000n);
    const [older, newer] = [await f.row(channel, 100n, 100n), await f.row(channel, 400n, 100n)];
    await f.prove(newer, older);
    await f.prove(older);
    await f.claim(older);
    expect((await f.x402.channels(channel.id)).totalClaimed).to.equal(100n);
    // What is proven stays payable by the newer one, to what is proven.
    await f.claim(newer);
    expect(await f.paid()).to.equal(300n);
    expect(await f.gate.unpaidOf(channel.id)).to.equal(0n);
  });
});
