import { type Context, ponder } from "ponder:registry";
import { funding, fundingEvent, node, operatorAccount } from "ponder:schema";
import { type Address, type Hex, zeroAddress } from "viem";
import { type Dealing, isFunding, isParty, newParties, type Payment } from "../mapping/dealing.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { settings } from "../settings.ts";

const {
  Settlement,
  NodeRegistry,
  BatchSettlement = zeroAddress,
  BurnSink = zeroAddress,
} = settings.deployment.addresses;
const contracts = [Settlement, NodeRegistry, BatchSettlement, BurnSink, zeroAddress];

/** How close those who pay a node are to it, by what is known of them now or was before; and whether that is too close. */
export async function dealingWith(
  { db }: Context,
  nodeId: Hex | null,
  payers: readonly Address[],
  before: Dealing = "ARMS_LENGTH",
): Promise<{ dealing: Dealing; selfDealing: boolean }> {
  const { parties = [] } = (nodeId === null ? null : await db.find(node, { id: nodeId })) ?? {};
  let dealing = payers.some((payer) => isParty(parties, payer)) ? "PARTY" : before;
  for (const account of payers) {
    for (const funder of parties) {
      if (dealing !== "ARMS_LENGTH") break;
      if ((await db.find(funding, { funder, account })) !== null) dealing = "FUNDED";
    }
  }
  return { dealing, selfDealing: dealing !== "ARMS_LENGTH" };
}

/** Keeps who has become a node's owner, signer or payout. */
export async function addParties(
  { db }: Context,
  event: ChainEvent,
  nodeId: Hex,
  accounts: readonly Address[],
): Promise<void> {
  const { parties = [] } = (await db.find(node, { id: nodeId })) ?? {};
  const added = newParties(parties, accounts);
  if (added.length === 0) return;
  await db.update(node, { id: nodeId }).set({ parties: [...parties, ...added] });
  for (const account of added) {
    await db
      .insert(operatorAccount)
      .values({ account, nodes: 1n, ...stampOf(event) })
      .onConflictDoUpdate(({ nodes }) => ({ nodes: nodes + 1n }));
  }
}

/** Keeps a payment, if it is one by a party of some node. */
export async function addPayment({ db }: Context, event: ChainEvent, payment: Payment): Promise<void> {
  const { funder, account } = payment;
  if (!isFunding(payment, contracts) || (await db.find(operatorAccount, { account: funder })) === null) return;
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
