import { EnclaveRoute } from "../test/support/enclave.ts";
import { loadProtocol } from "../test/support/fixtures.ts";
import { DEADLINE, gasOf } from "./settlement.ts";

/** Unused, and the same at every run: what a transaction's bytes cost must not depend on what ran before. */
const NONCE = 1_000_000n;

/**
 * What settling a delivered request by an enclave's signature costs as a transaction, in the steady state: node and
 * requester have met before, so every balance is non-zero. `maxFee` is the fee, as on the ZK route: nothing is returned.
 */
export async function measureTee(): Promise<Record<string, number>> {
  const protocol = await loadProtocol();
  const { settlement } = protocol.contracts;
  await protocol.settled();
  const route = await EnclaveRoute.open(protocol);
  const units = 1_500n;
  const maxFee = route.offer.pricePerRequest + units * route.offer.pricePerUnit;
  const terms = await protocol.terms({ deadline: DEADLINE, nonce: NONCE, maxFee, offer: route.offer });
  const answer = await protocol.answer(terms, { units });
  await settlement.connect(protocol.accounts.requester).request(terms, "0x");
  await settlement.deliver(terms, answer);
  const proof = await route.prove(terms, answer);
  return { "settle.tee": await gasOf(settlement.settle(terms, answer.outputHash, answer.units, proof)) };
}
