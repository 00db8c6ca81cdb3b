import { type Context, ponder } from "ponder:registry";
import {
  batchSettlement,
  burn,
  burnFor,
  channel,
  channelCredit,
  channelEvent,
  equivocation,
  lastDraw,
  model,
  node,
  rowNotPaid,
  token as tokens,
  x402Gate,
} from "ponder:schema";
import { type Address, type Hex, isAddressEqual } from "viem";
import { channelIdOf, unpackClaims } from "../mapping/channel.ts";
import { closest, type Dealing } from "../mapping/dealing.ts";
import { nameOf, ROW_FAULTS, type RowFault, X402_ROW_FAULTS } from "../mapping/enums.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { plus } from "../mapping/sums.ts";
import { settings } from "../settings.ts";
import { addPayment, dealingWith } from "./funding.ts";
import {
  addToPeriodNodes,
  addToPeriodRoutesAndModels,
  addToPeriods,
  addToPeriodTokens,
  addToProtocol,
  addToToken,
  meaningOf,
} from "./store.ts";

const { OPG } = settings.deployment.addresses;

type ChannelRow = typeof channel.$inferSelect;
type ChannelMove = Partial<Pick<ChannelRow, "deposited" | "claimed" | "withdrawn" | "balance" | "claims">>;

/** Keeps how close a channel's payer and signer are to its node, where that is closer now. */
async function judgeChannel(context: Context, row: ChannelRow): Promise<ChannelRow> {
  const dealing = await dealingWith(context, row.nodeId, [row.payer, row.signer], row.dealing);
  if (dealing.dealing === row.dealing) return row;
  return context.db.update(channel, { id: row.id }).set(dealing);
}

/** Changes a channel, and keeps the change in its history. What makes its payer closer to its node is judged after. */
async function changeChannel(
  context: Context,
  event: ChainEvent,
  channelId: Hex,
  {
    id = event.id,
    move = {},
    change = {},
    ...history
  }: {
    id?: string;
    move?: ChannelMove;
    change?: Partial<Pick<ChannelRow, "withdrawableAt">>;
  } & Pick<typeof channelEvent.$inferInsert, "kind" | "amount" | "address" | "withdrawableAt">,
): Promise<ChannelRow> {
  const row = await context.db.update(channel, { id: channelId }).set((now) => ({ ...change, ...plus(now, move) }));
  if (move.balance !== undefined) await addToToken(context, row.token, { inChannels: move.balance });
  await context.db.insert(channelEvent).values({ id, channelId, ...history, balance: row.balance, ...stampOf(event) });
  return row;
}

/** Books a credit of the batch settlement. */
async function addChannelCredit(context: Context, token: Address, account: Address, amount: bigint): Promise<void> {
  if (amount === 0n) return;
  const received = { balance: amount, received: amount };
  await context.db
    .insert(channelCredit)
    .values({ token, account, ...received })
    .onConflictDoUpdate((row) => plus(row, received));
  await addToToken(context, token, { channelCredited: amount });
}

/**
 * Whether governance lists a token. A gate takes any, of which anybody can make one that says what it likes, so that fees
 * count in these only. Native channels are opened in no other, and end what they hold when their token is listed no more.
 */
async function isListed({ db }: Context, address: Address): Promise<boolean> {
  return (await db.find(tokens, { address }))?.listed === true;
}

const lastDrawKey = { chainId: BigInt(settings.deployment.chainId) };
type Draw = typeof lastDraw.$inferSelect;

/** Tells more of the draw that goes on; of a new one, if the last has ended. */
function draw(
  { db }: Context,
  { id }: ChainEvent,
  told: Pick<Draw, "rows" | "rowsNotPaid">,
  end: Pick<Draw, "dealing" | "ended">,
): Promise<Draw> {
  return db
    .insert(lastDraw)
    .values({ ...lastDrawKey, id, ...told, ...end })
    .onConflictDoUpdate((row) => ({ ...(row.ended ? { id, ...told } : plus(row, told)), ...end }));
}

/** Ends the draw through a gate that goes on, if one does. @returns it. */
async function endDraw({ db }: Context): Promise<Draw | null> {
  const last = await db.find(lastDraw, lastDrawKey);
  return last === null || last.ended ? null : db.update(lastDraw, lastDrawKey).set({ ended: true });
}

/** Keeps a row that was not paid in full, and counts it for its draw. */
async function leaveUnpaid(
  context: Context,
  event: ChainEvent & { readonly log: { readonly address: Address } },
  row: Pick<typeof rowNotPaid.$inferInsert, "nodeId" | "channelId" | "signer" | "index" | "missing"> & {
    readonly fault: RowFault;
  },
): Promise<void> {
  // The end of a native draw tells of the rows of channels that there are, paid or not.
  const told = { rows: row.fault === "UNKNOWN_CHANNEL" ? 1n : 0n, rowsNotPaid: 1n };
  const { id: drawId } = await draw(context, event, told, { dealing: "ARMS_LENGTH", ended: false });
  await context.db
    .insert(rowNotPaid)
    .values({ id: event.id, ledger: event.log.address, ...row, drawId, ...stampOf(event) });
}

