import type { INTERVALS } from "./enums.ts";

/** A period of time: which kind, and its first second (UTC). */
export interface PeriodKey {
  readonly interval: (typeof INTERVALS)[number];
  readonly start: bigint;
}

/** Seconds in the periods that repeat. */
export const SECONDS = { HOUR: 3_600n, DAY: 86_400n } as const;

/** The hour, the day and the whole that a time (seconds) falls into. */
export function periodsOf(timestamp: bigint): PeriodKey[] {
  return [
    { interval: "HOUR", start: timestamp - (timestamp % SECONDS.HOUR) },
    { interval: "DAY", start: timestamp - (timestamp % SECONDS.DAY) },
    { interval: "TOTAL", start: 0n },
  ];
}

/** The columns that `amounts` names, with its amounts added to the row's. */
export function plus<Column extends string>(
  row: Readonly<Record<NoInfer<Column>, bigint>>,
  amounts: Readonly<Partial<Record<Column, bigint>>>,
): Partial<Record<Column, bigint>> {
  const sums: Partial<Record<Column, bigint>> = {};
  for (const column in amounts) sums[column] = row[column] + (amounts[column] ?? 0n);
  return sums;
}
