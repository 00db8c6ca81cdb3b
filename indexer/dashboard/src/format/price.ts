/** What an inference costs, in base units of a token. */
export interface Priced {
  readonly token: string;
  readonly pricePerRequest: string;
  readonly pricePerUnit: string;
}

/** What prices sort by, as text: tokens stand apart, since base units of two tokens do not compare. */
export function priceOrder({ token, pricePerRequest, pricePerUnit }: Priced): string {
  return [token, ...[pricePerRequest, pricePerUnit].map((price) => price.padStart(78, "0"))].join(" ");
}
