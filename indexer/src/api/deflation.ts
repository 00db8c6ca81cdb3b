import { db } from "ponder:api";
import { period, periodToken } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { and, asc, eq, gte } from "ponder";
import { deflation as pointOf, project, ratio, rolling, WINDOWS } from "../mapping/deflation.ts";
import { INTERVAL_OF, startOf } from "../mapping/period.ts";
import { readProtocol, readTime } from "./now.ts";
import {
  Address,
  Amount,
  BAD_QUESTION,
  IS_STARTING,
  json,
  orNull,
  routes,
  Seconds,
  Share,
  STARTING,
} from "./openapi.ts";
import { readSeries, SERIES, seriesQuery } from "./series.ts";

const burn = {
  burned: Amount.openapi({ description: "OPG that the protocol burned." }),
  burnedNet: Amount.openapi({ description: "The same without self-dealing." }),
};
const rates = {
  annualised: Share.openapi({
    description: "Of the supply before it burned: the share that burns in 365 days like these.",
  }),
  annualisedNet: Share.openapi({ description: "The same without self-dealing." }),
};

const Point = z
  .object({
    start: Seconds.openapi({ description: "The period's first second." }),
    ...burn,
    supply: Amount.openapi({ description: "At the period's end." }),
    ...rates,
  })
  .openapi("DeflationPoint");

const Rolling = z
  .object({
    since: Seconds.openapi({
      description: "A full hour, so the window may be up to an hour longer; not before the protocol began.",
    }),
    ...burn,
    ...rates,
  })
  .openapi("RollingBurn");

const PerFee = z
  .object({
    token: Address.openapi({ description: "What fees are paid in." }),
    fees: Amount,
    feesNet: Amount,
    ...burn,
    opgPerUnit: orNull(z.number().min(0)).openapi({
      description: "burned ÷ fees: base units of OPG for each base unit of the token; null where there were no fees.",
    }),
    opgPerUnitNet: orNull(z.number().min(0)).openapi({ description: "The same without self-dealing." }),
  })
  .openapi("BurnPerFee");

const Summary = z
  .object({
    at: Seconds.openapi({ description: "Time of the latest block that is read: the end of every window." }),
    supply: Amount,
    ...burn,
    rolling: z.object({ day: Rolling, week: Rolling, month: Rolling.openapi({ description: "30 days." }) }),
    perFee: z.array(PerFee),
    projection: z.array(z.object({ days: z.int(), supply: Amount, supplyNet: Amount })).openapi({
      description:
        "The supply so many days ahead if it goes on to burn as in the last 30 days: supply · (1 − burned ÷ supply " +
        "before the window)^(days ÷ days of the window), which is continuous decay at the window's rate.",
    }),
  })
  .openapi("DeflationSummary");

/** Columns that rates follow from. */
const COLUMNS = {
  start: period.start,
  burned: period.burned,
  burnedNet: period.burnedNet,
  supply: period.supply,
};

export const deflation = routes();

deflation.openapi(
  createRoute({
    method: "get",
    path: "/metrics/deflation",
    operationId: "getDeflation",
    tags: ["Deflation"],
    summary: "Burn, supply and annualised deflation per hour, day or week, the oldest first",
    request: { query: seriesQuery },
    responses: { 200: json(z.array(Point), SERIES), 400: BAD_QUESTION, 503: STARTING },
  }),
  async (context) => {
    const query = context.req.valid("query");
    const rows = await readSeries(query);
    return context.json(
      rows.map((row) => pointOf(row, INTERVAL_OF[query.bucket])),
      200,
    );
  },
);

deflation.openapi(
  createRoute({
    method: "get",
    path: "/metrics/deflation/summary",
    operationId: "getDeflationSummary",
    tags: ["Deflation"],
    summary: "What burned in the last day, week and month, as yearly rates, and where the supply goes at that rate",
    responses: { 200: json(Summary, "Rolling rates and projection, gross and net."), 503: STARTING },
  }),
  async (context) => {
    const [protocol, at] = await Promise.all([readProtocol(), readTime()]);
    if (!protocol || at === null) return context.json(IS_STARTING, 503);
    const { supply, burned } = protocol;
    const since = startOf("HOUR", at) - WINDOWS.month;
    const [[first], hours, [total], tokens] = await Promise.all([
      db
        .select({ start: period.start })
        .from(period)
        .where(eq(period.interval, "HOUR"))
        .orderBy(asc(period.start))
        .limit(1),
      db
        .select(COLUMNS)
        .from(period)
        .where(and(eq(period.interval, "HOUR"), gte(period.start, since))),
      db.select(COLUMNS).from(period).where(eq(period.interval, "TOTAL")).limit(1),
      db.select().from(periodToken).where(eq(periodToken.interval, "TOTAL")).orderBy(asc(periodToken.token)),
    ]);
    const began = first?.start ?? at;
    const over = (window: bigint) => rolling(hours, supply, at, window, began);
    return context.json(
      {
        at: Number(at),
        supply: String(supply),
        burned: String(burned),
        burnedNet: String(total?.burnedNet ?? 0n),
        rolling: { day: over(WINDOWS.day), week: over(WINDOWS.week), month: over(WINDOWS.month) },
        perFee: tokens.map(({ token, fees, feesNet, burned, burnedNet }) => ({
          token,
          fees: String(fees),
          feesNet: String(feesNet),
          burned: String(burned),
          burnedNet: String(burnedNet),
          opgPerUnit: fees === 0n ? null : ratio(burned, fees),
          opgPerUnitNet: feesNet === 0n ? null : ratio(burnedNet, feesNet),
        })),
        projection: project(hours, supply, at, began),
      },
      200,
    );
  },
);
