import type { Interval } from "./enums.ts";

/** A period of time: which kind, and its first second (UTC). */
export interface PeriodKey {
  readonly interval: Interval;
  readonly start: bigint;
}

/** Seconds in the periods that repeat. */
export const SECONDS = { HOUR: 3_600n, DAY: 86_400n, WEEK: 604_800n } as const;

/** A period that repeats. */
export type RepeatingInterval = keyof typeof SECONDS;

/** What series are told in. */
export const BUCKETS = ["hour", "day", "week"] as const;

/** The interval of each bucket. */
export const INTERVAL_OF = { hour: "HOUR", day: "DAY", week: "WEEK" } as const;

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

/** First second of the period that a time falls into. */
export function startOf(interval: RepeatingInterval, time: bigint): bigint {
  const period = periodsOf(time).find((period) => period.interval === interval);
  if (period === undefined) throw new RangeError(`no period is a ${interval}`);
  return period.start;
}

/**
 * The periods from `first` to the one that `now` falls into, with those in which nothing happened. There are none before
 * the first row.
 *
 * @param rows In order of time, none twice. One before `first` tells what it began with.
 * @param first A period's first second.
 * @param quiet A period in which nothing happened, by the one before it.
 */
export function filled<Row extends { readonly start: bigint }>(
  rows: readonly Row[],
  interval: RepeatingInterval,
  first: bigint,
  now: bigint,
  quiet: (before: Row) => Row,
): Row[] {
  const found = new Map(rows.map((row) => [row.start, row]));
  let before = rows.findLast(({ start }) => start < first);
  const series: Row[] = [];
  for (let start = first; start <= now; start += SECONDS[interval]) {
    before = found.get(start) ?? (before && { ...quiet(before), start });
    if (before !== undefined) series.push(before);
  }
  return series;
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
