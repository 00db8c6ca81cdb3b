import { getBytes, recoverAddress } from "ethers";
import type { Contracts } from "../chain/contracts.ts";
import { OpgError } from "../errors/OpgError.ts";
import { hashDelivery } from "../hash/hashDelivery.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import type { SettlementDomain } from "../hash/typedData.ts";
import type { ModelCodec } from "../model.ts";
import type { Terms } from "../types.ts";
import type { InferenceReply } from "../wire.ts";
import { priceOf } from "./offers.ts";
import { isOpen } from "./outcome.ts";

/** What an inference costs: metered, and never more than the escrow. */
export function feeOf({ maxFee, offer }: Terms, units: bigint): bigint {
  const metered = priceOf(offer, units);
  return metered < maxFee ? metered : maxFee;
}

/**
 * Checks that an answer is to this request, by the node that was asked, and signed by that node's signer.
 *
 * @throws OpgError saying which of these does not hold.
 */
export async function verifyDelivery(
  { nodes }: Contracts,
  domain: SettlementDomain,
  terms: Terms,
  reply: InferenceReply,
): Promise<void> {
  const requestId = hashTerms(domain, terms);
  if (reply.requestId !== requestId) throw new OpgError(`the node answered another request (${reply.requestId})`);
  if (!isOpen(terms) && reply.nodeId !== terms.offer.nodeId) throw new OpgError(`node ${reply.nodeId} answered`);
  const signer = await nodes.read("signerOf", reply.nodeId);
  if (recover(hashDelivery(domain, reply), reply.signature) !== signer) {
    throw new OpgError(`the answer is not signed by ${signer}, the signer of node ${reply.nodeId}`);
  }
}

/**
 * Checks that the output is what the node committed to, and that no more is metered than agreed.
 *
 * @param maxUnits What the requester agreed to pay for; any amount if absent, since `maxFee` bounds the price.
 * @throws OpgError saying which of these does not hold.
 */
export function verifyOutput(model: ModelCodec, salt: string, reply: InferenceReply, maxUnits?: bigint): void {
  if (model.commitOutput(getBytes(reply.output), salt) !== reply.outputHash) {
    throw new OpgError(`the output is not what the node committed to (${reply.outputHash})`);
  }
  if (maxUnits !== undefined && reply.units > maxUnits) {
    throw new OpgError(`the node meters ${reply.units} units, and ${maxUnits} were agreed`);
  }
}

function recover(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, signature);
  } catch {
    return undefined;
  }
}
