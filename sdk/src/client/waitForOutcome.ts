import type { Contracts } from "../chain/contracts.ts";
import { sleep } from "../chain/sleep.ts";
import { ContractError } from "../errors/ContractError.ts";
import { OpgError } from "../errors/OpgError.ts";
import { SettlementFailure } from "../errors/SettlementFailure.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import type { SettlementDomain } from "../hash/typedData.ts";
import { type Answer, RequestStatus, type Terms } from "../types.ts";
import { isOpen, readOutcome, type SettledInference } from "./outcome.ts";

/** Failures in a row of the RPC node, or of the guard's own transactions, that are passed on to the caller. */
const PATIENCE = 20;

/** The longest pause after failures, in milliseconds. */
const MAX_PAUSE = 30_000;

/** What {@link waitForOutcome} needs to know. */
export interface Watch {
  readonly contracts: Contracts;
  readonly domain: SettlementDomain;
  readonly terms: Terms;
  /** A block not after the request's. */
  readonly fromBlock: number;
  readonly confirmations: number;
  /** Milliseconds between two looks. */
  readonly pollingInterval: number;
  /**
   * Whether to act for the requester, with the contracts' signer: to post the node's signed delivery when half of the
   * delivery window has passed and the node has not, to take the refund, and to claim the default
   * (or, where the verifier was revoked, to void the request).
   */
  readonly guard: boolean;
  /** The node's signed delivery, as soon as there is one. */
  readonly answer: () => Answer | undefined;
  /** Ends the waiting. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits until a request has ended.
 *
 * @returns The settlement.
 * @throws SettlementFailure when it ended without a proof; OpgError when the signal ended the waiting.
 */
export async function waitForOutcome(watch: Watch): Promise<SettledInference> {
  const { contracts, domain, terms, fromBlock, confirmations, pollingInterval } = watch;
  const requestId = hashTerms(domain, terms);
  let failures = 0;
  while (!watch.signal?.aborted) {
    try {
      const outcome = await readOutcome(contracts, domain, terms, fromBlock, confirmations);
      if (outcome instanceof SettlementFailure) throw outcome;
      if (outcome !== undefined) return outcome;
      if (watch.guard) await act(watch, requestId);
      failures = 0;
    } catch (error) {
      if (error instanceof SettlementFailure || ++failures > PATIENCE) throw error;
    }
    await sleep(Math.min(pollingInterval * 2 ** failures, Math.max(pollingInterval, MAX_PAUSE)), watch.signal);
  }
  throw new OpgError(`Request ${requestId} is not looked after any more: the client was stopped.`);
}

/** Does what the requester is entitled to now. */
async function act({ contracts, terms, answer }: Watch, requestId: string): Promise<void> {
  const { settlement } = contracts;
  const [{ status, since, sinceBlock }, block] = await Promise.all([
    settlement.read("clockOf", requestId),
    settlement.provider.getBlock("latest"),
  ]);
  if (block === null) throw new OpgError("The RPC node has no latest block.");
  // A chain without new blocks has an old latest block, and a chain whose clock was moved has another time than ours.
  const now = BigInt(Math.max(block.timestamp, Math.floor(Date.now() / 1000)));
  const { deliveryWindow, proofWindow } = terms.offer;
  try {
    if (status === RequestStatus.REQUESTED) {
      const signed = answer();
      if (now > since + BigInt(deliveryWindow)) await settlement.write("refund", terms);
      else if (signed !== undefined && !isOpen(terms) && now > since + BigInt(deliveryWindow) / 2n) {
        await settlement.write("deliver", terms, signed);
      }
    } else if (status === RequestStatus.DELIVERED) {
      const ripe = BigInt(block.number) >= sinceBlock + BigInt(terms.proofBlocks);
      if (ripe && now > since + BigInt(proofWindow)) await settlement.write("claimDefault", terms);
    }
  } catch (error) {
    const refusal = error instanceof ContractError ? error.error : undefined;
    if (refusal === "Settlement_RequestVoid") await settlement.write("voidRequest", terms);
    else if (refusal === undefined || !PATIENT.has(refusal)) throw error;
  }
}

/** Refusals after which there is only to wait. */
const PATIENT = new Set([
  // The chain's clock is behind ours, or somebody else was faster: the next look tells.
  "Settlement_WrongStatus",
  "Settlement_DeliveryWindowOpen",
  "Settlement_DeliveryWindowClosed",
  "Settlement_ProofWindowOpen",
  // The node has taken back what it signed, by a new key, or committed to what the chain does not accept: its delivery
  // can not be posted, and the refund is what comes.
  "Settlement_BadNodeSignature",
  "Settlement_WrongOutput",
]);
