import type { Context } from "ponder:registry";
import { credit, creditEvent, period, periodModel, periodRoute, periodToken, protocol, token } from "ponder:schema";
import type { Address, Hex } from "viem";
import type { Route } from "../mapping/enums.ts";
import { type CreditChange, creditId } from "../mapping/inference.ts";
import { periodsOf, plus } from "../mapping/period.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";

/** The columns of a table that only ever have amounts added to them. */
type Amounts<Row, Key extends keyof Row> = {
  readonly [Column in keyof Row as Row[Column] extends bigint ? Exclude<Column, Key> : never]?: bigint;
};
type ProtocolAmounts = Amounts<typeof protocol.$inferSelect, "chainId" | "startBlock">;
type PeriodAmounts = Amounts<typeof period.$inferSelect, "start" | "supply">;
type BreakdownAmounts = Amounts<typeof periodRoute.$inferSelect, "start">;
type TokenAmounts = Amounts<typeof periodToken.$inferSelect, "start">;

/** Adds to the protocol's sums. */
export async function addToProtocol({ db, chain }: Context, amounts: ProtocolAmounts): Promise<void> {
  await db.update(protocol, { chainId: BigInt(chain.id) }).set((row) => plus(row, amounts));
}

/** Adds to what happened in the periods that the event falls into, and notes the supply at their end. */
export async function addToPeriods({ db, chain }: Context, event: ChainEvent, amounts: PeriodAmounts): Promise<void> {
  const { supply } = (await db.find(protocol, { chainId: BigInt(chain.id) })) ?? { supply: 0n };
  for (const key of periodsOf(event.block.timestamp)) {
    await db
      .insert(period)
      .values({ ...key, supply, ...amounts })
      .onConflictDoUpdate((row) => ({ supply, ...plus(row, amounts) }));
  }
}

/** Adds to what happened in those periods by an inference's route and model. */
export async function addToBreakdown(
  { db }: Context,
  event: ChainEvent,
  { route, modelId }: { route: Route; modelId: Hex },
  amounts: BreakdownAmounts,
): Promise<void> {
  for (const key of periodsOf(event.block.timestamp)) {
    await db
      .insert(periodRoute)
      .values({ ...key, route, ...amounts })
      .onConflictDoUpdate((row) => plus(row, amounts));
    await db
      .insert(periodModel)
      .values({ ...key, modelId, ...amounts })
      .onConflictDoUpdate((row) => plus(row, amounts));
  }
}

/** Adds to what happened in those periods in a fee token. */
export async function addToFees(
  { db }: Context,
  event: ChainEvent,
  address: Address,
  amounts: TokenAmounts,
): Promise<void> {
  for (const key of periodsOf(event.block.timestamp)) {
    await db
      .insert(periodToken)
      .values({ ...key, token: address, ...amounts })
      .onConflictDoUpdate((row) => plus(row, amounts));
  }
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
