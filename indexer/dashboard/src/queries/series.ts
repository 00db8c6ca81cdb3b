import type { Interval } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import text from "./Series.graphql?raw";

/** What happened in a period. */
export interface Period {
  readonly start: string;
  readonly requests: string;
  readonly settlements: string;
  readonly settlementsNet: string;
  readonly defaults: string;
  readonly burned: string;
  readonly burnedNet: string;
  readonly supply: string;
  /** Collateral at risk at the period's end, and the most within it. */
  readonly atRisk: string;
  readonly atRiskPeak: string;
  /** At the period's end. */
  readonly staked: string;
  readonly bonded: string;
}

/** Fees that were paid in a token in a period. */
export interface PeriodToken {
  readonly start: string;
  readonly token: string;
  readonly fees: string;
  readonly feesNet: string;
}

/** The latest periods, the latest first. */
export const seriesQuery = defineQuery<
  {
    readonly periods: { readonly items: readonly Period[] };
    readonly periodTokens: { readonly items: readonly PeriodToken[] };
  },
  { readonly interval: Exclude<Interval, "TOTAL">; readonly limit: number }
>(text);
