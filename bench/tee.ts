import { EnclaveRoute } from "../test/support/enclave.ts";
import { loadProtocol } from "../test/support/fixtures.ts";
import { DEADLINE, gasOf } from "./settlement.ts";

/**
 * What settling a delivered request by an enclave's signature costs as a transaction, in the steady state: node and
 * requester have met before, so every balance is non-zero.
 */
export async function measureTee(): Promise<Record<string, number>> {
  const protocol = await loadProtocol();
  const { settlement } = protocol.contracts;
  await protocol.settled();
  const route = await EnclaveRoute.open(protocol);
  const terms = await protocol.terms({ deadline: DEADLINE, offer: route.offer });
  const answer = await protocol.answer(terms);
  await settlement.connect(protocol.accounts.requester).request(terms, "0x");
  await settlement.deliver(terms, answer);
  const proof = await route.prove(terms, answer);
  return { "settle.tee": await gasOf(settlement.settle(terms, answer.outputHash, answer.units, proof)) };
}
