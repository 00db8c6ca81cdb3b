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

/** Where bars of a histogram of gaps end, in seconds: in steps that people count time by. */
const EDGES = [
  1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
] as const;

/** A bar of a histogram: how many are at least `from` and below `to`. */
export interface Bin {
  readonly from: number;
  /** Infinity of the last. */
  readonly to: number;
  readonly count: number;
}

/** The histogram of gaps in few bars, from the first that has something to the last. */
export function gapBins(histogram: readonly { readonly seconds: number; readonly count: number }[]): Bin[] {
  const bins = [...EDGES, Number.POSITIVE_INFINITY].map((to, place) => ({ from: EDGES[place - 1] ?? 0, to, count: 0 }));
  for (const { seconds, count } of histogram) {
    const bin = bins.find(({ to }) => seconds < to);
    if (bin) bin.count += count;
  }
  const some = ({ count }: Bin): boolean => count > 0;
  const first = bins.findIndex(some);
  return first < 0 ? [] : bins.slice(first, bins.findLastIndex(some) + 1);
}
