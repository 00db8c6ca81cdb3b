import { dataLength, keccak256, recoverAddress, ZeroHash } from "ethers";
import { addressOf } from "../../sdk/src/deployment.ts";
import { nodeRegistryAbi, settlementAbi } from "../../sdk/src/generated/abis.ts";
import { hashDelivery } from "../../sdk/src/hash/hashDelivery.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import { nodeIdOf } from "../../sdk/src/hash/nodeIdOf.ts";
import { DeliveryMode, OutputCommitment } from "../../sdk/src/types.ts";
import { deliveriesIn, type PostedDelivery } from "../../sdk/src/verify/calls.ts";
import { requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { time } from "../../sdk/src/verify/time.ts";
import { type Event, eventsIn, isBefore, type Located } from "./chain.ts";
import { isOnlyCall } from "./onlyCall.ts";
import { readRoute } from "./route.ts";
import { domainOf, type Notes, place, type RequestSubject, type Subject } from "./subject.ts";
import type { Request } from "./terms.ts";

/** What the node committed to, as the chain has it. */
export type Delivery = Event<{ readonly nodeId: string; readonly outputHash: string; readonly units: bigint }>;

/**
 * Finds the delivery and checks that the node committed to it: by its signer's signature, or by sending it; that it was
 * in time; and, for a delivery on chain, that the output is the one committed to.
 *
 * @throws Refuted if it did not; Unreadable if the delivery's call is neither in calldata nor traceable.
 */
export async function auditDelivery(
  subject: RequestSubject,
  request: Request,
  { say }: Pick<Notes, "say">,
): Promise<Delivery> {
  const { chain, deployment, requestId } = subject;
  const settlement = addressOf(deployment, "Settlement");
  const [delivered, again] = await chain.events(settlement, settlementAbi, "Delivered", [requestId], {
    fromBlock: request.block.number,
  });
  if (delivered === undefined) throw new Unreadable("the RPC node has no delivery of this request");
  requireThat(again === undefined, "the request was delivered twice");
  const { nodeId, outputHash, units } = delivered.args;
  const { terms } = request.args;
  requireThat(terms.offer.nodeId === ZeroHash || terms.offer.nodeId === nodeId, `node ${nodeId} is not the one asked`);
  requireThat(isBefore(request, delivered), "the delivery came before the request");
  const deadline = request.block.timestamp + terms.offer.deliveryWindow;
  requireThat(delivered.block.timestamp <= deadline, `the delivery came after its deadline, ${time(deadline)}`);

  const signer = await signerAt(subject, nodeId, delivered);
  const digest = hashDelivery(domainOf(subject), { requestId, outputHash, units });
  const isThis = (posted: PostedDelivery) =>
    hashTerms(domainOf(subject), posted.terms) === requestId &&
    posted.answer.outputHash === outputHash &&
    posted.answer.units === units;
  const isBy = ({ answer }: PostedDelivery, sender: string) =>
    sender === signer || isSignedBy(digest, answer.signature, signer);
  const { transaction } = delivered;
  const all = deliveriesIn(transaction.input);
  const sender = transaction.to === settlement.toLowerCase() ? transaction.sender() : "";
  if (all.some((one) => isThis(one) && isBy(one, one.at === 0 ? sender : ""))) {
    say(`the delivery is signed or sent by the node's signer then, ${signer}`);
  } else {
    const calls = isOnlyCall(transaction, settlement, settlementAbi, "Delivered", all)
      ? []
      : await chain.calls(transaction.hash);
    if (calls === null) {
      throw new Unreadable(
        "a contract made the delivery, without a signature of it in the calldata, and the RPC node cannot trace",
      );
    }
    const isShown = calls.some(
      ({ from, to, input }) =>
        to === settlement.toLowerCase() && deliveriesIn(input).some((one) => isThis(one) && isBy(one, from)),
    );
    requireThat(isShown, `the delivery is neither signed nor sent by the node's signer then, ${signer}`);
    say(`the delivery is signed or sent by the node's signer then, ${signer}, by the RPC node's trace`);
  }
  say(`delivered in ${place(delivered)}`);
  if (terms.mode === DeliveryMode.ONCHAIN) await auditOutput(subject, request, delivered, say);
  return delivered;
}

/** Checks the output that was published with a delivery against its commitment. */
async function auditOutput(
  subject: RequestSubject,
  request: Request,
  delivered: Delivery,
  say: Notes["say"],
): Promise<void> {
  const settlement = addressOf(subject.deployment, "Settlement");
  const published = eventsIn(delivered.transaction, settlement, settlementAbi, "OutputPublished");
  const output = published.find(({ args }) => args.requestId === subject.requestId)?.args.output;
  requireThat(output !== undefined, "the terms ask for the output on chain, and it was not published");
  const { outputCommitment } = await readRoute(subject, request.args.terms.offer, request);
  const { outputHash } = delivered.args;
  const isCommitted =
    outputCommitment === OutputCommitment.VALUE
      ? dataLength(output) === 32 && output === outputHash
      : keccak256(output) === outputHash;
  requireThat(isCommitted, "the published output is not the one that was committed to");
  say("the published output is the one that was committed to");
}

/** Who signed for a node when something happened, in lower case. */
async function signerAt({ chain, deployment }: Subject, nodeId: string, then: Located): Promise<string> {
  const nodes = addressOf(deployment, "NodeRegistry");
  const [registered] = await chain.events(nodes, nodeRegistryAbi, "NodeRegistered", [nodeId]);
  if (registered === undefined) throw new Unreadable(`the RPC node has no registration of node ${nodeId}`);
  const { owner, salt } = registered.args;
  requireThat(nodeIdOf(owner, salt) === nodeId, "the node's identifier is not of its first owner and salt");
  const changes = await chain.events(nodes, nodeRegistryAbi, "SignerChanged", [nodeId]);
  const last = [registered, ...changes].findLast((event) => isBefore(event, then));
  requireThat(last !== undefined, `node ${nodeId} was not registered yet`);
  return last.args.signer.toLowerCase();
}

/** Whether r ‖ s ‖ v, with low s and v of 27 or 28, is a signature by `signer`: what OpenZeppelin's ECDSA takes. */
function isSignedBy(digest: string, signature: string, signer: string): boolean {
  if (dataLength(signature) !== 65 || !/1[bc]$/.test(signature)) return false;
  try {
    return recoverAddress(digest, signature).toLowerCase() === signer;
  } catch {
    return false;
  }
}
