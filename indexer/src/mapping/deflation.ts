import { SECONDS } from "./period.ts";

/** A year, for rates: 365 days. */
const YEAR = 365n * SECONDS.DAY;
/** Precision of a rate, before it becomes a number. */
const PRECISION = 10n ** 15n;

/** Most periods in one answer. */
export const MAX_LIMIT = 1_000;

/** A period of the deflation series. Amounts are OPG base units, as decimal strings. */
export interface DeflationPoint {
  /** The period's first second, UTC. */
  readonly start: number;
  readonly burned: string;
  /** Without self-dealing. */
  readonly burnedNet: string;
  /** At the period's end. */
  readonly supply: string;
  /** The share of the supply that would burn in 365 days like this period; 0.01 is one per cent. */
  readonly annualised: number;
  readonly annualisedNet: number;
}

/**
 * Reads `bucket` (hour or day; day by default) and `limit` (1 to 1,000; 100 by default) of `/metrics/deflation`.
 *
 * @returns What to look up, or what is wrong with the query.
 */
export function parseDeflationQuery({
  bucket = "day",
  limit = "100",
}: Readonly<Record<string, string | undefined>>): { interval: "HOUR" | "DAY"; limit: number } | { error: string } {
  if (bucket !== "hour" && bucket !== "day") return { error: `bucket is hour or day, not ${bucket}` };
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MAX_LIMIT) {
    return { error: `limit is a whole number from 1 to ${MAX_LIMIT}, not ${limit}` };
  }
  return { interval: bucket === "hour" ? "HOUR" : "DAY", limit: count };
}

/** One period's point. The rate relates what burned to the supply before it burned. */
export function deflation(row: {
  readonly interval: "HOUR" | "DAY" | "TOTAL";
  readonly start: bigint;
  readonly burned: bigint;
  readonly burnedNet: bigint;
  readonly supply: bigint;
}): DeflationPoint {
  const perYear = YEAR / (row.interval === "HOUR" ? SECONDS.HOUR : SECONDS.DAY);
  const before = row.supply + row.burned;
  const rate = (amount: bigint) =>
    before === 0n ? 0 : Number((amount * perYear * PRECISION) / before) / Number(PRECISION);
  return {
    start: Number(row.start),
    burned: row.burned.toString(),
    burnedNet: row.burnedNet.toString(),
    supply: row.supply.toString(),
    annualised: rate(row.burned),
    annualisedNet: rate(row.burnedNet),
  };
}
