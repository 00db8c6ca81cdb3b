import type { ContractTransactionResponse } from "ethers";
import { DigitRoute } from "../test/support/digits.ts";
import { loadProtocol } from "../test/support/fixtures.ts";
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
 */
export async function measureSettlement(): Promise<Record<string, number>> {
  const protocol = await loadProtocol();
  const { settlement } = protocol.contracts;
  const { requester, signer } = protocol.accounts;
  await protocol.settled();
  const route = await DigitRoute.open(protocol);

  const pixels = route.pixels(0);
  const terms = await route.terms(pixels, { deadline: DEADLINE });
  const answer = { ...(await route.answer(terms, pixels)), signature: "0x" };
  const proof = await withFixedBlinding(() => route.prove(terms, pixels));
  return {
    request: await gasOf(settlement.connect(requester).request(terms, "0x")),
    deliver: await gasOf(settlement.connect(signer).deliver(terms, answer)),
    "settle.zk": await gasOf(settlement.settle(terms, answer.outputHash, answer.units, proof)),
  };
}
