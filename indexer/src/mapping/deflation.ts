import { type RepeatingInterval, SECONDS, startOf } from "./period.ts";

/** A year, for rates: 365 days. */
const YEAR = 365n * SECONDS.DAY;
/** Precision of a ratio, before it becomes a number. */
const PRECISION = 10n ** 15n;

/** The windows that roll, in seconds. */
export const WINDOWS = { day: SECONDS.DAY, week: 7n * SECONDS.DAY, month: 30n * SECONDS.DAY } as const;
/** How many days the projection looks ahead. */
const HORIZONS = [30, 90, 365] as const;

/** A row of the table of periods, as far as it matters here. Amounts are OPG base units. */
export interface Burned {
  /** The period's first second, UTC. */
  readonly start: bigint;
  readonly burned: bigint;
  /** Without self-dealing. */
  readonly burnedNet: bigint;
  /** At the period's end. */
  readonly supply: bigint;
}

/** A period of the deflation series. Amounts are OPG base units, as decimal strings. */
export interface DeflationPoint {
  readonly start: number;
  readonly burned: string;
  readonly burnedNet: string;
  readonly supply: string;
  /** The share of the supply that would burn in 365 days like this period; 0.01 is one per cent. */
  readonly annualised: number;
  readonly annualisedNet: number;
}

/** One period's point. The rate relates what burned to the supply before it burned. */
export function deflation({ start, burned, burnedNet, supply }: Burned, interval: RepeatingInterval): DeflationPoint {
  return {
    start: Number(start),
    burned: burned.toString(),
    burnedNet: burnedNet.toString(),
    supply: supply.toString(),
    annualised: annualised(burned, supply + burned, SECONDS[interval]),
    annualisedNet: annualised(burnedNet, supply + burned, SECONDS[interval]),
  };
}

/** What burned since a moment, and that as a yearly rate. */
export interface RollingBurn {
  /** A full hour. */
  readonly since: number;
  readonly burned: string;
  readonly burnedNet: string;
  readonly annualised: number;
  readonly annualisedNet: number;
}

/**
 * What burned in the last 24 hours, 7 days or 30 days. The window begins at a full hour, so it is up to an hour longer
 * than its name, and not before the protocol; the rates are by its real length.
 *
 * @param hours Rows of hours, at least those of the window.
 * @param began The protocol's first hour.
 */
export function rolling(
  hours: readonly Burned[],
  supply: bigint,
  at: bigint,
  window: bigint,
  began: bigint,
): RollingBurn {
  const { since, burned, burnedNet } = within(hours, at, window, began);
  return {
    since: Number(since),
    burned: burned.toString(),
    burnedNet: burnedNet.toString(),
    annualised: annualised(burned, supply + burned, at - since),
    annualisedNet: annualised(burnedNet, supply + burned, at - since),
  };
}

/** The supply some days ahead, if each share of it went on to burn as fast as it did in the last 30 days. */
export interface Projection {
  readonly days: (typeof HORIZONS)[number];
  readonly supply: string;
  /** If only what is not self-dealing burned. */
  readonly supplyNet: string;
}

/**
 * Projects the supply by the rolling 30 days: supply · (1 − burned ÷ supply before)^(time ÷ window). That is continuous
 * decay at the window's rate: the supply never burns up, and what has burned does not burn again.
 *
 * @param hours Rows of hours, at least those of the last 30 days.
 * @param began The protocol's first hour: the window does not begin before it.
 */
export function project(hours: readonly Burned[], supply: bigint, at: bigint, began: bigint): Projection[] {
  const { since, burned, burnedNet } = within(hours, at, WINDOWS.month, began);
  const ahead = (amount: bigint, days: number) => {
    const kept = 1 - ratio(amount, supply + burned);
    const share = kept ** (days / (Number(at - since) / Number(SECONDS.DAY)));
    return ((supply * BigInt(Math.round(share * Number(PRECISION)))) / PRECISION).toString();
  };
  return HORIZONS.map((days) => ({ days, supply: ahead(burned, days), supplyNet: ahead(burnedNet, days) }));
}

/** One amount over another, as a number; 0 if there is nothing to relate it to. */
export function ratio(amount: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((amount * PRECISION) / whole) / Number(PRECISION);
}

function annualised(amount: bigint, before: bigint, seconds: bigint): number {
  return ratio(amount * YEAR, before * seconds);
}

function within(hours: readonly Burned[], at: bigint, window: bigint, began: bigint) {
  const hour = startOf("HOUR", at);
  const [first, last] = [hour - window, hour - SECONDS.HOUR];
  // A young protocol is rated by its age, and by an hour at least.
  const since = began <= first ? first : began < last ? began : last;
  let burned = 0n;
  let burnedNet = 0n;
  for (const hour of hours) {
    if (hour.start < since) continue;
    burned += hour.burned;
    burnedNet += hour.burnedNet;
  }
  return { since, burned, burnedNet };
}
