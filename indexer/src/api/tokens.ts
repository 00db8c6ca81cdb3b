import { db, publicClients } from "ponder:api";
import { token } from "ponder:schema";
import { Hono } from "hono";
import { erc20Abi, type Hex } from "viem";

/** Longest symbol that is passed on: anybody can deploy a token with any text. */
const MAX_SYMBOL = 12;

/** A fee token in its own words; null where it does not say. */
interface TokenWords {
  readonly address: Hex;
  readonly symbol: string | null;
  readonly decimals: number | null;
}

/** What tokens have said: they say it once. */
const known = new Map<Hex, TokenWords>();

async function ask(address: Hex): Promise<TokenWords> {
  const said = known.get(address);
  if (said !== undefined) return said;
  const contract = { address, abi: erc20Abi } as const;
  const [symbol, decimals] = await Promise.all([
    publicClients.chain.readContract({ ...contract, functionName: "symbol" }).then(readable, () => null),
    publicClients.chain.readContract({ ...contract, functionName: "decimals" }).catch(() => null),
  ]);
  const words = { address, symbol, decimals };
  // A token that said nothing may have been asked while the chain's node was away.
  if (decimals !== null) known.set(address, words);
  return words;
}

/** A symbol without what does not print, and no longer than one is; null if nothing is left. */
function readable(symbol: string): string | null {
  const text = symbol.replace(/[^\p{L}\p{N}\p{Sc}.\-+₮]/gu, "").slice(0, MAX_SYMBOL);
  return text === "" ? null : text;
}

/** Symbols and decimals of the tokens that have paid fees, from the tokens themselves. */
export const tokens = new Hono().get("/tokens", async (context) => {
  const rows = await db.select({ address: token.address }).from(token).limit(200);
  return context.json(await Promise.all(rows.map(({ address }) => ask(address))));
});
