import type { Context } from "ponder:registry";
import {
  credit,
  creditEvent,
  type inference,
  measurementSet,
  period,
  periodModel,
  periodNode,
  periodRoute,
  periodToken,
  protocol,
  routeVersion,
  token,
  trustGap,
  verifier,
  verifyingKey,
} from "ponder:schema";
import type { Address, Hex } from "viem";
import type { Route } from "../mapping/enums.ts";
import { gapSubjects } from "../mapping/gap.ts";
import { type CreditChange, creditId } from "../mapping/inference.ts";
import { firstPeak, type Peak, peakAfter, periodsOf, type Stocks, stocksOf } from "../mapping/period.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { plus } from "../mapping/sums.ts";
import { provesByEnclave, provesUnderKey } from "../mapping/trust.ts";

/** The columns of a table that only ever have amounts added to them. */
type Amounts<Row, Key extends keyof Row> = {
  readonly [Column in keyof Row as Row[Column] extends bigint ? Exclude<Column, Key> : never]?: bigint;
};
type ProtocolAmounts = Amounts<typeof protocol.$inferSelect, "chainId" | "startBlock">;
type PeriodAmounts = Amounts<typeof period.$inferSelect, "start" | keyof Stocks | keyof Peak>;
type BreakdownAmounts = Amounts<typeof periodRoute.$inferSelect, "start">;
type RouteKey = Pick<typeof inference.$inferSelect, "modelId" | "route" | "routeVersion">;
type TokenAmounts = Amounts<typeof periodToken.$inferSelect, "start">;

/** Adds to the protocol's sums. */
export async function addToProtocol({ db, chain }: Context, amounts: ProtocolAmounts): Promise<void> {
  await db.update(protocol, { chainId: BigInt(chain.id) }).set((row) => plus(row, amounts));
}

/**
 * Adds to what happened in the periods that the event falls into, and notes what stands at their end. Every event that
 * moves OPG or collateral does so, after the move. What was at risk when a period began is in its peak all the same: a
 * bond's unlocking is an event of its own, before the one that ends its request.
 *
 * @param raised What the event has added to the collateral at risk.
 */
export async function addToPeriods(
  { db, chain }: Context,
  event: ChainEvent,
  amounts: PeriodAmounts,
  raised = 0n,
): Promise<void> {
  const now = await db.find(protocol, { chainId: BigInt(chain.id) });
  if (now === null) throw new Error("the protocol has no row: it is made before the first event");
  const stocks = stocksOf(now);
  const { atRisk } = stocks;
  const { number, timestamp } = event.block;
  const first = { ...stocks, ...firstPeak(number, atRisk, raised), ...amounts };
  await db
    .insert(period)
    .values(periodsOf(timestamp).map((key) => ({ ...key, ...first })))
    .onConflictDoUpdate((row) => ({ ...stocks, ...peakAfter(row, number, atRisk), ...plus(row, amounts) }));
}

/** Adds to what happened in those periods by an inference's route, model and node. */
export async function addToPeriodBreakdown(
  context: Context,
  event: ChainEvent,
  { nodeId, ...of }: { route: Route; modelId: Hex; nodeId: Hex | null },
  amounts: BreakdownAmounts,
): Promise<void> {
  await addToPeriodRoutesAndModels(context, event, of, amounts);
  if (nodeId !== null) await addToPeriodNodes(context, event, nodeId, amounts);
}

/** Adds to what happened in those periods at a node. */
export async function addToPeriodNodes(
  { db }: Context,
  event: ChainEvent,
  nodeId: Hex,
  amounts: BreakdownAmounts,
): Promise<void> {
  const keys = periodsOf(event.block.timestamp);
  await db
    .insert(periodNode)
    .values(keys.map((key) => ({ ...key, nodeId, ...amounts })))
    .onConflictDoUpdate((row) => plus(row, amounts));
}

/** Adds to what happened in those periods by a route and a model. */
export async function addToPeriodRoutesAndModels(
  { db }: Context,
  event: ChainEvent,
  { route, modelId }: { route: Route; modelId: Hex },
  amounts: BreakdownAmounts,
): Promise<void> {
  const keys = periodsOf(event.block.timestamp);
  await db
    .insert(periodRoute)
    .values(keys.map((key) => ({ ...key, route, ...amounts })))
    .onConflictDoUpdate((row) => plus(row, amounts));
  await db
    .insert(periodModel)
    .values(keys.map((key) => ({ ...key, modelId, ...amounts })))
    .onConflictDoUpdate((row) => plus(row, amounts));
}

/** Adds to what happened in those periods in a fee token. */
export async function addToPeriodTokens(
  { db }: Context,
  event: ChainEvent,
  address: Address,
  amounts: TokenAmounts,
): Promise<void> {
  const keys = periodsOf(event.block.timestamp);
  await db
    .insert(periodToken)
    .values(keys.map((key) => ({ ...key, token: address, ...amounts })))
    .onConflictDoUpdate((row) => plus(row, amounts));
}

/** Counts an inference's trust gap, overall and by what it is of. */
export async function addToTrustGap(
  { db }: Context,
  of: { route: Route; modelId: Hex; nodeId: Hex },
  seconds: bigint,
  selfDealing: boolean,
): Promise<void> {
  const one = { count: 1n, countNet: selfDealing ? 0n : 1n };
  await db
    .insert(trustGap)
    .values(gapSubjects(of).map((subject) => ({ ...subject, seconds, ...one })))
    .onConflictDoUpdate((row) => plus(row, one));
}

/** Adds to what the settlement owes in a token. */
export async function addToToken(
  { db }: Context,
  address: Address,
  amounts: { escrowed?: bigint; credited?: bigint; inChannels?: bigint; channelCredited?: bigint },
): Promise<void> {
  await db
    .insert(token)
    .values({ address, ...amounts })
    .onConflictDoUpdate((row) => plus(row, amounts));
}

/** Books credits that a request's end has made. */
export async function addCredits(
  context: Context,
  event: ChainEvent,
  requestId: Hex,
  changes: readonly CreditChange[],
): Promise<void> {
  for (const { amount, ...change } of changes) {
    const { token, account, cause } = change;
    const received = { balance: amount, received: amount };
    await context.db
      .insert(credit)
      .values({ token, account, ...received })
      .onConflictDoUpdate((row) => plus(row, received));
    await context.db
      .insert(creditEvent)
      .values({ id: creditId(event.id, cause), ...change, amount, requestId, ...stampOf(event) });
    await addToToken(context, token, { credited: amount });
  }
}

/** What a proof of a request shows, by the measurement set or the verifying key of its version of the route. */
export async function meaningOf({ db }: Context, { modelId, route, routeVersion: version }: RouteKey) {
  const by = await db.find(routeVersion, { modelId, route, version });
  const checker = by && (await db.find(verifier, { id: by.verifierId }));
  if (checker && by.verifyingKeyId !== null) {
    const key = await db.find(verifyingKey, { verifier: checker.address, keyId: by.verifyingKeyId });
    return { proves: key && provesUnderKey(key), trust: null };
  }
  const set = by?.measurementSetId ? await db.find(measurementSet, { id: by.measurementSetId }) : null;
  const trust = set?.trust ?? null;
  return { proves: provesByEnclave(trust, checker?.rootHash ?? null), trust };
}