// --- channels ---------------------------------------------------------------------------------------------------------------

ponder.on("BatchSettlement:ChannelOpened", async ({ event, context }) => {
  const { channelId: id, routeVersion, withdrawalDelay, ...names } = event.args;
  await context.db.insert(channel).values({
    id,
    ...names,
    routeVersion: BigInt(routeVersion),
    withdrawalDelay: BigInt(withdrawalDelay),
    dealing: "ARMS_LENGTH",
    selfDealing: false,
    ...stampOf(event),
  });
  await addToProtocol(context, { channels: 1n });
  await judgeChannel(context, await changeChannel(context, event, id, { kind: "OPENED", address: names.payer }));
});

ponder.on("BatchSettlement:ChannelDeposited", async ({ event, context }) => {
  const { channelId, from, amount } = event.args;
  const move = { deposited: amount, balance: amount };
  const row = await changeChannel(context, event, channelId, { kind: "DEPOSITED", amount, address: from, move });
  const { payer, token } = row;
  await addPayment(context, event, { funder: from, account: payer, how: "CHANNEL_DEPOSIT", token, amount });
  await judgeChannel(context, row);
});

ponder.on("BatchSettlement:ChannelWithdrawalAnnounced", async ({ event, context }) => {
  const { channelId, withdrawableAt } = event.args;
  const at = withdrawableAt === 0n ? null : withdrawableAt;
  const kind = at === null ? "WITHDRAWAL_CANCELLED" : "WITHDRAWAL_ANNOUNCED";
  const change = { withdrawableAt: at };
  await judgeChannel(context, await changeChannel(context, event, channelId, { kind, ...change, change }));
});

ponder.on("BatchSettlement:ChannelWithdrawn", async ({ event, context }) => {
  const { channelId, to, amount } = event.args;
  const move = { withdrawn: amount, balance: -amount };
  const change = { withdrawableAt: null };
  const row = await changeChannel(context, event, channelId, {
    kind: "WITHDRAWN",
    amount,
    address: to,
    move,
    change,
  });
  const { payer, token } = await judgeChannel(context, row);
  await addPayment(context, event, { funder: payer, account: to, how: "CHANNEL_WITHDRAWAL", token, amount });
});

ponder.on("BatchSettlement:ChannelsClaimed", async ({ event, context }) => {
  const { nodeId, modelId, routeVersion, token, claims } = event.args;
  const rows = unpackClaims(claims);
  // One event may name a channel thousands of times.
  const channels = new Map<Hex, { row: ChannelRow; drawn: bigint }>();
  for (const [index, { signer, amount }] of rows.entries()) {
    const channelId = channelIdOf(nodeId, modelId, routeVersion, token, signer);
    const row = await changeChannel(context, event, channelId, {
      id: `${event.id}-${String(index).padStart(5, "0")}`,
      kind: "CLAIMED",
      amount,
      move: { claimed: amount, balance: -amount, claims: 1n },
    });
    channels.set(channelId, { row, drawn: amount + (channels.get(channelId)?.drawn ?? 0n) });
  }
  // Anybody can claim, and name a channel of the operator's beside others: each counts for itself.
  let [fees, feesNet] = [0n, 0n];
  let dealing: Dealing = "ARMS_LENGTH";
  for (const { row, drawn } of channels.values()) {
    const judged = await judgeChannel(context, row);
    dealing = closest(dealing, judged.dealing);
    fees += drawn;
    if (!judged.selfDealing) feesNet += drawn;
  }
  const { payout } = (await context.db.find(node, { id: nodeId })) ?? {};
  if (payout !== undefined) await addChannelCredit(context, token, payout, fees);
  // Every draw ends with this event, and a batch that is the draw's comes next.
  await draw(context, event, { rows: BigInt(rows.length), rowsNotPaid: 0n }, { dealing, ended: true });
  // Anybody can claim nothing, in any token.
  if (fees !== 0n) await addToPeriodTokens(context, event, token, { fees, feesNet });
});

ponder.on("BatchSettlement:RowNotPaid", async ({ event, context }) => {
  await leaveUnpaid(context, event, { ...event.args, fault: nameOf(ROW_FAULTS, event.args.fault) });
});

