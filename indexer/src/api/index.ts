import { db, publicClients } from "ponder:api";
import schema, { period, protocol } from "ponder:schema";
import { type Context, Hono } from "hono";
import { client, desc, eq, graphql, replaceBigInts } from "ponder";
import { formatUnits } from "viem";
import { deflation, parseDeflationQuery } from "../mapping/deflation.ts";
import { type FinalityHeads, finalityOf, parseBlocks } from "../mapping/finality.ts";
import { settings } from "../settings.ts";
import { dashboard } from "./dashboard.ts";

/** Decimals of $OPG. */
const DECIMALS = 18;

const app = new Hono();

app.use("/graphql", graphql({ db, schema }));
app.use("/sql/*", client({ db, schema }));

/** Answers from the protocol's row, which is there from the indexer's first moment on. */
async function fromProtocol(context: Context, answer: (row: typeof protocol.$inferSelect) => Response) {
  const [row] = await db.select().from(protocol).limit(1);
  return row ? answer(row) : context.json({ error: "the indexer is starting; try again" }, 503);
}

/** The supply in base units, as decimal strings. */
app.get("/supply", (context) =>
  fromProtocol(context, ({ initialSupply, minted, supply, destroyed, burned }) =>
    context.json(replaceBigInts({ initialSupply, minted, supply, destroyed, burned }, String)),
  ),
);

/** Whole OPG as plain decimal text, which is what listings of tokens read. */
app.get("/supply/total", (context) =>
  fromProtocol(context, ({ supply }) => context.text(formatUnits(supply, DECIMALS))),
);
app.get("/supply/burned", (context) =>
  fromProtocol(context, ({ burned }) => context.text(formatUnits(burned, DECIMALS))),
);

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

/** The chain's word on what is safe and final; null for a tag that its node does not know. */
async function readHeads(): Promise<FinalityHeads | "instant"> {
  if (settings.finality === "instant") return "instant";
  const at = (blockTag: "safe" | "finalized") =>
    publicClients.chain.getBlock({ blockTag }).then(
      ({ number }) => number,
      () => null,
    );
  const [safe, finalised] = await Promise.all([at("safe"), at("finalized")]);
  return { safe, finalised };
}

/** How certain blocks are, by the numbers that rows carry: nothing is written again as a chain goes on. */
app.get("/finality", async (context) => {
  const query = parseBlocks(context.req.query("blocks"));
  if ("error" in query) return context.json(query, 400);
  const heads = await readHeads();
  const instant = heads === "instant";
  const { safe, finalised } = instant ? { safe: null, finalised: null } : heads;
  const blocks = Object.fromEntries(query.blocks.map((block) => [String(block), finalityOf(block, heads)]));
  return context.json({ ...replaceBigInts({ safe, finalised }, String), instant, blocks });
});

// The last, for it answers every path that is left.
app.route("/", dashboard(settings.dashboard));

export default app;
