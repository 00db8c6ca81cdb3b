import { db } from "ponder:api";
import { trustGap, trustGapStatistic } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { and, eq } from "ponder";
import { ROUTES } from "../mapping/enums.ts";
import { gapBars } from "../mapping/gap.ts";
import { BAD_QUESTION, Count, json, oneOf, orNull, routes, Seconds, STARTING } from "./openapi.ts";

/** The tables' name of each scope, and which subjects it has. */
const SCOPES = {
  overall: { scope: "OVERALL", subject: /^$/, is: "empty" },
  route: { scope: "ROUTE", subject: new RegExp(`^(${ROUTES.join("|")})$`), is: ROUTES.join(" or ") },
  model: { scope: "MODEL", subject: /^0x[0-9a-f]{64}$/, is: "a model's id" },
  node: { scope: "NODE", subject: /^0x[0-9a-f]{64}$/, is: "a node's id" },
} as const;

const query = z
  .object({
    scope: oneOf("scope", ["overall", "route", "model", "node"]).default("overall"),
    subject: z
      .string()
      .default("")
      .openapi({ description: "ZK or TEE, or the model's or node's id; empty for overall." }),
  })
  .superRefine(({ scope, subject }, { addIssue }) => {
    if (!SCOPES[scope].subject.test(subject))
      addIssue(`the subject of scope ${scope} is ${SCOPES[scope].is}, not ${subject}`);
  });

const Gap = z
  .object({
    statistic: orNull(
      z
        .object({
          count: Count,
          countNet: Count,
          p50: Seconds,
          p90: Seconds,
          p95: Seconds,
          p99: Seconds,
          max: Seconds,
          mean: z.number().min(0),
          p50Net: orNull(Seconds),
          p95Net: orNull(Seconds),
        })
        .openapi("GapStatistic"),
    ).openapi({ description: "Percentiles by nearest rank; null where nothing was settled one by one." }),
    histogram: z.array(
      z
        .object({
          from: Seconds,
          to: orNull(Seconds).openapi({ description: "The first second beyond the bar; null for the last." }),
          count: Count,
          countNet: Count,
        })
        .openapi("GapBar"),
    ),
  })
  .openapi("Gap");

export const gap = routes();

gap.openapi(
  createRoute({
    method: "get",
    path: "/metrics/gap",
    operationId: "getTrustGap",
    tags: ["Trust gap"],
    summary: "How long answers stood before they were proven: from delivery to settlement",
    request: { query },
    responses: {
      200: json(Gap, "Inferences that were settled one by one; those in batches have no gap."),
      400: BAD_QUESTION,
      503: STARTING,
    },
  }),
  async (context) => {
    const { scope, subject } = context.req.valid("query");
    const name = SCOPES[scope].scope;
    const [[found], rows] = await Promise.all([
      db
        .select()
        .from(trustGapStatistic)
        .where(and(eq(trustGapStatistic.scope, name), eq(trustGapStatistic.subject, subject))),
      db
        .select()
        .from(trustGap)
        .where(and(eq(trustGap.scope, name), eq(trustGap.subject, subject))),
    ]);
    const statistic = found
      ? {
          count: Number(found.count),
          countNet: Number(found.countNet),
          p50: Number(found.p50),
          p90: Number(found.p90),
          p95: Number(found.p95),
          p99: Number(found.p99),
          max: Number(found.max),
          mean: found.mean,
          p50Net: found.p50Net === null ? null : Number(found.p50Net),
          p95Net: found.p95Net === null ? null : Number(found.p95Net),
        }
      : null;
    return context.json({ statistic, histogram: gapBars(rows) }, 200);
  },
);
