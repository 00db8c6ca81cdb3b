import { addressOf } from "../../sdk/src/deployment.ts";
import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import type { Terms } from "../../sdk/src/types.ts";
import { requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { Event } from "./chain.ts";
import { domainOf, type Notes, place, type RequestSubject } from "./subject.ts";

/** A request, as the chain has it. */
export type Request = Event<{ readonly terms: Terms }>;

/**
 * Finds the request and recomputes its identifier of its terms.
 *
 * @throws Unreadable if there is no such request; Refuted if the terms are not those of the identifier.
 */
export async function auditTerms(
  subject: RequestSubject,
  fromBlock: number,
  { say }: Pick<Notes, "say">,
): Promise<Request> {
  const { chain, deployment, requestId } = subject;
  const settlement = addressOf(deployment, "Settlement");
  const [requested, again] = await chain.events(settlement, settlementAbi, "Requested", [requestId], { fromBlock });
  if (requested === undefined) throw new Unreadable(`the RPC node has no request ${requestId} of ${settlement}`);
  requireThat(again === undefined, "the same request was made twice");
  const recomputed = hashTerms(domainOf(subject), requested.args.terms);
  requireThat(recomputed === requestId, `the terms hash to ${recomputed}`);
  say("the EIP-712 hash of the terms in Requested is the request's identifier");
  say(`requested in ${place(requested)}`);
  return requested;
}
