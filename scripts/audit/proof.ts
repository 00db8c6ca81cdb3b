import { addressOf } from "../../sdk/src/deployment.ts";
import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import { claimOf } from "../../sdk/src/hash/claimOf.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import { Route } from "../../sdk/src/types.ts";
import { type PostedProof, proofsIn } from "../../sdk/src/verify/calls.ts";
import { requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { time } from "../../sdk/src/verify/time.ts";
import { isBefore } from "./chain.ts";
import type { Delivery } from "./delivery.ts";
import { auditEnclave } from "./enclave.ts";
import { auditGroth16 } from "./groth16.ts";
import type { Settlement } from "./money.ts";
import { isOnlyCall } from "./onlyCall.ts";
import { auditVerifier, readRoute } from "./route.ts";
import { domainOf, type Notes, place, type RequestSubject } from "./subject.ts";
import type { Request } from "./terms.ts";

/** Finds the settlement; undefined if there is none. @throws Refuted if there are two. */
export async function findSettlement(
  { chain, deployment, requestId }: RequestSubject,
  { block }: Request,
): Promise<Settlement | undefined> {
  const settlement = addressOf(deployment, "Settlement");
  const [settled, again] = await chain.events(settlement, settlementAbi, "Settled", [requestId], {
    fromBlock: block.number,
  });
  requireThat(again === undefined, "the request was settled twice");
  return settled;
}

/**
 * Finds what the settling transaction carries as proofs of the delivered claim.
 *
 * @throws Refuted if the settlement came too late; Unreadable if its proof is neither in calldata nor traceable.
 */
export async function auditSubmission(
  subject: RequestSubject,
  request: Request,
  delivery: Delivery,
  settled: Settlement,
  { say }: Pick<Notes, "say">,
): Promise<string[]> {
  const { terms } = request.args;
  requireThat(!isBefore(settled, delivery), "the settlement came before the delivery");
  const deadline = delivery.block.timestamp + terms.offer.proofWindow;
  const inTime =
    settled.block.timestamp <= deadline || settled.block.number <= delivery.block.number + terms.proofBlocks;
  requireThat(inTime, `the settlement came after its deadline, ${time(deadline)}`);

  const { outputHash, units } = delivery.args;
  const isThis = (posted: PostedProof) =>
    hashTerms(domainOf(subject), posted.terms) === subject.requestId &&
    posted.outputHash === outputHash &&
    posted.units === units;
  const { transaction } = settled;
  const all = proofsIn(transaction.input);
  let posted = all.filter(isThis);
  let where = "the calldata";
  const settlement = addressOf(subject.deployment, "Settlement");
  if (posted.length === 0 && !isOnlyCall(transaction, settlement, "Settled", all)) {
    const calls = await subject.chain.calls(transaction.hash);
    if (calls === null) {
      throw new Unreadable(
        "a contract made the settlement, its proof is not in the calldata, and the RPC node cannot trace",
      );
    }
    posted = calls.flatMap(({ input }) => proofsIn(input)).filter(isThis);
    where = "the calls, by the RPC node's trace,";
  }
  requireThat(posted.length > 0, "the settling transaction shows no proof of the delivered claim");
  say(`the proof is in ${where} of ${place(settled)}`);
  return posted.map(({ proof }) => proof);
}

/** Verifies a claim's proof by the way that the model's route names. */
export async function auditProof(
  subject: RequestSubject,
  request: Request,
  delivery: Delivery,
  settled: Settlement,
  proofs: readonly string[],
  notes: Notes,
): Promise<void> {
  const { terms } = request.args;
  const { offer } = terms;
  const { nodeId } = delivery.args;
  const claim = claimOf(subject.requestId, terms, delivery.args);
  const route = await readRoute(subject, offer, request);
  await auditVerifier(subject, route, settled, notes);
  if (offer.route === Route.ZK) await auditGroth16(subject, claim, route, proofs, notes);
  else
    await auditEnclave(
      subject,
      { what: "claim", nodeId, hash: hashClaim(domainOf(subject), claim), onChain: delivery },
      route,
      proofs,
      notes,
    );
}
