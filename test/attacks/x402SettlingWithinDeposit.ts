import { expect } from "chai";
import { AbiCoder, id } from "ethers";
import { ethers } from "../support/fixtures.ts";
import { X402Route } from "../support/x402.ts";

// x402 refuses every claim while it is in the middle of a deposit, and a depositor chooses what it calls there. Whoever settles
// a node's batch from that place would use up its sequence numbers and leave all its rows unpaid.
describe("Attack: settling a batch in the middle of an x402 deposit", () => {
  let f: X402Route;

  beforeEach(async () => {
    f = await X402Route.open();
  });

  it("is refused, and the batch pays when it is settled from anywhere else", async () => {
    const { batches } = f.p.contracts;
    const [honest, another] = [await f.channel(1_000n), await f.channel(1_000n)];
    const signed = await f.signed([await f.row(honest, 400n, 400n), await f.row(another, 300n, 300n)]);
    const collector = await ethers.deployContract("X402HostileCollector");
    const call = batches.interface.encodeFunctionData("settleBatch", signed);
    const data = AbiCoder.defaultAbiCoder().encode(["address", "bytes"], [await batches.getAddress(), call]);
    const attacker = await f.config(f.p.accounts.stranger);
    await expect(f.x402.connect(f.p.accounts.stranger).deposit(attacker, 1n, collector, data))
      .to.emit(collector, "Called")
      .withArgs(false, id("ReentrancyGuardReentrantCall()").slice(0, 10));
    expect((await f.x402.channels(honest.id)).totalClaimed).to.equal(0n);

    await batches.settleBatch(...signed);
    expect(await f.route.credit()).to.equal(700n);
  });
});
