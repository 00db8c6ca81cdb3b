import { createRoute, z } from "@hono/zod-openapi";
import { Amount, BAD_QUESTION, json, routes, Seconds, STARTING } from "./openapi.ts";
import { readSeries, SERIES, seriesQuery } from "./series.ts";

const Point = z
  .object({
    start: Seconds.openapi({ description: "The period's first second." }),
    atRisk: Amount.openapi({
      description: "Coverage of the answers that were out and not proven, at the period's end.",
    }),
    atRiskPeak: Amount.openapi({
      description: "The most that it was when the period began, or at the end of a block of it.",
    }),
    staked: Amount.openapi({ description: "All OPG in the nodes' accounts, at the period's end." }),
    bonded: Amount.openapi({ description: "The bonded part of it." }),
  })
  .openapi("CollateralPoint");

export const collateral = routes();

collateral.openapi(
  createRoute({
    method: "get",
    path: "/metrics/collateral",
    operationId: "getCollateral",
    tags: ["Collateral"],
    summary: "Collateral at risk, and the nodes' stake, per hour, day or week",
    request: { query: seriesQuery },
    responses: { 200: json(z.array(Point), SERIES), 400: BAD_QUESTION, 503: STARTING },
  }),
  async (context) => {
    const rows = await readSeries(context.req.valid("query"));
    return context.json(
      rows.map(({ start, atRisk, atRiskPeak, staked, bonded }) => ({
        start: Number(start),
        atRisk: String(atRisk),
        atRiskPeak: String(atRiskPeak),
        staked: String(staked),
        bonded: String(bonded),
      })),
      200,
    );
  },
);
