import { ZeroHash } from "ethers";
import type { Contracts } from "../chain/contracts.ts";
import { OpgError } from "../errors/OpgError.ts";
import { type FailureReason, SettlementFailure } from "../errors/SettlementFailure.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import type { SettlementDomain } from "../hash/typedData.ts";
import { RequestStatus, type Terms } from "../types.ts";

/** A proven inference, as the chain has it. */
export interface SettledInference {
  readonly requestId: string;
  /** The node that answered. */
  readonly nodeId: string;
  readonly outputHash: string;
  readonly units: bigint;
  /** What the operator was paid, in base units of `token`. */
  readonly fee: bigint;
  /** The rest of the escrow, which is the requester's credit, in base units of `token`. */
  readonly returned: bigint;
  readonly token: string;
  /** Whose credit the fee is. */
  readonly payout: string;
  /** The verification fee that burned, in OPG base units. */
  readonly burned: bigint;
  /** Block time of the delivery, in seconds. */
  readonly deliveredAt: number;
  /** Block time of the settlement, in seconds. */
  readonly settledAt: number;
  /** Seconds between them. */
  readonly trustGap: number;
  readonly transactionHash: string;
  readonly blockNumber: number;
}

const FAILURES = { Declined: "declined", Refunded: "refunded", Defaulted: "defaulted", Voided: "voided" } as const;

/**
 * Reads how a request ended.
 *
 * @param fromBlock A block not after the request's.
 * @param confirmations How many blocks the end has to be deep, its own included.
 * @returns The settlement, the failure, or undefined if it has not ended (or not deep enough).
 */
export async function readOutcome(
  { settlement, nodes }: Contracts,
  domain: SettlementDomain,
  terms: Terms,
  fromBlock: number,
  confirmations = 1,
): Promise<SettledInference | SettlementFailure | undefined> {
  const requestId = hashTerms(domain, terms);
  const status = await settlement.read("statusOf", requestId);
  if (status === RequestStatus.NONE) throw new OpgError(`There is no request ${requestId} on this chain.`);
  if (status === RequestStatus.REQUESTED || status === RequestStatus.DELIVERED) return undefined;

  const { provider } = settlement;
  const lastBlock = (await provider.getBlockNumber()) - (confirmations - 1);
  if (status !== RequestStatus.SETTLED) {
    for (const [event, reason] of Object.entries(FAILURES) as [keyof typeof FAILURES, FailureReason][]) {
      const [end] = await settlement.events(event, [requestId], fromBlock, lastBlock);
      if (end === undefined) continue;
      const { transactionHash } = end;
      const compensation = "compensation" in end.args ? end.args.compensation : 0n;
      const { maxFee: returned, offer } = terms;
      return new SettlementFailure({
        requestId,
        reason,
        returned,
        token: offer.token,
        compensation,
        transactionHash,
      });
    }
    return undefined;
  }
  const [[settled], [delivered]] = await Promise.all([
    settlement.events("Settled", [requestId], fromBlock, lastBlock),
    settlement.events("Delivered", [requestId], fromBlock, lastBlock),
  ]);
  if (settled === undefined || delivered === undefined) return undefined;
  const [burns, settledAt, deliveredAt] = await Promise.all([
    nodes.events("Burned", [settled.args.nodeId, requestId], settled.blockNumber, settled.blockNumber),
    timestampOf(settled.blockNumber),
    timestampOf(delivered.blockNumber),
  ]);
  const { nodeId, payout, fee, returned } = settled.args;
  return {
    requestId,
    nodeId,
    outputHash: delivered.args.outputHash,
    units: delivered.args.units,
    fee,
    returned,
    token: terms.offer.token,
    payout,
    burned: burns.reduce((sum, { args }) => sum + args.amount, 0n),
    deliveredAt,
    settledAt,
    trustGap: settledAt - deliveredAt,
    transactionHash: settled.transactionHash,
    blockNumber: settled.blockNumber,
  };

  async function timestampOf(block: number): Promise<number> {
    const found = await provider.getBlock(block);
    if (found === null) throw new OpgError(`The RPC node does not have block ${block} any more.`);
    return found.timestamp;
  }
}

/** Whether a request names no node, so that any node may take it. */
export const isOpen = (terms: Terms): boolean => terms.offer.nodeId === ZeroHash;
