import { db } from "ponder:api";
import { period, periodToken } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { and, asc, desc, eq, gte, lt } from "ponder";
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
    description:
      "Of the supply before: the share that the protocol burns in 365 days like these. By its burn alone: what is minted, " +
      "or destroyed otherwise, is no part of it.",
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
      description:
        "A full hour, so the window may be up to an hour longer. Of a protocol that is younger than the window, the hour " +
        "in which it began, or the one before if that is still going on.",
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
        "before the window)^(days ÷ days of the window), which is continuous decay at the window's rate. By the " +
        "protocol's burn alone, without minting or any other destruction.",
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

/** The protocol's first hour; nothing before it has a row. */
async function readBegan(): Promise<bigint | undefined> {
  const hours = db.select({ start: period.start }).from(period).where(eq(period.interval, "HOUR"));
  const [first] = await hours.orderBy(asc(period.start)).limit(1);
  return first?.start;
}

export const deflation = routes();

deflation.openapi(
  createRoute({
    method: "get",
    path: "/metrics/deflation",
    operationId: "getDeflation",
    tags: ["Deflation"],
    summary: "Burn, supply and annualised deflation per hour, day or week, the oldest first",
    description:
      "A period that is not over, and the one in which the protocol began, is annualised by the part that there is of " +
      "it, of an hour at least.",
    request: { query: seriesQuery },
    responses: { 200: json(z.array(Point), SERIES), 400: BAD_QUESTION, 503: STARTING },
  }),
  async (context) => {
    const query = context.req.valid("query");
    // One more tells the supply before; where there is none, the protocol began with the first.
    const [protocol, at, began = 0n, rows] = await Promise.all([
      readProtocol(),
      readTime(),
      readBegan(),
      readSeries({ ...query, limit: query.limit + 1 }),
    ]);
    if (!protocol || at === null) return context.json(IS_STARTING, 503);
    const interval = INTERVAL_OF[query.bucket];
    const points = rows.map((row, index) =>
      pointOf(row, interval, rows[index - 1]?.supply ?? protocol.initialSupply, at, began),
    );
    return context.json(points.slice(-query.limit), 200);
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
    const { supply, burned, initialSupply } = protocol;
    const since = startOf("HOUR", at) - WINDOWS.month;
    const hoursOf = (bound: ReturnType<typeof gte>) =>
      db
        .select(COLUMNS)
        .from(period)
        .where(and(eq(period.interval, "HOUR"), bound))
        .orderBy(desc(period.start));
    const [began = at, hoursSince, hourBefore, [total], tokens] = await Promise.all([
      readBegan(),
      hoursOf(gte(period.start, since)),
      hoursOf(lt(period.start, since)).limit(1),
      db.select(COLUMNS).from(period).where(eq(period.interval, "TOTAL")).limit(1),
      db.select().from(periodToken).where(eq(periodToken.interval, "TOTAL")).orderBy(asc(periodToken.token)),
    ]);
    const hours = [...hoursSince, ...hourBefore].reverse();
    const over = (window: bigint) => rolling(hours, initialSupply, at, window, began);
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
        projection: project(hours, initialSupply, supply, at, began),
      },
      200,
    );
  },
);
