import { expect } from "chai";
import { ethers, loadProtocol } from "../support/fixtures.ts";
import { ZkBatch } from "../support/zkBatch.ts";

/**
 * Whoever sends a batch chooses its gas. A row that fails for want of it must not be called bad: a relayer would skip
 * chosen rows, and a node's proof window pass.
 */
describe("Attack: a batch with too little gas for its rows", () => {
  it("settles every good row or nothing, with any amount of gas", async () => {
    const protocol = await loadProtocol();
    const batch = await ZkBatch.open(protocol);
    const consumer = await ethers.deployContract("TestConsumer");
    const BURN_GAS = 2;
    await consumer.instruct(BURN_GAS, consumer, "0x");
    const rows = [
      ...(await batch.delivered(1)),
      ...(await batch.delivered(1, { consumer: await consumer.getAddress() })),
    ];
    const enough = await batch.settler.settleMany.estimateGas(batch.keyId, rows);
    const step = process.env.OPG_DEEP ? 997n : 7_993n;
    const seen = new Set<string>();
    for (let gasLimit = enough + step; gasLimit > 100_000n; gasLimit -= step) {
      try {
        const told = await batch.settler.settleMany.staticCall(batch.keyId, rows, { gasLimit });
        expect(told, `with ${gasLimit} gas`).to.deep.equal([true, true]);
        seen.add("settled");
      } catch (error) {
        const [why] = /Groth16Settler_InsufficientGas|Groth16_InsufficientGas|out of gas/.exec(String(error)) ?? [];
        if (why === undefined) throw error;
        seen.add(why);
      }
    }
    expect(seen).to.include.keys("settled", "Groth16Settler_InsufficientGas", "Groth16_InsufficientGas");
  });
});
