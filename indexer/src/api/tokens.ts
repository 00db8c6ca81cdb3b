import { db, publicClients } from "ponder:api";
import { token } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { erc20Abi, type Hex } from "viem";
import { Address, json, orNull, routes } from "./openapi.ts";

/** Longest symbol that is passed on: anybody can deploy a token with any text. */
const MAX_SYMBOL = 12;

const Token = z
  .object({
    address: Address,
    symbol: orNull(z.string().openapi({ example: "USDC" })).openapi({
      description: "In the token's own words, which nobody vouches for; null if it says nothing that prints.",
    }),
    decimals: orNull(z.int().min(0).max(255)).openapi({ description: "Null if the token does not say." }),
  })
  .openapi("Token");
type TokenWords = z.infer<typeof Token>;

/** Most tokens in one answer: governance lists them, so there are few. */
const MAX_TOKENS = 200;

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

export const tokens = routes();

tokens.openapi(
  createRoute({
    method: "get",
    path: "/tokens",
    operationId: "getTokens",
    tags: ["Fees"],
    summary: "Symbols and decimals of the fee tokens, as the tokens themselves say",
    responses: { 200: json(z.array(Token), "The tokens that have been listed, or have paid fees.") },
  }),
  async (context) => {
    const rows = await db.select({ address: token.address }).from(token).limit(MAX_TOKENS);
    return context.json(await Promise.all(rows.map(({ address }) => ask(address))), 200);
  },
);
