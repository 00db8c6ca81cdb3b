import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ethers, networkHelpers } from "../support/fixtures.ts";
import { channelSlot, deployGate, type GateFixture, X402_ADDRESS, X402RowFault } from "../support/x402.ts";

const Manner = { REFUSE: 0n, REVERT: 1n, BURN_GAS: 2n, LONG_ANSWER: 3n, NO_ANSWER: 4n } as const;

// x402 asks a payer without a key of its own about its signature. A payer that signed well while it was served can answer
// as it likes when the batch settles: it must harm nobody but the node, and the node by no more than its own row.
describe("Attack: a payer that is a contract with bad manners", () => {
  let f: GateFixture;

  beforeEach(async () => {
    f = await deployGate();
  });

  for (const [name, manner] of Object.entries(Manner)) {
    it(`blocks no other row: ${name}`, async () => {
      const payer = await ethers.deployContract("HostilePayer");
      await payer.setManner(manner);
      const config = await f.config(payer, { payerAuthorizer: ZeroAddress });
      const id = await f.x402.getChannelId(config);
      await networkHelpers.setStorageAt(X402_ADDRESS, channelSlot(id), 1_000n);
      await f.p.contracts.usd.mint(X402_ADDRESS, 1_000n);
      const [before, after] = [await f.channel(1_000n), await f.channel(1_000n)];
      const hostile = await f.row({ config, id, by: before.by }, 100n, 100n);
      const settled = await f.prove(await f.row(before, 100n, 100n), hostile, await f.row(after, 100n, 100n));
      await expect(settled).to.emit(f.gate, "X402RowNotPaid").withArgs(id, 1n, X402RowFault.REFUSED, 100n);
      expect(await f.paid()).to.equal(200n);
      expect((await settled.wait())?.gasUsed).to.be.lessThan(600_000n);
    });
  }

  it("that gains code (EIP-7702) is still bound by its key", async () => {
    const channel = await f.channel(1_000n);
    const payer = await ethers.deployContract("HostilePayer");
    const delegation = ethers.concat(["0xef0100", await payer.getAddress()]);
    await networkHelpers.setCode(channel.config.payer, delegation);
    await f.prove(await f.row(channel, 100n, 100n));
    expect(await f.paid()).to.equal(100n);
  });
});
