import { db } from "ponder:api";
import { period } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq, gte, lt } from "ponder";
import { BUCKETS, filled, deflation as pointOf, project, rolling, startOf, WINDOWS } from "../mapping/deflation.ts";
import { SECONDS } from "../mapping/period.ts";
import { readTime } from "./now.ts";
import { Amount, BAD_QUESTION, json, limitOf, oneOf, routes, Seconds, Share, STARTING } from "./openapi.ts";
import { IS_STARTING, readProtocol } from "./supply.ts";

/** The table's name of each bucket. */
const INTERVALS = { hour: "HOUR", day: "DAY" } as const;

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
    since: Seconds.openapi({ description: "A full hour, so the window may be up to an hour longer." }),
    ...burn,
    ...rates,
  })
  .openapi("RollingBurn");

const Summary = z
  .object({
    at: Seconds.openapi({ description: "Time of the latest block that is read: the end of every window." }),
    supply: Amount,
    ...burn,
    rolling: z.object({ day: Rolling, week: Rolling, month: Rolling.openapi({ description: "30 days." }) }),
    projection: z.array(z.object({ days: z.int(), supply: Amount, supplyNet: Amount })).openapi({
      description:
        "The supply so many days ahead if it goes on to burn as in the last 30 days: supply · (1 − burned ÷ supply " +
        "before the window)^(days ÷ days of the window), which is continuous decay at the window's rate.",
    }),
  })
  .openapi("DeflationSummary");

/** Columns that the series follows from. */
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
    summary: "Burn, supply and annualised deflation per hour or day, the oldest first",
    request: {
      query: z.object({
        bucket: oneOf("bucket", BUCKETS).default("day"),
        limit: limitOf(100, 1_000).openapi({ description: "How many periods, the latest ones." }),
        fill: oneOf("fill", ["none", "zero"])
          .default("none")
          .openapi({
            description:
              "`none` leaves out periods in which nothing happened. `zero` gives every period up to now, with no burn and " +
              "the supply carried on; then `limit` counts these too.",
          }),
      }),
    },
    responses: { 200: json(z.array(Point), "The periods, UTC."), 400: BAD_QUESTION },
  }),
  async (context) => {
    const { bucket, limit, fill } = context.req.valid("query");
    const interval = INTERVALS[bucket];
    const ofInterval = eq(period.interval, interval);
    const newestFirst = () => db.select(COLUMNS).from(period);
    const now = fill === "zero" ? await readTime() : null;
    if (now === null) {
      const rows = await newestFirst().where(ofInterval).orderBy(desc(period.start)).limit(limit);
      return context.json(
        rows.reverse().map((row) => pointOf(row, interval)),
        200,
      );
    }
    const first = startOf(interval, now) - BigInt(limit - 1) * SECONDS[interval];
    const [rows, before] = await Promise.all([
      newestFirst()
        .where(and(ofInterval, gte(period.start, first)))
        .orderBy(desc(period.start)),
      newestFirst()
        .where(and(ofInterval, lt(period.start, first)))
        .orderBy(desc(period.start))
        .limit(1),
    ]);
    const series = filled([...rows, ...before].reverse(), interval, first, now);
    return context.json(
      series.map((row) => pointOf(row, interval)),
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
    const [hours, [total]] = await Promise.all([
      db
        .select(COLUMNS)
        .from(period)
        .where(and(eq(period.interval, "HOUR"), gte(period.start, since))),
      db.select(COLUMNS).from(period).where(eq(period.interval, "TOTAL")).limit(1),
    ]);
    const over = (window: bigint) => rolling(hours, supply, at, window);
    return context.json(
      {
        at: Number(at),
        supply: String(supply),
        burned: String(burned),
        burnedNet: String(total?.burnedNet ?? 0n),
        rolling: { day: over(WINDOWS.day), week: over(WINDOWS.week), month: over(WINDOWS.month) },
        projection: project(hours, supply, at),
      },
      200,
    );
  },
);
