import { nameOf, type Token, type TokenName } from "../format/token.ts";
import { useRead } from "./useAsk.ts";

const useTokenList = () => useRead<readonly Token[]>("/tokens");

/** Whether it is known how tokens are written, or that it cannot be known: drawn before, amounts would change places. */
export function useTokensAsked(): boolean {
  return !useTokenList().isPending;
}

/** The tokens that governance lists; undefined while it is not known. */
export function useListed(): readonly string[] | undefined {
  return useTokenList()
    .data?.filter(({ listed }) => listed)
    .map(({ address }) => address);
}

/** How tokens are written: see {@link nameOf}. */
export function useTokens(): (address: string) => TokenName {
  const { data } = useTokenList();
  return (address) => nameOf(address, data);
}