ponder.on("X402Gates:GateMade", async ({ event, context }) => {
  const { gate: address, nodeId, modelId, routeVersion } = event.args;
  const of = { nodeId, modelId, routeVersion: BigInt(routeVersion) };
  await context.db.insert(x402Gate).values({ address, ...of, ...stampOf(event) });
});

ponder.on("X402Gate:X402RowNotPaid", async ({ event, context }) => {
  const gate = await context.db.find(x402Gate, { address: event.log.address });
  if (gate === null) throw new Error(`There is no gate ${event.log.address}: does the startBlock come too late?`);
  const fault = nameOf(X402_ROW_FAULTS, event.args.fault);
  await leaveUnpaid(context, event, { ...event.args, nodeId: gate.nodeId, fault });
});

// --- batches ----------------------------------------------------------------------------------------------------------------

ponder.on("BatchSettlement:BatchSettled", async ({ event, context }) => {
  const { db } = context;
  const { digest, streamId, batch: header, payout, paid, burned } = event.args;
  const { nodeId, modelId, token, ledger, count } = header;
  // The last draw is this batch's own if it is on native channels: nothing else brings money from them.
  const native = isAddressEqual(ledger, event.log.address);
  const own = native ? await db.find(lastDraw, lastDrawKey) : await endDraw(context);
  const { rowsNotPaid: unpaid = 0n, dealing: ofRows = "ARMS_LENGTH" } = own ?? {};
  const isPaid = paid !== 0n;
  const counts = (native && isPaid) || (await isListed(context, token));
  const ofPayment = closest(ofRows, counts && isPaid ? "ARMS_LENGTH" : "UNPAID");
  const { dealing, selfDealing } = await dealingWith(context, nodeId, [], ofPayment);
  const routeVersion = BigInt(header.routeVersion);
  const meaning = await meaningOf(context, { modelId, route: "TEE", routeVersion });
  await db.insert(batchSettlement).values({
    id: digest,
    streamId,
    ...header,
    routeVersion,
    payout,
    paid,
    burned,
    rows: native ? (own?.rows ?? 0n) : null,
    rowsNotPaid: unpaid,
    drawId: own?.id ?? null,
    ...meaning,
    dealing,
    selfDealing,
    ...stampOf(event),
  });
  // What a native batch pays was credited with its claims.
  const credited = native ? 0n : paid;
  await addChannelCredit(context, token, payout, credited);

  const burnId = (await db.find(burnFor, { ref: digest }))?.burnId;
  if (burnId !== undefined) {
    await db.update(burn, { id: burnId }).set({ cause: "BATCH", modelId, route: "TEE", selfDealing });
  }
  const net = (amount: bigint) => (selfDealing ? 0n : amount);
  await addToProtocol(context, { batched: count, batches: 1n });
  await db.update(node, { id: nodeId }).set(({ settlements }) => ({ settlements: settlements + count }));
  await db.update(model, { id: modelId }).set(({ settlements }) => ({ settlements: settlements + count }));
  const settlements = { settlements: count, settlementsNet: net(count) };
  // Periods and nodes counted the burn as it happened, before anything said who pays and for what.
  const burnedNet = net(burned);
  const known = { ...settlements, burnedNet: burnedNet - burned };
  await addToPeriods(context, event, { ...known, batched: count, batches: 1n });
  await addToPeriodNodes(context, event, nodeId, known);
  await addToPeriodRoutesAndModels(context, event, { route: "TEE", modelId }, { ...settlements, burned, burnedNet });
  if (!counts) return;
  await addToPeriodTokens(context, event, token, {
    ...settlements,
    fees: credited,
    feesNet: net(credited),
    burned,
    burnedNet,
  });
});

ponder.on("BatchSettlement:LedgerClaimed", async ({ event, context }) => {
  const { nodeId, token, payout, paid } = event.args;
  await endDraw(context);
  await addChannelCredit(context, token, payout, paid);
  if (!(await isListed(context, token))) return;
  const { selfDealing } = await dealingWith(context, nodeId, []);
  await addToPeriodTokens(context, event, token, { fees: paid, feesNet: selfDealing ? 0n : paid });
});

ponder.on("BatchSettlement:Equivocated", async ({ event, context }) => {
  const { reporter, reward } = event.args;
  await context.db.insert(equivocation).values({ id: event.id, ...event.args, ...stampOf(event) });
  await addChannelCredit(context, OPG, reporter, reward);
});

ponder.on("BatchSettlement:CreditWithdrawn", async ({ event, context }) => {
  const { token, account, to, amount } = event.args;
  const paid = { balance: -amount, withdrawn: amount };
  await context.db.update(channelCredit, { token, account }).set((row) => plus(row, paid));
  await addToToken(context, token, { channelCredited: -amount });
  await addPayment(context, event, { funder: account, account: to, how: "CREDIT_WITHDRAWAL", token, amount });
});
