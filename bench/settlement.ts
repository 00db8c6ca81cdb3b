import type { ContractTransactionResponse } from "ethers";
import { loadProtocol } from "../test/support/fixtures.ts";
import { ZkBatch } from "../test/support/zkBatch.ts";
import { withFixedBlinding } from "./fixedBlinding.ts";

/** Far away, and the same at every run: what a transaction's bytes cost must not depend on the day. */
export const DEADLINE = 4_000_000_000n;

/** The gas of a mined transaction. */
export async function gasOf(transaction: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("bench: the transaction is not mined");
  return Number(receipt.gasUsed);
}

/**
 * What the steps of one escrowed request for a digit cost as transactions, in the steady state: node and requester have
 * met before, so every balance is non-zero. `maxFee` is the fee, which is known beforehand on a ZK route.
 * `settleMany.perRequest` is one more request in a batch: an eighth of what 16 cost more than 8.
 */
export async function measureSettlement(): Promise<Record<string, number>> {
  const protocol = await loadProtocol();
  const { settlement } = protocol.contracts;
  const { requester, signer } = protocol.accounts;
  await protocol.settled();
  const batch = await ZkBatch.open(protocol);
  const { route } = batch;

  const pixels = route.pixels(0);
  const terms = await route.terms(pixels, { deadline: DEADLINE });
  const answer = { ...(await route.answer(terms, pixels)), signature: "0x" };
  const proof = await withFixedBlinding(() => route.prove(terms, pixels));
  const gasOfMany = async (size: number) =>
    gasOf(batch.settler.settleMany(batch.keyId, await batch.delivered(size, { deadline: DEADLINE })));
  return {
    request: await gasOf(settlement.connect(requester).request(terms, "0x")),
    deliver: await gasOf(settlement.connect(signer).deliver(terms, answer)),
    "settle.zk": await gasOf(settlement.settle(terms, answer.outputHash, answer.units, proof)),
    "settleMany.perRequest": Math.round(((await gasOfMany(16)) - (await gasOfMany(8))) / 8),
  };
}
