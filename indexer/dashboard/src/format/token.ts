import { shorten } from "./text.ts";

/** What `/tokens` says of a fee token. */
export interface Token {
  readonly address: string;
  readonly listed: boolean;
  readonly symbol: string | null;
  readonly decimals: number | null;
}

/** How a fee token is written. */
export interface TokenName {
  readonly symbol: string;
  readonly decimals: number;
}

/**
 * How a token is written: by its own word if governance lists it, for anybody can name one "USDC"; otherwise by its address.
 * In base units where it does not say its decimals, or is not known yet.
 */
export function nameOf(address: string, tokens: readonly Token[] | null | undefined): TokenName {
  const token = tokens?.find((each) => each.address === address);
  if (token === undefined || token.decimals === null) {
    return { symbol: `base units of ${shorten(address)}`, decimals: 0 };
  }
  return { symbol: (token.listed && token.symbol) || shorten(address), decimals: token.decimals };
}
