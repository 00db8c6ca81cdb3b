import { type Address, type ContractEventName, zeroAddress, zeroHash } from "viem";
import type { settlementAbi } from "../../../sdk/src/generated/abis.ts";
import type { EventArgs } from "./args.ts";
import { type CREDIT_CAUSES, DELIVERY_MODES, nameOf, type RequestStatus, ROUTES } from "./enums.ts";
import type { Stamp } from "./stamp.ts";

/** The arguments of one of the settlement's events. */
export type SettlementArgs<Name extends ContractEventName<typeof settlementAbi>> = EventArgs<
  typeof settlementAbi,
  Name
>;

/** What the later steps need of an inference's row. */
export interface InferenceRow {
  readonly requester: Address;
  readonly token: Address;
  readonly maxFee: bigint;
  readonly open: boolean;
  readonly proofWindow: bigint;
  readonly proofBlocks: number;
  readonly deliveredAt: bigint | null;
  readonly deliveredBlock: bigint | null;
}

/** The protocol's count of the requests in a status. */
type StatusCount = Lowercase<Exclude<RequestStatus, "NONE">>;

/** A change of what somebody can withdraw. */
export interface CreditChange {
  readonly token: Address;
  readonly account: Address;
  readonly cause: (typeof CREDIT_CAUSES)[number];
  readonly amount: bigint;
}

/** The row of a request that was just made. */
export function requested({ requestId, terms }: SettlementArgs<"Requested">, { timestamp, blockNumber }: Stamp) {
  const { offer } = terms;
  const open = offer.nodeId === zeroHash;
  return {
    id: requestId,
    status: "REQUESTED",
    open,
    requester: terms.requester,
    nodeId: open ? null : offer.nodeId,
    modelId: offer.modelId,
    route: nameOf(ROUTES, offer.route),
    token: offer.token,
    nonce: terms.nonce,
    deadline: terms.deadline,
    maxFee: terms.maxFee,
    verificationFee: terms.verificationFee,
    compensationBps: terms.compensationBps,
    rewardBps: terms.rewardBps,
    proofBlocks: terms.proofBlocks,
    inputHash: terms.inputHash,
    mode: nameOf(DELIVERY_MODES, terms.mode),
    consumer: terms.consumer === zeroAddress ? null : terms.consumer,
    routeVersion: BigInt(offer.routeVersion),
    pricePerRequest: offer.pricePerRequest,
    pricePerUnit: offer.pricePerUnit,
    coverage: offer.coverage,
    deliveryWindow: BigInt(offer.deliveryWindow),
    proofWindow: BigInt(offer.proofWindow),
    bond: open ? 0n : offer.coverage + terms.verificationFee,
    requestedAt: timestamp,
    requestedBlock: blockNumber,
    deliveryDeadline: timestamp + BigInt(offer.deliveryWindow),
    burned: 0n,
    declined: false,
  } as const;
}

/** What a delivery changes. An open request is settled in the same transaction, so it has no proof deadline. */
export function delivered(row: InferenceRow, args: SettlementArgs<"Delivered">, { timestamp, blockNumber }: Stamp) {
  return {
    status: "DELIVERED",
    nodeId: args.nodeId,
    outputHash: args.outputHash,
    units: args.units,
    deliveredAt: timestamp,
    deliveredBlock: blockNumber,
    proofDeadline: row.open ? null : timestamp + row.proofWindow,
    proofDeadlineBlock: row.open ? null : blockNumber + BigInt(row.proofBlocks),
  } as const;
}

/** What a settlement changes. The trust gap is 0 where delivery and proof come in one transaction. */
export function settled(row: InferenceRow, args: SettlementArgs<"Settled">, { timestamp, blockNumber }: Stamp) {
  return {
    status: "SETTLED",
    endedAt: timestamp,
    endedBlock: blockNumber,
    trustGapSeconds: timestamp - (row.deliveredAt ?? timestamp),
    trustGapBlocks: blockNumber - (row.deliveredBlock ?? blockNumber),
    fee: args.fee,
    payout: args.payout,
    returned: args.returned,
  } as const;
}

/** What the end of a request without a settlement changes: all of `maxFee` goes back. */
export function ended(
  row: InferenceRow,
  status: "REFUNDED" | "DEFAULTED" | "VOIDED",
  { timestamp, blockNumber }: Stamp,
) {
  return { status, endedAt: timestamp, endedBlock: blockNumber, returned: row.maxFee } as const;
}

/** The credits that a settlement makes. */
export function creditsOfSettlement(row: InferenceRow, args: SettlementArgs<"Settled">): CreditChange[] {
  return withoutZeros([
    { token: row.token, account: args.payout, cause: "FEE", amount: args.fee },
    { token: row.token, account: row.requester, cause: "RETURN", amount: args.returned },
  ]);
}

/** The credits that a refund, a decline or a void makes. */
export function creditsOfRefund(row: InferenceRow): CreditChange[] {
  return withoutZeros([{ token: row.token, account: row.requester, cause: "REFUND", amount: row.maxFee }]);
}

/** The credits that a default makes: the refund, and OPG from the bond. */
export function creditsOfDefault(row: InferenceRow, args: SettlementArgs<"Defaulted">, opg: Address): CreditChange[] {
  return [
    ...creditsOfRefund(row),
    ...withoutZeros([
      { token: opg, account: row.requester, cause: "COMPENSATION", amount: args.compensation },
      { token: opg, account: args.claimer, cause: "REWARD", amount: args.reward },
    ]),
  ];
}

/** What a change of status adds to the protocol's counts of requests by status; `from` is null for a new request. */
export function transition(from: RequestStatus | null, to: RequestStatus): Partial<Record<StatusCount, bigint>> {
  return { ...(from === null ? {} : { [countOf(from)]: -1n }), [countOf(to)]: 1n };
}

/** The identifier that a history row gets, from the event's and the row's own cause. */
export function creditId(eventId: string, cause: string): string {
  return `${eventId}-${cause}`;
}

function countOf(status: RequestStatus): StatusCount {
  if (status === "NONE") throw new RangeError("a request that does not exist is not counted");
  return status.toLowerCase() as StatusCount;
}

function withoutZeros(changes: CreditChange[]): CreditChange[] {
  return changes.filter(({ amount }) => amount !== 0n);
}
