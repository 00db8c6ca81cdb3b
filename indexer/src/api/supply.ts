import { createRoute, z } from "@hono/zod-openapi";
import { formatUnits } from "viem";
import { readProtocol } from "./now.ts";
import { Amount, IS_STARTING, json, routes, STARTING } from "./openapi.ts";

/** Decimals of OPG. */
const DECIMALS = 18;

const Supply = z
  .object({
    initialSupply: Amount.openapi({ description: "What existed before the protocol burned anything." }),
    minted: Amount.openapi({ description: "What was minted since." }),
    supply: Amount.openapi({ description: "What exists now and can be spent: initialSupply + minted − destroyed." }),
    destroyed: Amount.openapi({ description: "What left the supply, by anyone." }),
    burned: Amount.openapi({ description: "What the protocol burned." }),
  })
  .openapi("Supply");

const wholeOpg = (description: string) => ({
  description,
  content: { "text/plain": { schema: z.string().openapi({ example: "999000000.25" }) } },
});

export const supply = routes();

supply.openapi(
  createRoute({
    method: "get",
    path: "/supply",
    operationId: "getSupply",
    tags: ["Supply"],
    summary: "The supply of OPG and what left it, in base units",
    responses: { 200: json(Supply, "The supply now."), 503: STARTING },
  }),
  async (context) => {
    const row = await readProtocol();
    if (!row) return context.json(IS_STARTING, 503);
    return context.json(
      {
        initialSupply: String(row.initialSupply),
        minted: String(row.minted),
        supply: String(row.supply),
        destroyed: String(row.destroyed),
        burned: String(row.burned),
      },
      200,
    );
  },
);

// Plain numbers of whole OPG, which is what listings of tokens read.
for (const { path, operationId, column, what } of [
  { path: "/supply/total", operationId: "getTotalSupply", column: "supply", what: "OPG that exists and can be spent" },
  { path: "/supply/burned", operationId: "getBurned", column: "burned", what: "OPG that the protocol burned" },
] as const) {
  supply.openapi(
    createRoute({
      method: "get",
      path,
      operationId,
      tags: ["Supply"],
      summary: `${what}, as a plain number of whole OPG`,
      responses: { 200: wholeOpg(`${what}.`), 503: STARTING },
    }),
    async (context) => {
      const row = await readProtocol();
      return row ? context.text(formatUnits(row[column], DECIMALS), 200) : context.json(IS_STARTING, 503);
    },
  );
}
