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

/**
 * The histogram of a sample in few bars whose widths double: `0`, `1`, `2–3`, `4–7`, … seconds, from the first that has
 * something to the last.
 */
export function doublingBins(
  histogram: readonly { readonly seconds: number; readonly count: number }[],
): { from: number; to: number; count: number }[] {
  const bins: { from: number; to: number; count: number }[] = [];
  for (const { seconds, count } of histogram) {
    const place = seconds < 1 ? 0 : Math.floor(Math.log2(seconds)) + 1;
    for (let next = bins.length; next <= place; next++) {
      bins.push({ from: next === 0 ? 0 : 2 ** (next - 1), to: next === 0 ? 0 : 2 ** next - 1, count: 0 });
    }
    const bin = bins[place];
    if (bin) bin.count += count;
  }
  const first = bins.findIndex(({ count }) => count > 0);
  return first < 0 ? [] : bins.slice(first);
}
