import { type Context, ponder } from "ponder:registry";
import {
  burn,
  credit,
  creditEvent,
  inference,
  inferenceEvent,
  model,
  node,
  proofDefault,
  rowSkipped,
} from "ponder:schema";
import type { Hex } from "viem";
import { closest, dealingByPrice } from "../mapping/dealing.ts";
import type { BURN_CAUSES, INFERENCE_EVENTS } from "../mapping/enums.ts";
import {
  type CreditChange,
  creditId,
  creditsOfDefault,
  creditsOfRefund,
  creditsOfSettlement,
  delivered,
  ended,
  requested,
  settled,
  transition,
} from "../mapping/inference.ts";
import { errorNameOf } from "../mapping/revert.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { plus } from "../mapping/sums.ts";
import { settings } from "../settings.ts";
import { addPayment, dealingWith } from "./funding.ts";
import {
  addCredits,
  addToPeriodBreakdown,
  addToPeriodNodes,
  addToPeriods,
  addToPeriodTokens,
  addToProtocol,
  addToToken,
  addToTrustGap,
  meaningOf,
} from "./store.ts";

type InferenceRow = typeof inference.$inferSelect;
type RequestEvent = ChainEvent & { readonly args: { readonly requestId: Hex } };
type NodeCount = "requests" | "deliveries" | "settlements" | "declines" | "defaults";

const { OPG } = settings.deployment.addresses;

/** Keeps an event in its inference's timeline. */
async function record({ db }: Context, event: RequestEvent, kind: (typeof INFERENCE_EVENTS)[number]): Promise<void> {
  const { requestId } = event.args;
  const sender = event.transaction.from;
  await db.insert(inferenceEvent).values({ id: event.id, requestId, kind, sender, ...stampOf(event) });
}

/** A request's row as it is before the event: what Ponder's `find` returns would follow later updates. */
async function inferenceOf({ db }: Context, requestId: Hex): Promise<InferenceRow> {
  const row = await db.find(inference, { id: requestId });
  if (row === null)
    throw new Error(`There is no request ${requestId}: does the deployment's startBlock come too late?`);
  return { ...row };
}

/** Counts something for a request's node. */
async function countForNode({ db }: Context, nodeId: Hex | null, count: NodeCount): Promise<void> {
  if (nodeId !== null) await db.update(node, { id: nodeId }).set((row) => ({ [count]: row[count] + 1n }));
}

/** Ends a request: its row, the counts, and the escrow, which becomes credits. */
async function end(
  context: Context,
  event: ChainEvent,
  row: InferenceRow,
  patch: ReturnType<typeof settled | typeof ended> & Partial<typeof inference.$inferInsert>,
  credits: readonly CreditChange[],
): Promise<void> {
  await context.db.update(inference, { id: row.id }).set(patch);
  await addToProtocol(context, {
    ...transition(row.status, patch.status),
    ...(row.status === "DELIVERED" ? { coverageAtRisk: -row.coverage } : {}),
  });
  await addToToken(context, row.token, { escrowed: -row.maxFee });
  await addCredits(context, event, row.id, credits);
}

/** Ends a request with everything back to its requester. */
async function giveBack(
  context: Context,
  event: RequestEvent,
  status: "REFUNDED" | "VOIDED",
  extra: { declined?: true } = {},
): Promise<InferenceRow> {
  const row = await inferenceOf(context, event.args.requestId);
  await end(context, event, row, { ...ended(row, status, stampOf(event)), ...extra }, creditsOfRefund(row));
  return row;
}

/** Says why a request's OPG burned, if any did. */
async function explainBurn(
  { db }: Context,
  { burnId }: InferenceRow,
  cause: (typeof BURN_CAUSES)[number],
): Promise<void> {
  if (burnId !== null) await db.update(burn, { id: burnId }).set({ cause });
}

// --- the life of a request --------------------------------------------------------------------------------------------------

ponder.on("Settlement:Requested", async ({ event, context }) => {
  const { db } = context;
  const row = requested(event.args, stampOf(event));
  const dealing = await dealingWith(context, row.nodeId, [row.requester], dealingByPrice(row));
  await db.insert(inference).values({ ...row, ...dealing, ...(await meaningOf(context, row)) });
  await record(context, event, "REQUESTED");

  await addToProtocol(context, transition(null, "REQUESTED"));
  await countForNode(context, row.nodeId, "requests");
  await db.update(model, { id: row.modelId }).set(({ requests }) => ({ requests: requests + 1n }));
  await addToToken(context, row.token, { escrowed: row.maxFee });
  await addToPeriods(context, event, { requests: 1n });
  await addToPeriodBreakdown(context, event, row, { requests: 1n });
  await addToPeriodTokens(context, event, row.token, { escrowed: row.maxFee });
});

