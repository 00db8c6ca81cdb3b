import { db } from "ponder:api";
import schema from "ponder:schema";
import { Hono } from "hono";
import { graphql } from "ponder";
import { settings } from "../settings.ts";
import { alerts } from "./alerts.ts";
import { collateral } from "./collateral.ts";
import { dashboard } from "./dashboard.ts";
import { deflation } from "./deflation.ts";
import { evidence } from "./evidence.ts";
import { finality } from "./finality.ts";
import { gap } from "./gap.ts";
import { MAX_TOKENS } from "./graphqlCost.ts";
import { graphqlGuard } from "./graphqlGuard.ts";
import { inferences } from "./inferences.ts";
import { nodes } from "./nodes.ts";
import { isReady } from "./now.ts";
import { DESCRIPTION, IS_STARTING, routes, undescribed } from "./openapi.ts";
import { sqlOverHttp } from "./sql.ts";
import { supply } from "./supply.ts";
import { tokens } from "./tokens.ts";

const rest = routes();
// Data changes with every block, so no cache keeps an answer unasked.
rest.use(async (context, next) => {
  await next();
  if (!context.res.headers.has("Cache-Control")) context.header("Cache-Control", "no-cache");
});
for (const part of [supply, deflation, collateral, gap, inferences, evidence, nodes, alerts]) {
  // What history has is not all read: an answer would lack it, or say that there is no such thing.
  for (const path of new Set(part.routes.map(({ path }) => path))) {
    rest.use(path, async (context, next) => ((await isReady()) ? next() : context.json(IS_STARTING, 503)));
  }
  rest.route("/", part);
}
// These two are the chain's word.
for (const part of [finality, tokens]) rest.route("/", part);
const description = rest.getOpenAPI31Document(DESCRIPTION);
rest.get("/openapi.json", (context) => context.json(description));

// Ponder takes a Hono and none of its subclasses.
const app = new Hono();
app.use("/graphql", graphqlGuard);
// The depth that tools need to read the schema.
app.use(
  "/graphql",
  graphql({ db, schema }, { maxOperationTokens: MAX_TOKENS, maxOperationDepth: 25, maxOperationAliases: 30 }),
);
app.route("/", sqlOverHttp());
app.route("/", rest);
// The last, for it answers every path that is left.
app.route("/", dashboard(settings.dashboard));

const missing = undescribed(app, description);
if (missing.length > 0) throw new Error(`/openapi.json does not describe ${missing.join(", ")}`);

export default app;
