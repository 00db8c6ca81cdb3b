import { setTimeout as sleep } from "node:timers/promises";
import { db } from "ponder:api";
import { alert } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq } from "ponder";
import { lookTwice } from "../mapping/alert.ts";
import { ALERTS, SEVERITIES } from "../mapping/enums.ts";
import { settings } from "../settings.ts";
import { IS_BUSY, line } from "./line.ts";
import { BAD_QUESTION, Hash, json, limitOf, oneOf, orNull, routes, Seconds, STARTING } from "./openapi.ts";

/** Milliseconds between two looks: many times as long as a block takes to be indexed. */
const SECOND_LOOK = 2_500;

const query = z.object({
  kind: oneOf("kind", ALERTS).optional(),
  severity: oneOf("severity", SEVERITIES).optional(),
  nodeId: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, { error: ({ input }) => `nodeId is 0x and 64 digits of hex, not ${input}` })
    .toLowerCase()
    .optional()
    .openapi({ description: "Alerts that concern this node only." }),
  limit: limitOf(50, 1_000).openapi({ description: "How many alerts, the most urgent ones." }),
});

const Alert = z
  .object({
    id: z.string().openapi({ description: "The same at every asking." }),
    kind: z.enum(ALERTS),
    severity: z.enum(SEVERITIES),
    nodeId: orNull(Hash),
    subject: z.string().openapi({
      description: "By its kind: a request, a batch, a key, a verifier, a measurement, a node or a token, in hex.",
    }),
    timestamp: Seconds.openapi({ description: "When it happened; of what is so now, the time of asking." }),
    transactionHash: orNull(Hash),
  })
  .openapi("Alert");

/** The most urgent alerts that a question is about. */
async function readAlerts({ kind, severity, nodeId, limit }: z.output<typeof query>) {
  const where = and(
    kind && eq(alert.kind, kind),
    severity && eq(alert.severity, severity),
    nodeId ? eq(alert.nodeId, nodeId as `0x${string}`) : undefined,
  );
  const rows = await db.select().from(alert).where(where).orderBy(desc(alert.urgency), alert.id).limit(limit);
  return rows.map(({ urgency: _, timestamp, ...row }) => ({ ...row, timestamp: Number(timestamp) }));
}

export const alerts = routes();

alerts.openapi(
  createRoute({
    method: "get",
    path: "/alerts",
    operationId: "getAlerts",
    tags: ["Alerts"],
    summary: "What needs a look, the most urgent first",
    request: { query },
    responses: { 200: json(z.array(Alert), "The alerts."), 400: BAD_QUESTION, 503: STARTING },
  }),
  async (context) => {
    if (line.isFull) return context.json({ error: IS_BUSY }, 503);
    const look = () => line.run(() => readAlerts(context.req.valid("query")));
    // PostgreSQL shows a block whole or not at all.
    const found =
      settings.database.kind === "postgres" ? await look() : await lookTwice(look, () => sleep(SECOND_LOOK));
    return context.json(z.array(Alert).parse(found), 200);
  },
);