ponder.on("Settlement:Delivered", async ({ event, context }) => {
  const { requestId, nodeId } = event.args;
  const row = await inferenceOf(context, requestId);
  const patch = delivered(row, event.args, stampOf(event));
  const before = closest(row.dealing, dealingByPrice({ ...row, units: patch.units }));
  const dealing = await dealingWith(context, nodeId, [row.requester], before);
  await context.db.update(inference, { id: requestId }).set({ ...patch, ...dealing });
  await record(context, event, "DELIVERED");

  await addToProtocol(context, { ...transition(row.status, patch.status), coverageAtRisk: row.coverage });
  if (row.open) {
    await countForNode(context, nodeId, "requests");
    await addToPeriodNodes(context, event, nodeId, { requests: 1n });
  }
  await countForNode(context, nodeId, "deliveries");
  await addToPeriods(context, event, { deliveries: 1n }, row.coverage);
});

ponder.on("Settlement:OutputPublished", async ({ event, context }) => {
  const { requestId, output } = event.args;
  await context.db.update(inference, { id: requestId }).set({ output });
  await record(context, event, "OUTPUT_PUBLISHED");
});

ponder.on("Settlement:Settled", async ({ event, context }) => {
  const { requestId, nodeId, fee, returned } = event.args;
  const row = await inferenceOf(context, requestId);
  const dealing = await dealingWith(context, nodeId, [row.requester], row.dealing);
  // The set may have been registered since the request.
  const patch = { ...settled(row, event.args, stampOf(event)), ...dealing, ...(await meaningOf(context, row)) };
  await end(context, event, row, patch, creditsOfSettlement(row, event.args));
  await explainBurn(context, row, "SETTLEMENT");
  await record(context, event, "SETTLED");

  const net = (amount: bigint) => (dealing.selfDealing ? 0n : amount);
  await countForNode(context, nodeId, "settlements");
  await context.db.update(model, { id: row.modelId }).set(({ settlements }) => ({ settlements: settlements + 1n }));
  const settlements = { settlements: 1n, settlementsNet: net(1n) };
  await addToPeriods(context, event, settlements);
  await addToPeriodBreakdown(context, event, row, settlements);
  const { burned } = row;
  const paid = { fees: fee, feesNet: net(fee), returned, burned, burnedNet: net(burned) };
  await addToPeriodTokens(context, event, row.token, { ...settlements, ...paid });
  await addToTrustGap(context, { ...row, nodeId }, patch.trustGapSeconds, dealing.selfDealing);
});

ponder.on("Settlement:Declined", async ({ event, context }) => {
  const { nodeId } = await giveBack(context, event, "REFUNDED", { declined: true });
  await record(context, event, "DECLINED");
  await countForNode(context, nodeId, "declines");
  await addToPeriods(context, event, { declines: 1n });
});

ponder.on("Settlement:Refunded", async ({ event, context }) => {
  await giveBack(context, event, "REFUNDED");
  await record(context, event, "REFUNDED");
  await addToPeriods(context, event, { refunds: 1n });
});

ponder.on("Settlement:Voided", async ({ event, context }) => {
  await giveBack(context, event, "VOIDED");
  await record(context, event, "VOIDED");
  await addToPeriods(context, event, { voids: 1n });
});

ponder.on("Settlement:Defaulted", async ({ event, context }) => {
  const { requestId, nodeId, claimer, compensation, reward, burned } = event.args;
  const row = await inferenceOf(context, requestId);
  const patch = { ...ended(row, "DEFAULTED", stampOf(event)), claimer, compensation, reward };
  await end(context, event, row, patch, creditsOfDefault(row, event.args, OPG));
  await explainBurn(context, row, "DEFAULT");
  await record(context, event, "DEFAULTED");
  const shares = { claimer, compensation, reward, burned };
  await context.db
    .insert(proofDefault)
    .values({ requestId, nodeId, requester: row.requester, ...shares, ...stampOf(event) });
  await countForNode(context, nodeId, "defaults");
  await addToPeriods(context, event, { defaults: 1n, compensation });
  await addToPeriodBreakdown(context, event, row, { defaults: 1n });
});

ponder.on("Settlement:CallbackFailed", async ({ event, context }) => {
  await record(context, event, "CALLBACK_FAILED");
});

ponder.on("Groth16Settler:RowSkipped", async ({ event, context }) => {
  const { reason } = event.args;
  const { from: sender } = event.transaction;
  await context.db
    .insert(rowSkipped)
    .values({ id: event.id, ...event.args, error: errorNameOf(reason), sender, ...stampOf(event) });
});

// --- credits ----------------------------------------------------------------------------------------------------------------

ponder.on("Settlement:CreditWithdrawn", async ({ event, context }) => {
  const { amount, ...withdrawal } = event.args;
  const { token, account, to } = withdrawal;
  await context.db.update(credit, { token, account }).set((row) => plus(row, { balance: -amount, withdrawn: amount }));
  await context.db.insert(creditEvent).values({
    id: creditId(event.id, "WITHDRAWAL"),
    ...withdrawal,
    cause: "WITHDRAWAL",
    amount,
    ...stampOf(event),
  });
  await addToToken(context, token, { credited: -amount });
  await addPayment(context, event, { funder: account, account: to, how: "CREDIT_WITHDRAWAL", token, amount });
});
