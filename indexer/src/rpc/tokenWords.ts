import { type Address, erc20Abi as abi, decodeFunctionResult, encodeFunctionData, type Hex } from "viem";

/** Longest symbol that is passed on: anybody can deploy a token with any text. */
const MAX_SYMBOL = 12;

/** What a token says of itself; null where it says nothing that can be read. */
export interface TokenWords {
  readonly symbol: string | null;
  readonly decimals: number | null;
}

/** Asks a node by `eth_call`, at its latest block. */
export type EthCall = (call: { readonly to: Address; readonly data: Hex }) => Promise<Hex>;

/**
 * Asks a token for its symbol and decimals (ERC-20), by plain calls: viem's own reading would go to whatever address a token
 * names (EIP-3668).
 */
export async function tokenWords(token: Address, call: EthCall): Promise<TokenWords> {
  const ask = (functionName: "symbol" | "decimals") =>
    call({ to: token, data: encodeFunctionData({ abi, functionName }) });
  const [symbol, decimals] = await Promise.all([
    ask("symbol")
      .then((data) => readable(decodeFunctionResult({ abi, functionName: "symbol", data })))
      .catch(() => null),
    ask("decimals")
      .then((data) => decodeFunctionResult({ abi, functionName: "decimals", data }))
      .catch(() => null),
  ]);
  return { symbol, decimals };
}

/** A symbol without what does not print, and no longer than one is; null if nothing is left. */
function readable(symbol: string): string | null {
  const text = symbol.replace(/[^\p{L}\p{N}\p{Sc}.\-+₮]/gu, "").slice(0, MAX_SYMBOL);
  return text === "" ? null : text;
}
