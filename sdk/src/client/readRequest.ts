import type { Contracts } from "../chain/contracts.ts";
import type { Deployment } from "../deployment.ts";
import { OpgError } from "../errors/OpgError.ts";
import type { SettlementFailure } from "../errors/SettlementFailure.ts";
import type { RequestStatus, Terms } from "../types.ts";
import { readOutcome, type SettledInference } from "./outcome.ts";

/** A request's state, as the chain has it. */
export interface RequestState {
  readonly requestId: string;
  readonly status: RequestStatus;
  readonly terms: Terms;
  /** Block time, in seconds, of the request, or of the delivery once there is one. */
  readonly since: bigint;
  /** How it ended; undefined while it is open. */
  readonly outcome: SettledInference | SettlementFailure | undefined;
}

/** The terms of a request that is on chain. @throws OpgError if there is none. */
export async function readTerms(
  { settlement }: Contracts,
  { startBlock }: Deployment,
  requestId: string,
): Promise<Terms> {
  const [requested] = await settlement.events("Requested", [requestId], startBlock);
  if (requested === undefined) throw new OpgError(`There is no request ${requestId} on this chain.`);
  return requested.args.terms;
}

/** Where a request stands. @throws OpgError if there is none. */
export async function readRequest(
  contracts: Contracts,
  deployment: Deployment,
  requestId: string,
): Promise<RequestState> {
  const terms = await readTerms(contracts, deployment, requestId);
  const { settlement } = contracts;
  const domain = { chainId: deployment.chainId, settlement: settlement.address };
  const [{ status, since }, outcome] = await Promise.all([
    settlement.read("clockOf", requestId),
    readOutcome(contracts, domain, terms, deployment.startBlock),
  ]);
  return { requestId, status, terms, since, outcome };
}
