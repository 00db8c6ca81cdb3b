import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import type { TestConsumer } from "../../types/ethers-contracts/index.ts";
import { ethers, loadProtocol, Mode, type Protocol, RequestStatus, type Terms } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/** `Manners` in TestConsumer.sol. */
const Manners = {
  RECORD: 0,
  CALL: 1,
  BURN_GAS: 2,
  REVERT: 3,
  EXHAUST_GAS: 4,
  RETURN_BOMB: 5,
  REVERT_BOMB: 6,
} as const;

describe("Settlement: consumer callbacks", () => {
  let protocol: Protocol;
  let consumer: TestConsumer;
  let callbackGas: bigint;
  beforeEach(async () => {
    protocol = await loadProtocol();
    consumer = await ethers.deployContract("TestConsumer");
    callbackGas = await protocol.contracts.settlement.CALLBACK_GAS();
  });

  const withConsumer = async (change = {}) => protocol.request({ consumer: await consumer.getAddress(), ...change });
  const instruct = (manners: keyof typeof Manners, target: string = protocol.accounts.stranger.address, data = "0x") =>
    consumer.instruct(Manners[manners], target, data);
  /** The consumer's events in a transaction: their values. */
  const eventsOf = async (transaction: ContractTransactionResponse, name: string): Promise<unknown[][]> => {
    const receipt = await transaction.wait();
    return (receipt?.logs ?? []).flatMap((log) => {
      const event = consumer.interface.parseLog(log);
      return event?.name === name ? [event.args.toArray()] : [];
    });
  };

  it("tells the consumer of the delivery, then of the settlement, last and with the gas agreed", async () => {
    const { settlement } = protocol.contracts;
    const { terms, requestId } = await withConsumer({ mode: Mode.ONCHAIN });
    const answer = await protocol.answer(terms);
    const delivered = await settlement.deliver(terms, answer);
    const [caller, id, outputHash, units, output, gas] = (await eventsOf(delivered, "DeliveredTo"))[0] ?? [];
    expect([caller, id, outputHash, units, output]).to.deep.equal([
      await settlement.getAddress(),
      requestId,
      answer.outputHash,
      answer.units,
      answer.output,
    ]);
    expect(gas).to.be.within(callbackGas - 5_000n, callbackGas);
    expect((await delivered.wait())?.logs.at(-1)?.address).to.equal(await consumer.getAddress());

    const proof = await protocol.proof(await protocol.claim(terms, answer));
    const settled = await settlement.settle(terms, answer.outputHash, answer.units, proof);
    const told = (await eventsOf(settled, "SettledTo"))[0] ?? [];
    expect(told.slice(0, 4)).to.deep.equal([await settlement.getAddress(), requestId, answer.outputHash, answer.units]);
    expect(told[4]).to.be.within(callbackGas - 5_000n, callbackGas);
    expect((await settled.wait())?.logs.at(-1)?.address).to.equal(await consumer.getAddress());
  });

  it("tells it of both at once when a request is delivered and settled at once", async () => {
    const { settlement } = protocol.contracts;
    const { terms } = await withConsumer({ offer: protocol.openOffer() });
    const answer = await protocol.answer(terms);
    const proof = await protocol.proof(await protocol.claim(terms, answer, protocol.nodeId));
    const settled = await settlement.deliverAndSettle(terms, protocol.nodeId, answer, proof);
    expect(await eventsOf(settled, "DeliveredTo")).to.have.lengthOf(1);
    expect(await eventsOf(settled, "SettledTo")).to.have.lengthOf(1);
  });

  it("does not mind a consumer that is no contract", async () => {
    const { settlement } = protocol.contracts;
    const { terms, requestId } = await protocol.request({ consumer: protocol.accounts.stranger.address });
    await expect(settlement.deliver(terms, await protocol.answer(terms))).not.to.emit(settlement, "CallbackFailed");
    expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.DELIVERED);
  });

  for (const manners of ["REVERT", "EXHAUST_GAS", "REVERT_BOMB"] as const) {
    it(`goes on, and says so, when the callback fails: ${manners}`, async () => {
      const { settlement } = protocol.contracts;
      await instruct(manners);
      const { terms, requestId } = await withConsumer();
      const answer = await protocol.answer(terms);
      const failed = [requestId, await consumer.getAddress()];
      await expect(settlement.deliver(terms, answer))
        .to.emit(settlement, "CallbackFailed")
        .withArgs(...failed);
      const proof = await protocol.proof(await protocol.claim(terms, answer));
      await expect(settlement.settle(terms, answer.outputHash, answer.units, proof))
        .to.emit(settlement, "CallbackFailed")
        .withArgs(...failed);
      expect(await settlement.isSettled(requestId)).to.equal(true);
    });
  }

  for (const manners of ["BURN_GAS", "EXHAUST_GAS", "RETURN_BOMB", "REVERT_BOMB"] as const) {
    it(`costs the settler no more than the callback's gas: ${manners}`, async () => {
      const { settlement } = protocol.contracts;
      const cost = async (behaviour: keyof typeof Manners) => {
        await instruct(behaviour);
        const { terms } = await withConsumer();
        const transaction = await settlement.deliver(terms, await protocol.answer(terms));
        return (await transaction.wait())?.gasUsed ?? 0n;
      };
      await cost("RECORD");
      const quiet = await cost("RECORD");
      // 3,000: the event of a failed callback.
      expect((await cost(manners)) - quiet).to.be.lessThan(callbackGas + 3_000n);
    });
  }

  it("lets the consumer call the settlement again, which is no longer guarded", async () => {
    const { settlement, usd } = protocol.contracts;
    const { requester } = protocol.accounts;
    const { terms } = await withConsumer();
    await settlement.connect(protocol.accounts.signer).decline((await protocol.request()).terms);
    const data = settlement.interface.encodeFunctionData("withdrawFor", [terms.offer.token, requester.address]);
    await instruct("CALL", await settlement.getAddress(), data);
    const delivered = settlement.deliver(terms, await protocol.answer(terms));
    await expect(delivered).to.changeTokenBalance(ethers, usd, requester, terms.maxFee);
  });

  it("finds the request already over when its callback tries to settle it again", async () => {
    const { settlement } = protocol.contracts;
    const { terms, requestId } = await withConsumer();
    const answer = await protocol.answer(terms);
    const proof = await protocol.proof(await protocol.claim(terms, answer));
    const settle: [Terms, string, bigint, string] = [terms, answer.outputHash, answer.units, proof];
    const data = settlement.interface.encodeFunctionData("settle", settle);
    await settlement.deliver(terms, answer);
    await instruct("CALL", await settlement.getAddress(), data);
    const [called] = await eventsOf(await settlement.settle(...settle), "Called");
    const error = settlement.interface.encodeErrorResult("Settlement_WrongStatus", [requestId, RequestStatus.SETTLED]);
    expect(called).to.deep.equal([false, error]);
  });

  it("refuses a caller who brings too little gas for the callback", async () => {
    const { settlement } = protocol.contracts;
    const { terms, requestId } = await withConsumer();
    const answer = await protocol.answer(terms);
    // Just before the callback this much has to be left: the agreed gas, EIP-150's share, and 10,000.
    const needed = (callbackGas * 64n) / 63n + 10_000n;
    const call = (gasLimit: bigint) => settlement.deliver(terms, answer, { gasLimit });
    const enough = await settlement.deliver.estimateGas(terms, answer);
    await refused(protocol, () => call(enough - 1_000n), settlement, "Settlement_InsufficientCallbackGas", [
      (available: bigint) => available < needed,
      needed,
    ]);
    await call(enough);
    expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.DELIVERED);
  });
});
