import { db } from "ponder:api";
import { period } from "ponder:schema";
import { z } from "@hono/zod-openapi";
import { and, desc, eq, gte, lt } from "ponder";
import { BUCKETS, filled, INTERVAL_OF, SECONDS, startOf } from "../mapping/period.ts";
import { readTime } from "./now.ts";
import { limitOf, oneOf } from "./openapi.ts";

/** Which part of a series is asked for. */
export const seriesQuery = z.object({
  bucket: oneOf("bucket", BUCKETS).default("day"),
  limit: limitOf(100, 1_000).openapi({ description: "How many periods, the latest ones." }),
  fill: oneOf("fill", ["none", "zero"])
    .default("none")
    .openapi({
      description:
        "`none` leaves out periods in which nothing happened. `zero` gives every period up to now, with what stood before " +
        "carried on; then `limit` counts these too.",
    }),
});

/** What a series is. */
export const SERIES = "The periods, the oldest first. Hours and days are UTC, weeks begin on Monday.";

/** What a series is made of. */
const COLUMNS = {
  start: period.start,
  burned: period.burned,
  burnedNet: period.burnedNet,
  supply: period.supply,
  atRisk: period.atRisk,
  atRiskPeak: period.atRiskPeak,
  staked: period.staked,
  bonded: period.bonded,
};
type Period = Pick<typeof period.$inferSelect, keyof typeof COLUMNS>;

/** A period in which nothing happened: nothing burned, and what stood before still stands. */
const quiet = (before: Period): Period => ({ ...before, burned: 0n, burnedNet: 0n, atRiskPeak: before.atRisk });

/** The latest periods, the oldest first. */
export async function readSeries({ bucket, limit, fill }: z.output<typeof seriesQuery>): Promise<Period[]> {
  const interval = INTERVAL_OF[bucket];
  const newestFirst = (bound?: ReturnType<typeof gte>) =>
    db
      .select(COLUMNS)
      .from(period)
      .where(and(eq(period.interval, interval), bound))
      .orderBy(desc(period.start));
  const now = fill === "zero" ? await readTime() : null;
  if (now === null) return (await newestFirst().limit(limit)).reverse();
  const first = startOf(interval, now) - BigInt(limit - 1) * SECONDS[interval];
  const [rows, before] = await Promise.all([
    newestFirst(gte(period.start, first)),
    newestFirst(lt(period.start, first)).limit(1),
  ]);
  return filled([...rows, ...before].reverse(), interval, first, now, quiet);
}
