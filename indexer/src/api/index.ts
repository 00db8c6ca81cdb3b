import { db } from "ponder:api";
import schema, { period, protocol } from "ponder:schema";
import { Hono } from "hono";
import { client, desc, eq, graphql } from "ponder";
import { formatUnits } from "viem";
import { deflation, parseDeflationQuery } from "../mapping/deflation.ts";

/** Decimals of $OPG. */
const DECIMALS = 18;

const app = new Hono();

app.use("/", graphql({ db, schema }));
app.use("/graphql", graphql({ db, schema }));
app.use("/sql/*", client({ db, schema }));

async function protocolRow() {
  const [row] = await db.select().from(protocol).limit(1);
  if (row === undefined) throw new Error("The indexer has not begun: there is no row of the protocol yet.");
  return row;
}

/** Whole OPG as plain decimal text, which is what listings of tokens read. */
app.get("/supply/total", async (context) => context.text(formatUnits((await protocolRow()).supply, DECIMALS)));
app.get("/supply/burned", async (context) => context.text(formatUnits((await protocolRow()).burned, DECIMALS)));

/** The latest hours or days, the oldest first; one in which nothing happened is left out. */
app.get("/metrics/deflation", async (context) => {
  const query = parseDeflationQuery(context.req.query());
  if ("error" in query) return context.json(query, 400);
  const rows = await db
    .select()
    .from(period)
    .where(eq(period.interval, query.interval))
    .orderBy(desc(period.start))
    .limit(query.limit);
  return context.json(rows.reverse().map(deflation));
});

export default app;
