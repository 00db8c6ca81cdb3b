import { addressOf } from "../../sdk/src/deployment.ts";
import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import { claimOf } from "../../sdk/src/hash/claimOf.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import { type InferenceClaim, Route } from "../../sdk/src/types.ts";
import { batchedProofsIn, type PostedProof, proofsIn } from "../../sdk/src/verify/calls.ts";
import { claimSignal } from "../../sdk/src/verify/groth16.ts";
import { requireThat } from "../../sdk/src/verify/refuted.ts";
import { time } from "../../sdk/src/verify/time.ts";
import { isBefore } from "./chain.ts";
import type { Delivery } from "./delivery.ts";
import { auditEnclave } from "./enclave.ts";
import { auditGroth16 } from "./groth16.ts";
import type { Settlement } from "./money.ts";
import { isOnlyCall } from "./onlyCall.ts";
import { auditVerifier, type ProvenRoute, readRoute } from "./route.ts";
import { type Proof, type Shown, shownProofs } from "./shown.ts";
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

/** Checks that the settlement came after the delivery, and in time. @throws Refuted if it did not. */
export function auditSubmission(
  request: Request,
  delivery: Delivery,
  settled: Settlement,
  { say }: Pick<Notes, "say">,
): void {
  const { terms } = request.args;
  requireThat(!isBefore(settled, delivery), "the settlement came before the delivery");
  const deadline = delivery.block.timestamp + terms.offer.proofWindow;
  const inTime =
    settled.block.timestamp <= deadline || settled.block.number <= delivery.block.number + terms.proofBlocks;
  requireThat(inTime, `the settlement came after its deadline, ${time(deadline)}`);
  say(`settled in time, in ${place(settled)}`);
}

/** Verifies a claim's proof by the way that the model's route names. */
export async function auditProof(
  subject: RequestSubject,
  request: Request,
  delivery: Delivery,
  settled: Settlement,
  notes: Notes,
): Promise<void> {
  const { terms } = request.args;
  const { offer } = terms;
  const { nodeId } = delivery.args;
  const claim = claimOf(subject.requestId, terms, delivery.args);
  const hash = hashClaim(domainOf(subject), claim);
  const route = await readRoute(subject, offer, request);
  await auditVerifier(subject, route, settled, notes);
  const proofs = proofsOf(subject, claim, hash, route, settled);
  if (offer.route === Route.ZK) await auditGroth16(subject, claim, hash, route, proofs, notes);
  else await auditEnclave(subject, { what: "claim", nodeId, hash, onChain: delivery }, route, proofs, notes);
}

/** What the settling transaction shows as proofs of the claim. */
function proofsOf(
  subject: RequestSubject,
  { requestId, outputHash, units }: InferenceClaim,
  hash: string,
  { verifier }: ProvenRoute,
  { transaction }: Settlement,
): AsyncIterable<Shown<Proof>> {
  const settlement = addressOf(subject.deployment, "Settlement");
  const isThis = (posted: PostedProof) =>
    hashTerms(domainOf(subject), posted.terms) === requestId &&
    posted.outputHash === outputHash &&
    posted.units === units;
  const all = proofsIn(transaction.input);
  return shownProofs<Proof>(subject, transaction, {
    of: "the delivered claim",
    inCalldata: all.filter(isThis),
    isOnlyCall: isOnlyCall(transaction, settlement, settlementAbi, "Settled", all),
    // A settlement without a proof is of one that the verifier was shown before, among others.
    inCall: ({ to, input }) => {
      if (to === settlement.toLowerCase()) return proofsIn(input).filter((one) => one.at === 0 && isThis(one));
      if (to !== verifier.toLowerCase()) return [];
      return batchedProofsIn(input).filter(({ at, signals }) => at === 0 && signals[0] === claimSignal(hash));
    },
  });
}
