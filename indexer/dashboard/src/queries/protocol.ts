import { defineQuery } from "../data/ask.ts";
import text from "./Protocol.graphql?raw";

/** Where the protocol stands now. Amounts are base units. */
export interface Protocol {
  readonly chainId: string;
  readonly initialSupply: string;
  readonly minted: string;
  readonly supply: string;
  readonly burned: string;
  readonly free: string;
  readonly bonded: string;
  readonly unbonding: string;
  readonly coverageAtRisk: string;
  readonly delivered: string;
  readonly settled: string;
  readonly batched: string;
  readonly batches: string;
  readonly paused: boolean;
}

/** Since the start, without self-dealing. */
export interface NetTotal {
  readonly settlementsNet: string;
  readonly burnedNet: string;
}

export const protocolQuery = defineQuery<{
  readonly protocols: { readonly items: readonly Protocol[] };
  /** Empty before the first event. */
  readonly total: { readonly items: readonly NetTotal[] };
}>(text);
