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

/**
 * One period's point. The rate relates what the protocol burned to the supply before the period. One that is not over, or
 * that the protocol began in, is rated by what there is of it, and by an hour at least.
 *
 * @param before The supply at the end of the period before.
 * @param at Time of the latest block.
 * @param began The protocol's first hour.
 */
export function deflation(
  { start, burned, burnedNet, supply }: Burned,
  interval: RepeatingInterval,
  before: bigint,
  at: bigint,
  began: bigint,
): DeflationPoint {
  const end = start + SECONDS[interval];
  const lasted = (at < end ? at : end) - (began > start ? began : start);
  const seconds = lasted > SECONDS.HOUR ? lasted : SECONDS.HOUR;
  return {
    start: Number(start),
    burned: burned.toString(),
    burnedNet: burnedNet.toString(),
    supply: supply.toString(),
    annualised: annualised(burned, before, seconds),
    annualisedNet: annualised(burnedNet, before, seconds),
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
 * than its name, or with the protocol's first hour if that is later (with the one before, if that one is not over yet); the
 * rates are by its real length.
 *
 * @param hours Rows of hours in order of time: at least those of the window and the one before.
 * @param initial The supply before the protocol.
 * @param began The protocol's first hour.
 */
export function rolling(
  hours: readonly Burned[],
  initial: bigint,
  at: bigint,
  window: bigint,
  began: bigint,
): RollingBurn {
  const { since, before, burned, burnedNet } = within(hours, initial, at, window, began);
  return {
    since: Number(since),
    burned: burned.toString(),
    burnedNet: burnedNet.toString(),
    annualised: annualised(burned, before, at - since),
    annualisedNet: annualised(burnedNet, before, at - since),
  };
}

/**
 * The supply some days ahead by the protocol's burn alone, without minting or any other destruction, if each share of it
 * went on to burn as fast as it did in the last 30 days.
 */
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
 * @param hours Rows of hours in order of time: at least those of the last 30 days and the one before.
 * @param initial The supply before the protocol.
 * @param supply The supply now.
 * @param began The protocol's first hour: the window does not begin before it.
 */
export function project(
  hours: readonly Burned[],
  initial: bigint,
  supply: bigint,
  at: bigint,
  began: bigint,
): Projection[] {
  const { since, before, burned, burnedNet } = within(hours, initial, at, WINDOWS.month, began);
  const ahead = (amount: bigint, days: number) => {
    // What was minted in the window may have burned in it, too.
    const kept = Math.max(0, 1 - ratio(amount, before));
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

function within(hours: readonly Burned[], initial: bigint, at: bigint, window: bigint, began: bigint) {
  const hour = startOf("HOUR", at);
  const [first, last] = [hour - window, hour - SECONDS.HOUR];
  // A young protocol is rated by its age, and by an hour at least.
  const since = began <= first ? first : began < last ? began : last;
  const before = hours.findLast(({ start }) => start < since)?.supply ?? initial;
  let burned = 0n;
  let burnedNet = 0n;
  for (const hour of hours) {
    if (hour.start < since) continue;
    burned += hour.burned;
    burnedNet += hour.burnedNet;
  }
  return { since, before, burned, burnedNet };
}
