import type { INTERVALS } from "./enums.ts";

/** A period of time: which kind, and its first second (UTC). */
export interface PeriodKey {
  readonly interval: (typeof INTERVALS)[number];
  readonly start: bigint;
}

/** Seconds in the periods that repeat. */
export const SECONDS = { HOUR: 3_600n, DAY: 86_400n, WEEK: 604_800n } as const;

/** Unix time begins on a Thursday, a week (ISO 8601) on Monday. */
const MONDAY_TO_EPOCH = 3n * SECONDS.DAY;

/** The hour, the day, the week and the whole that a time (seconds) falls into. */
export function periodsOf(timestamp: bigint): PeriodKey[] {
  return [
    { interval: "HOUR", start: timestamp - (timestamp % SECONDS.HOUR) },
    { interval: "DAY", start: timestamp - (timestamp % SECONDS.DAY) },
    { interval: "WEEK", start: timestamp - ((timestamp + MONDAY_TO_EPOCH) % SECONDS.WEEK) },
    { interval: "TOTAL", start: 0n },
  ];
}

/** What stands at a moment: OPG base units. */
export interface Stocks {
  readonly supply: bigint;
  readonly atRisk: bigint;
  readonly staked: bigint;
  readonly bonded: bigint;
}

/** What stands now, by the protocol's row. */
export const stocksOf = ({
  supply,
  coverageAtRisk,
  free,
  bonded,
  unbonding,
}: Readonly<Record<"supply" | "coverageAtRisk" | "free" | "bonded" | "unbonding", bigint>>): Stocks => ({
  supply,
  atRisk: coverageAtRisk,
  staked: free + bonded + unbonding,
  bonded,
});

/** The most collateral that was at risk in a period. */
export interface Peak {
  /** The most that stood when the period began or at the end of a block: OPG base units. */
  readonly atRiskPeak: bigint;
  /** The same without its last block, which may not have ended: an answer may bring its proof, and then there is no gap. */
  readonly peakBefore: bigint;
  /** That block: the last with an event. */
  readonly lastBlock: bigint;
}

/** A period's peak at its first event, which has raised what is at risk by so much. */
export const firstPeak = (lastBlock: bigint, atRisk: bigint, raised: bigint): Peak => ({
  atRiskPeak: atRisk,
  peakBefore: atRisk - raised,
  lastBlock,
});

/** A period's peak after another event. */
export function peakAfter(peak: Peak, lastBlock: bigint, atRisk: bigint): Peak {
  const peakBefore = lastBlock === peak.lastBlock ? peak.peakBefore : peak.atRiskPeak;
  return { atRiskPeak: peakBefore > atRisk ? peakBefore : atRisk, peakBefore, lastBlock };
}

/** The largest integer of a column: numeric(78). */
const LARGEST = 10n ** 78n - 1n;

/**
 * The columns that `amounts` names, with its amounts added to the row's. A sum that no column holds stays at the largest
 * one: a token that lies about balances can be credited 2^256 − 1 of itself again and again.
 */
export function plus<Column extends string>(
  row: Readonly<Record<NoInfer<Column>, bigint>>,
  amounts: Readonly<Partial<Record<Column, bigint>>>,
): Partial<Record<Column, bigint>> {
  const sums: Partial<Record<Column, bigint>> = {};
  for (const column in amounts) {
    const sum = row[column] + (amounts[column] ?? 0n);
    sums[column] = sum > LARGEST ? LARGEST : sum;
  }
  return sums;
}
