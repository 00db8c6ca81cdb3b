import { db } from "ponder:api";
import { inference, inferenceEvent } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { asc, eq } from "ponder";
import {
  DEALINGS,
  DELIVERY_MODES,
  INFERENCE_EVENTS,
  PROOF_MEANINGS,
  REQUEST_STATUSES,
  ROUTES,
  TRUSTS,
} from "../mapping/enums.ts";
import { finalityOf } from "../mapping/finality.ts";
import { Finality } from "./finality.ts";
import { readHeads } from "./now.ts";
import {
  Address,
  Amount,
  BAD_QUESTION,
  Block,
  Count,
  Hash,
  idParameter,
  json,
  NOT_FOUND,
  orNull,
  routes,
  Seconds,
  STARTING,
  Whole,
} from "./openapi.ts";

const Step = z
  .object({
    step: z.enum(INFERENCE_EVENTS),
    timestamp: Seconds,
    blockNumber: Block,
    finality: Finality,
    transactionHash: Hash,
    sender: Address.openapi({ description: "Who sent the transaction." }),
  })
  .openapi("Step");

const Inference = z
  .object({
    id: Hash,
    status: z.enum(REQUEST_STATUSES),
    proven: z.boolean().openapi({ description: "Whether a proof of the answer was checked on chain." }),
    proves: z
      .enum(PROOF_MEANINGS)
      .nullable()
      .openapi({
        description:
          "What a proof shows. EXECUTION: the model ran and gave this. RELAY: a gateway relayed this from a backend, and " +
          "what ran there nobody knows. DEVELOPMENT: nothing to others, for the circuit's key is not one for production, " +
          "or the enclave's attestation ends at another root than AWS's: whoever made it can prove anything. Null if the " +
          "route's parameters name neither enclaves nor a known key, or its verifier does not say what root it takes.",
      }),
    trust: z.enum(TRUSTS).nullable().openapi({
      description:
        "What its enclaves are trusted for: LOCAL, the model runs inside; GATEWAY, they relay. Null on the ZK route.",
    }),
    route: z.enum(ROUTES),
    mode: z.enum(DELIVERY_MODES),
    requester: Address,
    consumer: orNull(Address).openapi({ description: "The contract that is called back." }),
    nodeId: orNull(Hash).openapi({ description: "Null while nobody has taken an open request." }),
    modelId: Hash,
    routeVersion: Whole,
    dealing: z.enum(DEALINGS).openapi({
      description:
        "How the requester stands to the node: at arm's length, funded by one of its parties, or a party itself; UNPAID " +
        "where nobody pays.",
    }),
    selfDealing: z.boolean().openapi({ description: "Anything but ARMS_LENGTH, and left out of net figures." }),
    inputHash: Hash,
    outputHash: orNull(Hash),
    units: orNull(Whole),
    steps: z.array(Step).openapi({ description: "Everything that happened to it, in order." }),
    deadlines: z.object({
      delivery: Seconds.openapi({ description: "After it, an undelivered request can be refunded." }),
      proof: orNull(Seconds).openapi({ description: "After it and the block below, a default can be claimed." }),
      proofBlock: orNull(Block),
    }),
    trustGap: z
      .object({ seconds: Seconds, blocks: Count })
      .nullable()
      .openapi({ description: "From delivery to settlement; null unless it is settled." }),
    money: z
      .object({
        token: Address.openapi({ description: "What fees are paid in." }),
        maxFee: Amount.openapi({ description: "What was escrowed." }),
        fee: orNull(Amount).openapi({ description: "To the node; null unless it is settled." }),
        returned: orNull(Amount).openapi({ description: "To the requester." }),
        payout: orNull(Address),
        burned: Amount.openapi({ description: "OPG." }),
        compensation: orNull(Amount).openapi({ description: "OPG to the requester, of a default." }),
        reward: orNull(Amount).openapi({ description: "OPG to who claimed the default." }),
      })
      .openapi("Money"),
  })
  .openapi("Inference");

const text = (amount: bigint | null) => (amount === null ? null : String(amount));
const number = (amount: bigint | null) => (amount === null ? null : Number(amount));

export const inferences = routes();

inferences.openapi(
  createRoute({
    method: "get",
    path: "/inferences/{id}",
    operationId: "getInference",
    tags: ["Inferences"],
    summary: "Where an inference stands: its steps, how final each is, its deadlines and its money",
    request: { params: idParameter("a request's id") },
    responses: { 200: json(Inference, "The inference."), 400: BAD_QUESTION, 404: NOT_FOUND, 503: STARTING },
  }),
  async (context) => {
    const id = context.req.valid("param").id as `0x${string}`;
    const [[row], events, heads] = await Promise.all([
      db.select().from(inference).where(eq(inference.id, id)),
      db.select().from(inferenceEvent).where(eq(inferenceEvent.requestId, id)).orderBy(asc(inferenceEvent.id)),
      readHeads(),
    ]);
    if (!row) return context.json({ error: `no request has the id ${id}` }, 404);
    const { trustGapSeconds: seconds, trustGapBlocks: blocks } = row;
    return context.json(
      {
        id,
        status: row.status,
        proven: row.status === "SETTLED",
        proves: row.proves,
        trust: row.trust,
        route: row.route,
        mode: row.mode,
        requester: row.requester,
        consumer: row.consumer,
        nodeId: row.nodeId,
        modelId: row.modelId,
        routeVersion: String(row.routeVersion),
        dealing: row.dealing,
        selfDealing: row.selfDealing,
        inputHash: row.inputHash,
        outputHash: row.outputHash,
        units: text(row.units),
        steps: events.map(({ kind, timestamp, blockNumber, transactionHash, sender }) => ({
          step: kind,
          timestamp: Number(timestamp),
          blockNumber: Number(blockNumber),
          finality: finalityOf(blockNumber, heads),
          transactionHash,
          sender,
        })),
        deadlines: {
          delivery: Number(row.deliveryDeadline),
          proof: number(row.proofDeadline),
          proofBlock: number(row.proofDeadlineBlock),
        },
        trustGap: seconds === null || blocks === null ? null : { seconds: Number(seconds), blocks: Number(blocks) },
        money: {
          token: row.token,
          maxFee: String(row.maxFee),
          fee: text(row.fee),
          returned: text(row.returned),
          payout: row.payout,
          burned: String(row.burned),
          compensation: text(row.compensation),
          reward: text(row.reward),
        },
      },
      200,
    );
  },
);
