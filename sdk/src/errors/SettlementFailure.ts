import { OpgError } from "./OpgError.ts";

/** How a request ended without a proof. */
export type FailureReason = "declined" | "refunded" | "defaulted" | "voided";

const WHAT: Readonly<Record<FailureReason, string>> = {
  declined: "the node declined it",
  refunded: "nobody delivered in time",
  defaulted: "the node delivered and did not prove it in time",
  voided: "its route's verifier was revoked",
};

/**
 * A request ended without a proof. `returned` and `compensation` are the requester's credits now: `withdraw` pays
 * them out.
 */
export class SettlementFailure extends OpgError {
  override name = "SettlementFailure";
  readonly requestId: string;
  readonly reason: FailureReason;
  /** What of the escrow came back: all of it, in base units of `token`. */
  readonly returned: bigint;
  /** The fee token. */
  readonly token: string;
  /** What the node's bond pays, in OPG base units; zero unless it defaulted. */
  readonly compensation: bigint;
  readonly transactionHash: string;

  constructor(
    failure: Pick<
      SettlementFailure,
      "requestId" | "reason" | "returned" | "token" | "compensation" | "transactionHash"
    >,
  ) {
    const { requestId, reason, returned, compensation } = failure;
    const paid = compensation === 0n ? "" : `, and ${compensation} base units of OPG compensate for it`;
    super(`Request ${requestId} was not settled: ${WHAT[reason]}. All of its ${returned} escrowed came back${paid}.`);
    this.requestId = requestId;
    this.reason = reason;
    this.returned = returned;
    this.token = failure.token;
    this.compensation = compensation;
    this.transactionHash = failure.transactionHash;
  }
}
