import type { GapBar } from "../../../src/mapping/gap.ts";

/** Seconds of the periods that charts are drawn over. */
export const BUCKETS = { hour: 3_600, day: 86_400, week: 604_800 } as const;
export type Bucket = keyof typeof BUCKETS;

/**
 * The periods from the first row's to the last's or now's, whichever is later, in order: a period without a row, in
 * which nothing happened, gets what `idle` makes of the one before it.
 *
 * @param rows In order of their starts.
 * @param limit Most periods; the latest stay.
 */
export function fill<Row extends { readonly start: number }>(
  rows: readonly Row[],
  { bucket, now, limit }: { readonly bucket: Bucket; readonly now: number; readonly limit: number },
  idle: (before: Row, start: number) => Row,
): Row[] {
  const [first] = rows;
  if (first === undefined) return [];
  const step = BUCKETS[bucket];
  const known = new Map(rows.map((row) => [row.start, row]));
  const end = Math.max(rows.at(-1)?.start ?? first.start, now);
  const filled: Row[] = [];
  let before = first;
  for (let start = first.start; start <= end; start += step) {
    before = known.get(start) ?? idle(before, start);
    filled.push(before);
    if (filled.length > limit) filled.shift();
  }
  return filled;
}

/** The bars from the first that has something to the last. */
export function trimmed(bars: readonly GapBar[], of: "count" | "countNet"): readonly GapBar[] {
  const some = (bar: GapBar): boolean => bar[of] > 0;
  const first = bars.findIndex(some);
  return first < 0 ? [] : bars.slice(first, bars.findLastIndex(some) + 1);
}
