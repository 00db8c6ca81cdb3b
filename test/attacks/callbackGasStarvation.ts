import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { ethers, loadProtocol, networkHelpers } from "../support/fixtures.ts";

/**
 * Whoever sends a settlement chooses its gas. With just enough for all but the callback, the settlement would stand and
 * the consumer never hear of it: EIP-150 keeps 1/64 back, so the rest goes on after the callback ran out.
 */
describe("Attack: a settlement with too little gas for the consumer's callback", () => {
  it("either fails as a whole or gives every callback the gas agreed, with any amount of gas", async () => {
    const protocol = await loadProtocol();
    const { settlement } = protocol.contracts;
    const consumer = await ethers.deployContract("TestConsumer");
    const BURN_GAS = 2;
    await consumer.instruct(BURN_GAS, consumer, "0x");
    const { terms } = await protocol.request({ consumer: await consumer.getAddress(), offer: protocol.openOffer() });
    const answer = await protocol.answer(terms);
    const proof = await protocol.proof(await protocol.claim(terms, answer, protocol.nodeId));
    const call = (gasLimit: bigint) => settlement.deliverAndSettle(terms, protocol.nodeId, answer, proof, { gasLimit });
    const names = async (transaction: ContractTransactionResponse) =>
      ((await transaction.wait())?.logs ?? []).flatMap(
        (log) => settlement.interface.parseLog(log)?.name ?? consumer.interface.parseLog(log)?.name ?? [],
      );

    const enough = await settlement.deliverAndSettle.estimateGas(terms, protocol.nodeId, answer, proof);
    const callbacks = 2n * (await settlement.CALLBACK_GAS());
    const before = await networkHelpers.takeSnapshot();
    let [failed, complete] = [0, 0];
    // Odd steps, so that the sweep meets no round number only.
    for (let gas = enough + 20_000n; gas > enough - callbacks - 50_000n; gas -= 4_999n) {
      const transaction = await call(gas).catch(() => undefined);
      if (transaction === undefined) failed++;
      else {
        complete++;
        const heard = (await names(transaction)).filter((name) => /To$|CallbackFailed/.test(name));
        expect(heard).to.deep.equal(["DeliveredTo", "SettledTo"]);
      }
      await before.restore();
    }
    expect(failed).to.be.greaterThan(50);
    expect(complete).to.be.greaterThan(3);
  });
});
