import { useTokens } from "../data/tokens.ts";
import { Amount } from "./Amount.tsx";

/** An amount of a fee token. */
export function Fee({ value, token }: { readonly value: string | bigint | null | undefined; readonly token: string }) {
  const { symbol, decimals } = useTokens()(token);
  return <Amount value={value} decimals={decimals} unit={symbol} />;
}
