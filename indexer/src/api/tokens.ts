import { setTimeout as sleep } from "node:timers/promises";
import { db, publicClients } from "ponder:api";
import { token } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { asc, desc } from "ponder";
import type { Hex } from "viem";
import { Limit } from "../../../sdk/src/node/Limit.ts";
import { type EthCall, type TokenWords, tokenWords } from "../rpc/tokenWords.ts";
import { Address, json, orNull, routes } from "./openapi.ts";

const Token = z
  .object({
    address: Address,
    symbol: orNull(z.string().openapi({ example: "USDC" })).openapi({
      description: "In the token's own words, which nobody vouches for; null if it says nothing that prints.",
    }),
    listed: z
      .boolean()
      .openapi({ description: "Whether governance lists it now: anybody can bring others into this list." }),
    decimals: orNull(z.int().min(0).max(255)).openapi({ description: "Null if the token does not say." }),
  })
  .openapi("Token");

/** Most tokens in one answer, those that governance lists first: anybody can bring another into the table. */
const MAX_TOKENS = 200;
/** How long an answer waits for a token, and until one that said nothing is asked again, in milliseconds. */
const PATIENCE = 2_000;
const AGAIN = 60_000;

/** What tokens have said, or are being asked: they say it once. */
const known = new Map<Hex, Promise<TokenWords>>();
/** A token whose calls fail must not fill the queue by which the indexer follows the chain. */
const line = new Limit(2);

const call: EthCall = (call) => publicClients.chain.request({ method: "eth_call", params: [call, "latest"] });

function ask(address: Hex): Promise<TokenWords> {
  const said = known.get(address);
  if (said !== undefined) return said;
  const asked = line.run(() => tokenWords(address, call));
  known.set(address, asked);
  // A token that said nothing may have been asked while the chain's node was away.
  void asked.then(({ decimals }) => {
    if (decimals === null) setTimeout(() => known.delete(address), AGAIN).unref();
  });
  return asked;
}

export const tokens = routes();

tokens.openapi(
  createRoute({
    method: "get",
    path: "/tokens",
    operationId: "getTokens",
    tags: ["Fees"],
    summary: "Symbols and decimals of the fee tokens, as the tokens themselves say",
    responses: {
      200: json(
        z.array(Token),
        `The tokens that are or were listed, or have paid fees: at most ${MAX_TOKENS}, those that are listed first.`,
      ),
    },
  }),
  async (context) => {
    const rows = await db
      .select({ address: token.address, listed: token.listed })
      .from(token)
      .orderBy(desc(token.listed), asc(token.address))
      .limit(MAX_TOKENS);
    const answers = rows.map(async (row) => ({
      ...row,
      ...(await Promise.race([ask(row.address), sleep(PATIENCE, { symbol: null, decimals: null })])),
    }));
    return context.json(await Promise.all(answers), 200);
  },
);
