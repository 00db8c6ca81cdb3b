import { type Context, ponder } from "ponder:registry";
import { funding, fundingEvent, node, operatorAccount } from "ponder:schema";
import { gte, sql } from "ponder";
import { type Address, type Hex, zeroAddress } from "viem";
import {
  closest,
  type Dealing,
  isFunding,
  isParty,
  MAX_PARTIES,
  newParties,
  type Payment,
} from "../mapping/dealing.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { once } from "../once.ts";
import { settings } from "../settings.ts";

const {
  Settlement,
  NodeRegistry,
  BatchSettlement = zeroAddress,
  BurnSink = zeroAddress,
} = settings.deployment.addresses;
const contracts = [Settlement, NodeRegistry, BatchSettlement, BurnSink, zeroAddress];

/** Who the tables below may know something of. Of anybody else they know nothing, and need not be asked. */
interface Suspects {
  /** Accounts that are or were a node's party. */
  readonly operators: Set<string>;
  /** By account, those of them that paid it. */
  readonly funders: Map<string, Set<string>>;
  /** Nodes that have had more parties than are kept. */
  readonly crowded: Set<string>;
}

/**
 * The suspects, read once: every later one goes through here. A reorganisation leaves some who are none any more, and for
 * those the tables answer.
 */
const suspectsIn = once(async ({ db }: Context): Promise<Suspects> => {
  const operators = await db.sql.select({ id: operatorAccount.account }).from(operatorAccount);
  const payments = await db.sql.select({ funder: funding.funder, account: funding.account }).from(funding);
  const full = gte(sql`cardinality(${node.parties})`, MAX_PARTIES);
  const crowded = await db.sql.select({ id: node.id }).from(node).where(full);
  const ids = (rows: readonly { id: string }[]) => new Set(rows.map(({ id }) => id));
  const suspects = { operators: ids(operators), funders: new Map(), crowded: ids(crowded) };
  for (const { funder, account } of payments) addFunder(suspects, funder, account);
  return suspects;
});

function addFunder({ funders }: Suspects, funder: Address, account: Address): void {
  const known = funders.get(account) ?? new Set();
  funders.set(account, known.add(funder));
}

/**
 * How close those who pay a node are to it, by what is known of them now or was before; and whether that is too close.
 *
 * @param payers None where nobody says who pays.
 */
export async function dealingWith(
  context: Context,
  nodeId: Hex | null,
  payers: readonly Address[],
  before: Dealing = "ARMS_LENGTH",
): Promise<{ dealing: Dealing; selfDealing: boolean }> {
  const dealing = closest(before, nodeId === null ? "ARMS_LENGTH" : await dealingNow(context, nodeId, payers));
  return { dealing, selfDealing: dealing !== "ARMS_LENGTH" };
}

async function dealingNow(context: Context, nodeId: Hex, payers: readonly Address[]): Promise<Dealing> {
  const { db } = context;
  const { operators, funders, crowded } = await suspectsIn(context);
  const ids = payers.map((payer) => payer.toLowerCase() as Address);
  const paid = ids.filter((id) => funders.has(id));
  if (paid.length === 0 && !crowded.has(nodeId) && !ids.some((id) => operators.has(id))) return "ARMS_LENGTH";
  const { parties = [] } = (await db.find(node, { id: nodeId })) ?? {};
  if (isParty(parties, ...ids)) return "PARTY";
  for (const account of paid) {
    // The tables are asked about payments that there were only: anybody may have many parties, and pay anybody.
    for (const funder of parties.filter((party) => funders.get(account)?.has(party))) {
      if ((await db.find(funding, { funder, account })) !== null) return "FUNDED";
    }
  }
  return "ARMS_LENGTH";
}

/** Keeps who has become a node's owner, signer or payout. */
export async function addParties(
  context: Context,
  event: ChainEvent,
  nodeId: Hex,
  accounts: readonly Address[],
): Promise<void> {
  const { db } = context;
  const { operators, crowded } = await suspectsIn(context);
  const { parties: known = [] } = (await db.find(node, { id: nodeId })) ?? {};
  const added = newParties(known, accounts);
  if (added.length === 0) return;
  const parties = [...known, ...added];
  await db.update(node, { id: nodeId }).set({ parties });
  if (parties.length >= MAX_PARTIES) crowded.add(nodeId);
  for (const account of added) {
    operators.add(account);
    await db
      .insert(operatorAccount)
      .values({ account, nodes: 1n, ...stampOf(event) })
      .onConflictDoUpdate(({ nodes }) => ({ nodes: nodes + 1n }));
  }
}

/** Keeps a payment, if it is one by a party of some node. */
export async function addPayment(context: Context, event: ChainEvent, payment: Payment): Promise<void> {
  const { db } = context;
  const { funder, account } = payment;
  const suspects = await suspectsIn(context);
  if (!suspects.operators.has(funder) || !isFunding(payment, contracts)) return;
  if ((await db.find(operatorAccount, { account: funder })) === null) return;
  addFunder(suspects, funder, account);
  await db
    .insert(funding)
    .values({ funder, account, payments: 1n, ...stampOf(event) })
    .onConflictDoUpdate(({ payments }) => ({ payments: payments + 1n }));
  await db.insert(fundingEvent).values({ id: event.id, ...payment, ...stampOf(event) });
}

if (settings.funding === "tokens") {
  ponder.on("FeeToken:Transfer", async ({ event, context }) => {
    const { from, to, value } = event.args;
    const payment = {
      funder: from,
      account: to,
      how: "TOKEN_TRANSFER",
      token: event.log.address,
      amount: value,
    } as const;
    await addPayment(context, event, payment);
  });
}
