import { expect } from "chai";
import { BatchRoute, channelKey, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { loadProtocol, networkHelpers } from "../support/fixtures.ts";

/** EIP-7825. */
const TRANSACTION_GAS = 16_777_216;
/** The most rows that a node puts into a batch of native channels, by default: see BatchAccountant. */
const ROWS = 400;

/**
 * Every payer of a batch empties its channel between the enclave's signature and the settlement. The enclave will not sign
 * another batch for these inferences, so that this one has to fit into a transaction at its dearest: no row is paid, each is
 * an event, and a slot that was zero keeps what is owed.
 */
describe("Attack: every payer of a batch leaves", () => {
  it(`leaves a batch of ${ROWS} rows that still fits into one transaction`, async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const contract = batches.contract.connect(protocol.accounts.requester);
    const keys = Array.from({ length: 60 }, (_, i) => channelKey(i));
    for (const key of keys) {
      await batches.openChannel(key, 1n);
      await contract.announceWithdrawal(batches.channelId(key));
    }
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    for (const key of keys) await contract.withdrawChannel(...batches.place(key), protocol.accounts.requester);

    const settle = async (of: typeof keys): Promise<number> => {
      const rows = of.map((signer) => ({ signer, ceiling: 2n ** 128n - 1n, amount: 2n ** 79n }));
      const receipt = await (await batches.settle(...rows)).wait();
      expect(
        receipt?.logs.filter(({ topics }) => topics[0] === contract.getEvent("RowNotPaid").fragment.topicHash),
      ).to.have.length(of.length);
      return Number(receipt?.gasUsed);
    };
    const few = await settle(keys.slice(0, 20));
    const many = await settle(keys.slice(20));
    const perRow = (many - few) / 20;
    expect(few + perRow * (ROWS - 20)).to.be.lessThan(TRANSACTION_GAS);
  });
});
