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
