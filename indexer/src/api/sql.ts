import { db } from "ponder:api";
import schema from "ponder:schema";
import { type Context, Hono } from "hono";
import { client, sql as fragment } from "ponder";
import { z } from "zod";
import { Limit } from "../../../sdk/src/node/Limit.ts";
import { settings } from "../settings.ts";
import { IS_BUSY } from "./line.ts";
import { BUDGETS, LIVE_BUDGETS, type SqlBudget, tooDear } from "./sqlCost.ts";

/** Characters of a statement, and parameters, at most. */
const MAX_LENGTH = 4_900;
const MAX_PARAMETERS = 100;
/** Live queries at once: each may be carried out again with every block. */
const MAX_LIVE = 100;

/** A statement as `@ponder/client` sends it: superjson's wrapping, whose notes must not put another in its place. */
const Sent = z.object({
  json: z.looseObject({ sql: z.string().min(1).max(MAX_LENGTH), params: z.array(z.unknown()).max(MAX_PARAMETERS) }),
  meta: z
    .looseObject({
      values: z.record(z.string().regex(/^(params|typings)(\.|$)/), z.unknown()).optional(),
      referentialEqualities: z.never().optional(),
    })
    .optional(),
});

/** The part of Drizzle's session that carries out text with parameters, as Ponder's own endpoint does. */
interface Session {
  prepareQuery(
    query: { sql: string; params: unknown[] },
    fields: undefined,
    name: undefined,
    isResponseInArrayMode: false,
  ): { execute(): Promise<{ rows: unknown[] }> };
}

const OFF = "SQL over HTTP is off here: the operator has set OPG_SQL=off";
const MALFORMED = `A statement comes as superjson of { sql, params }, of at most ${MAX_LENGTH} characters and ${MAX_PARAMETERS} parameters.`;
const FULL = `There are ${MAX_LIVE} live queries already; ask again later, or by /sql/db.`;

/** Ponder takes milliseconds of the indexer's own thread to read a statement that is new to it. */
const line = new Limit(2, 20);

/**
 * SQL over HTTP for `@ponder/client`: `/sql/db` answers once, `/sql/live` whenever the answer changes. Ponder lets through
 * only SELECTs of the tables with functions that it lists; here those are refused that would keep the database busy, by
 * the plan that it has for them, before they begin. A few are looked at at once.
 */
export function sqlOverHttp(): Hono {
  const app = new Hono();
  if (!settings.sql) return app.all("/sql/*", (context) => context.text(OFF, 403));
  const ponder = new Hono().use("/sql/*", client({ db, schema }));
  // PGlite begins without sequential scans, at an absurd price, and then every plan with one looks too dear. A statement
  // of Drizzle's is not carried out before somebody waits for it.
  const isTuned: Promise<unknown> =
    settings.database.kind === "pglite"
      ? db.execute(fragment`set enable_seqscan = on`).catch(() => undefined)
      : Promise.resolve();

  const carryOut = (path: "db" | "live", statement: string, { signal }: Request) =>
    ponder.request(`/sql/${path}?sql=${encodeURIComponent(statement)}`, { signal });

  /** What is wrong with a statement: what Ponder or the database say, or its price. */
  const wrong = async (
    { sql, params }: z.output<typeof Sent>["json"],
    budget: SqlBudget,
    { req }: Context,
  ): Promise<string | null> => {
    // Ponder looks at it as a part of one that reads nothing, so that it is planned only if it is allowed.
    const looked = { sql: `select 1 from (${sql}\n) as statement where false`, params };
    const answer = await carryOut("db", JSON.stringify({ json: looked }), req.raw);
    if (!answer.ok) return await answer.text();
    try {
      await isTuned;
      const { session } = (db as unknown as { _: { session: Session } })._;
      const explain = { sql: `explain (format json) ${sql}`, params };
      const { rows } = await session.prepareQuery(explain, undefined, undefined, false).execute();
      return tooDear(rows[0], budget);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  let live = 0;
  app.get("/sql/:path{db|live}", async (context) => {
    const statement = context.req.query("sql") ?? "";
    const sent = Sent.safeParse(parsed(statement));
    if (!sent.success) return context.text(MALFORMED, 400);
    if (line.isFull) return context.text(IS_BUSY, 503);
    return line.run(async () => {
      const { signal } = context.req.raw;
      // Who has left while it waited is not answered.
      if (signal.aborted) return context.body(null, 503);
      const isLive = context.req.param("path") === "live";
      const budget = (isLive ? LIVE_BUDGETS : BUDGETS)[settings.database.kind];
      const problem = await wrong(sent.data.json, budget, context);
      if (problem !== null) return context.text(problem, 400);
      const once = await carryOut("db", statement, context.req.raw);
      // Ponder has 1,000 places for live queries and never frees that of one which fails as it begins.
      if (!once.ok || !isLive) return once;
      if (live >= MAX_LIVE) return context.text(FULL, 503);
      live++;
      return endedWith(signal, await carryOut("live", statement, context.req.raw), () => live--);
    });
  });
  return app.all("/sql/*", (context) => context.text("SQL is asked by GET of /sql/db or /sql/live", 404));
}

/**
 * An answer that ends when its client leaves: one who has left before it began goes unnoticed, and keeps a place.
 *
 * @param ended Called once, when it has ended.
 */
function endedWith(signal: AbortSignal, answer: Response, ended: () => void): Response {
  const reader = answer.body?.getReader();
  if (reader === undefined) {
    ended();
    return answer;
  }
  reader.closed.then(ended, ended);
  const end = (): void => void reader.cancel().catch(() => undefined);
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: end,
  });
  return new Response(body, answer);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
