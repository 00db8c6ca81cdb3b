import type { ContractTransactionResponse } from "ethers";
import { loadProtocol } from "../test/support/fixtures.ts";

async function gasOf(transaction: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("the transaction is not mined");
  return Number(receipt.gasUsed);
}

/**
 * What the steps of one escrowed request cost as transactions, in the steady state: every balance is non-zero, as it is
 * for a node and a requester that have met before.
 */
export async function measureSettlement(): Promise<Record<string, number>> {
  const protocol = await loadProtocol();
  const { settlement } = protocol.contracts;
  const { requester, signer } = protocol.accounts;
  await protocol.settled();

  const terms = await protocol.terms();
  const answer = await protocol.answer(terms);
  return {
    request: await gasOf(settlement.connect(requester).request(terms, "0x")),
    deliver: await gasOf(settlement.connect(signer).deliver(terms, { ...answer, signature: "0x" })),
  };
}
