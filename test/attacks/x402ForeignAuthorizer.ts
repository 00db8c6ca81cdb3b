import { expect } from "chai";
import { deployGate, type GateFixture, signX402Voucher } from "../support/x402.ts";

// A node can ask its payers to name its gate as the receiver, which looks right, and a key of its own as the
// receiverAuthorizer, which may claim without a proof. What comes that way must not reach it.
describe("Attack: an x402 channel whose receiverAuthorizer is not the gate", () => {
  let f: GateFixture;

  beforeEach(async () => {
    f = await deployGate();
  });

  it("pays the gate, which hands over only what it has claimed itself", async () => {
    const { operator } = f.p.accounts;
    const { usd } = f.p.contracts;
    const trapped = await f.channel(1_000n, { receiverAuthorizer: operator.address });
    const voucher = { channel: trapped.config, maxClaimableAmount: 900n };
    const signature = await signX402Voucher(trapped.by, trapped.id, 900n);
    await f.x402.connect(operator).claim([{ voucher, signature, totalClaimed: 900n }]);
    await f.x402.settle(f.gate, usd);

    const honest = await f.channel(1_000n);
    await f.prove(await f.row(honest, 100n, 100n));
    await f.claim(await f.row(honest, 100n, 0n));
    expect(await f.paid()).to.equal(100n);
    expect(await usd.balanceOf(f.gate)).to.equal(900n);
  });

  it("is not claimed from by the gate: its rows name the gate's own channels", async () => {
    const trapped = await f.channel(1_000n, { receiverAuthorizer: f.p.accounts.operator.address });
    await f.prove(await f.row(trapped, 500n, 500n));
    expect((await f.x402.channels(trapped.id)).totalClaimed).to.equal(0n);
  });

  it("swept by a stranger in between changes nothing of what the node gets", async () => {
    const channel = await f.channel(1_000n);
    await f.prove(await f.row(channel, 100n, 100n));
    await f.x402.connect(f.p.accounts.stranger).settle(f.gate, f.p.contracts.usd);
    await f.prove(await f.row(channel, 250n, 150n));
    expect(await f.paid()).to.equal(250n);
  });
});
