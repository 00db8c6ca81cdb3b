import { db } from "ponder:api";
import { node, offer } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { and, asc, eq } from "ponder";
import { NODE_STATUSES, ROUTES } from "../mapping/enums.ts";
import {
  Address,
  Amount,
  BAD_QUESTION,
  Count,
  Hash,
  idParameter,
  json,
  NOT_FOUND,
  routes,
  Seconds,
  STARTING,
} from "./openapi.ts";

/** Most offers in one answer; GraphQL has the rest. */
const MAX_OFFERS = 1_000;

const Offer = z
  .object({
    modelId: Hash,
    route: z.enum(ROUTES),
    token: Address.openapi({ description: "What fees are paid in." }),
    pricePerRequest: Amount,
    pricePerUnit: Amount,
    coverage: Amount.openapi({ description: "OPG that the node loses if its proof does not come." }),
    deliveryWindow: Seconds.openapi({ description: "How long it has to deliver, from the request." }),
    proofWindow: Seconds.openapi({ description: "How long it has to prove, from the delivery." }),
  })
  .openapi("Offer");

const Node = z
  .object({
    id: Hash,
    status: z.enum(NODE_STATUSES),
    owner: Address,
    signer: Address,
    payout: Address,
    endpoint: z.string().openapi({ description: "As the node's owner wrote it." }),
    metadataURI: z.string(),
    registeredAt: Seconds,
    account: z
      .object({
        free: Amount,
        bonded: Amount,
        unbonding: Amount,
        withdrawableAt: Seconds.openapi({ description: "When what is unbonding can be withdrawn; 0 if nothing is." }),
      })
      .openapi("NodeAccount", { description: "The node's OPG." }),
    burned: Amount.openapi({ description: "OPG that burned from its account." }),
    requests: Count,
    deliveries: Count,
    settlements: Count.openapi({ description: "Inferences that were settled: one by one, or in batches." }),
    declines: Count,
    defaults: Count,
    offers: z.array(Offer).openapi({
      description: `Its standing offers, at most ${MAX_OFFERS}; which of them a request can name now: usableOffers, in GraphQL.`,
    }),
  })
  .openapi("Node");

export const nodes = routes();

nodes.openapi(
  createRoute({
    method: "get",
    path: "/nodes/{id}",
    operationId: "getNode",
    tags: ["Nodes"],
    summary: "A node: its stake, what became of its requests, and its standing offers",
    request: { params: idParameter("a node's id") },
    responses: { 200: json(Node, "The node."), 400: BAD_QUESTION, 404: NOT_FOUND, 503: STARTING },
  }),
  async (context) => {
    const id = context.req.valid("param").id as `0x${string}`;
    const [[row], offers] = await Promise.all([
      db.select().from(node).where(eq(node.id, id)),
      db
        .select()
        .from(offer)
        .where(and(eq(offer.nodeId, id), eq(offer.standing, true)))
        .orderBy(asc(offer.modelId), asc(offer.route), asc(offer.token))
        .limit(MAX_OFFERS),
    ]);
    if (!row) return context.json({ error: `no node has the id ${id}` }, 404);
    return context.json(
      {
        id,
        status: row.status,
        owner: row.owner,
        signer: row.signer,
        payout: row.payout,
        endpoint: row.endpoint,
        metadataURI: row.metadataURI,
        registeredAt: Number(row.registeredAt),
        account: {
          free: String(row.free),
          bonded: String(row.bonded),
          unbonding: String(row.unbonding),
          withdrawableAt: row.unbonding === 0n ? 0 : Number(row.withdrawableAt),
        },
        burned: String(row.burned),
        requests: Number(row.requests),
        deliveries: Number(row.deliveries),
        settlements: Number(row.settlements),
        declines: Number(row.declines),
        defaults: Number(row.defaults),
        offers: offers.map(({ modelId, route, token, ...terms }) => ({
          modelId,
          route,
          token,
          pricePerRequest: String(terms.pricePerRequest),
          pricePerUnit: String(terms.pricePerUnit),
          coverage: String(terms.coverage),
          deliveryWindow: Number(terms.deliveryWindow),
          proofWindow: Number(terms.proofWindow),
        })),
      },
      200,
    );
  },
);
