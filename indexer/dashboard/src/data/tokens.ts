import { shorten } from "../format/text.ts";
import { useRead } from "./useAsk.ts";

/** How a fee token is written. */
export interface TokenName {
  readonly symbol: string;
  readonly decimals: number;
}

type Token = { readonly address: string; readonly symbol: string | null; readonly decimals: number | null };

/** Whether it is known how tokens are written, or that it cannot be known: drawn before, amounts would change places. */
export function useTokensAsked(): boolean {
  return !useRead<readonly Token[]>("/tokens").isPending;
}

/**
 * How tokens are written: symbol and decimals as the tokens themselves say, or an address and base units where one does
 * not say or is not known yet.
 */
export function useTokens(): (address: string) => TokenName {
  const { data } = useRead<readonly Token[]>("/tokens");
  return (address) => {
    const token = data?.find((each) => each.address === address);
    if (token?.decimals === undefined || token.decimals === null) {
      return { symbol: `base units of ${shorten(address)}`, decimals: 0 };
    }
    return { symbol: token.symbol ?? shorten(address), decimals: token.decimals };
  };
}
