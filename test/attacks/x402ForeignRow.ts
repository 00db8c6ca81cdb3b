import { expect } from "chai";
import { ethers } from "../support/fixtures.ts";
import { deployGate, type GateFixture, makeGate, X402RowFault } from "../support/x402.ts";

// An operator proves what it likes by an image of its own, under a model or a node of its own. What that proves must
// not draw on channels that pay another gate.
describe("Attack: a row for another gate's channel", () => {
  let f: GateFixture;

  beforeEach(async () => {
    f = await deployGate();
  });

  it("draws on a channel of its own gate only, which is empty", async () => {
    const victim = await f.channel(1_000n);
    const { nodeId, modelId } = f.p;
    const attackers = [
      await makeGate(f.gates, ethers.id("the attacker's node"), modelId, 1n),
      await makeGate(f.gates, nodeId, ethers.id("the attacker's model"), 1n),
      await makeGate(f.gates, nodeId, modelId, 2n),
    ];
    for (const gate of attackers) {
      const [ownNode] = await gate.stream();
      const config = await f.config(victim.by, {
        receiver: await gate.getAddress(),
        receiverAuthorizer: await gate.getAddress(),
      });
      const own = await f.x402.getChannelId(config);
      await expect(f.batches.prove(gate, ownNode, f.p.contracts.usd, await f.row(victim, 1_000n, 1_000n)))
        .to.emit(gate, "X402RowNotPaid")
        .withArgs(own, 0n, X402RowFault.LOW_BALANCE, 1_000n);
      // Not even where that channel has money: the voucher names the victim's.
      await f.channel(50n, config, victim.by);
      await expect(f.batches.claim(gate, ownNode, f.p.contracts.usd, await f.row(victim, 1_000n, 0n)))
        .to.emit(gate, "X402RowNotPaid")
        .withArgs(own, 0n, X402RowFault.REFUSED, 1_000n);
    }
    expect((await f.x402.channels(victim.id)).totalClaimed).to.equal(0n);
    expect(await f.paid()).to.equal(0n);
  });

  it("draws nothing in a token that the channel does not hold", async () => {
    const victim = await f.channel(1_000n);
    const token = await ethers.deployContract("TestUSD");
    await f.batches.prove(f.gate, f.p.nodeId, token, await f.row(victim, 1_000n, 1_000n));
    expect((await f.x402.channels(victim.id)).totalClaimed).to.equal(0n);
  });
});
