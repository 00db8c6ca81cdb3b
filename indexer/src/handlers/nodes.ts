import { type Context, ponder } from "ponder:registry";
import { bond, burn, burnFor, inference, node, nodeEvent, offer, offerEvent, protocol, slashing } from "ponder:schema";
import { type Hex, isAddressEqual, zeroAddress } from "viem";
import { settlementAbi } from "../../../sdk/src/generated/abis.ts";
import { NODE_STATUSES, nameOf, ROUTES } from "../mapping/enums.ts";
import { type AccountChange, moves, UNCHANGED } from "../mapping/node.ts";
import { offerRow } from "../mapping/offer.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { plus } from "../mapping/sums.ts";
import { kept } from "../mapping/text.ts";
import { settings } from "../settings.ts";
import { addParties, addPayment, dealingWith } from "./funding.ts";
import { addToPeriodNodes, addToPeriodRoutesAndModels, addToPeriods, addToProtocol } from "./store.ts";
import { readSupply } from "./supply.ts";

const { funding, deployment } = settings;
const { chainId, startBlock, addresses } = deployment;

/** Changes a node and its account, and keeps the change in the node's history. */
async function changeNode(
  context: Context,
  event: ChainEvent,
  nodeId: Hex,
  {
    change = {},
    move = UNCHANGED,
    ...history
  }: { change?: Partial<typeof node.$inferInsert>; move?: AccountChange } & Pick<
    typeof nodeEvent.$inferInsert,
    "kind" | "amount" | "address" | "status" | "ref"
  >,
): Promise<void> {
  const { free, bonded, unbonding } = await context.db
    .update(node, { id: nodeId })
    .set((row) => ({ ...change, ...plus(row, move) }));
  if (move !== UNCHANGED) {
    await addToProtocol(context, move);
    await addToPeriods(context, event, {});
  }
  await context.db
    .insert(nodeEvent)
    .values({ id: event.id, nodeId, ...history, free, bonded, unbonding, ...stampOf(event) });
}

/** The longest windows that a request can have: the same at every block, so asked for at the latest. */
async function readWindows({ client }: Context) {
  const settlement = { abi: settlementAbi, address: addresses.Settlement } as const;
  const limits = await client.readContract({ ...settlement, functionName: "limits", cache: "immutable" });
  return { maxDeliveryWindow: BigInt(limits.deliveryWindow), maxProofWindow: BigInt(limits.proofWindow) };
}

ponder.on("NodeRegistry:setup", async ({ context }) => {
  await context.db.insert(protocol).values({
    chainId: BigInt(chainId),
    opg: addresses.OPG,
    settlement: addresses.Settlement,
    nodeRegistry: addresses.NodeRegistry,
    burnSink: addresses.BurnSink ?? null,
    startBlock: BigInt(startBlock),
    tokensWatched: funding === "tokens",
    ...(await readWindows(context)),
    ...(await readSupply(context, addresses)),
  });
});

// --- identity -----------------------------------------------------------------------------------------------------------

ponder.on("NodeRegistry:NodeRegistered", async ({ event, context }) => {
  const { nodeId, salt: _, endpoint, metadataURI, ...identity } = event.args;
  await context.db.insert(node).values({
    id: nodeId,
    ...identity,
    endpoint: kept(endpoint),
    metadataURI: kept(metadataURI),
    parties: [],
    status: "ACTIVE",
    registeredAt: event.block.timestamp,
    registeredBlock: event.block.number,
  });
  await addParties(context, event, nodeId, [identity.owner, identity.signer, identity.payout]);
  await addToProtocol(context, { nodes: 1n });
  await changeNode(context, event, nodeId, { kind: "REGISTERED", address: identity.owner });
});

ponder.on("NodeRegistry:NodeTransferStarted", async ({ event, context }) => {
  const { nodeId, pendingOwner } = event.args;
  const change = { pendingOwner: pendingOwner === zeroAddress ? null : pendingOwner };
  await changeNode(context, event, nodeId, { kind: "TRANSFER_STARTED", address: pendingOwner, change });
});

ponder.on("NodeRegistry:NodeTransferred", async ({ event, context }) => {
  const { nodeId, owner } = event.args;
  const change = { owner, pendingOwner: null };
  await addParties(context, event, nodeId, [owner]);
  await changeNode(context, event, nodeId, { kind: "TRANSFERRED", address: owner, change });
});

ponder.on("NodeRegistry:SignerChanged", async ({ event, context }) => {
  const { nodeId, signer } = event.args;
  await addParties(context, event, nodeId, [signer]);
  await changeNode(context, event, nodeId, { kind: "SIGNER_CHANGED", address: signer, change: { signer } });
});

ponder.on("NodeRegistry:PayoutChanged", async ({ event, context }) => {
  const { nodeId, payout } = event.args;
  await addParties(context, event, nodeId, [payout]);
  await changeNode(context, event, nodeId, { kind: "PAYOUT_CHANGED", address: payout, change: { payout } });
});

ponder.on("NodeRegistry:NodeDescribed", async ({ event, context }) => {
  const { nodeId, endpoint, metadataURI } = event.args;
  const change = { endpoint: kept(endpoint), metadataURI: kept(metadataURI) };
  await changeNode(context, event, nodeId, { kind: "DESCRIBED", change });
});

ponder.on("NodeRegistry:NodeStatusChanged", async ({ event, context }) => {
  const status = nameOf(NODE_STATUSES, event.args.status);
  await changeNode(context, event, event.args.nodeId, { kind: "STATUS_CHANGED", status, change: { status } });
});

// --- offers -------------------------------------------------------------------------------------------------------------

ponder.on("NodeRegistry:OfferPosted", async ({ event, context }) => {
  const terms = offerRow(event.args);
  const state = { ...terms, standing: true, updatedAt: event.block.timestamp };
  await context.db.insert(offer).values(state).onConflictDoUpdate(state);
  await context.db.insert(offerEvent).values({ id: event.id, kind: "POSTED", ...terms, ...stampOf(event) });
});

ponder.on("NodeRegistry:OfferWithdrawn", async ({ event, context }) => {
  const { nodeId, modelId, route, token } = event.args;
  const {
    standing: _,
    updatedAt: __,
    ...terms
  } = await context.db
    .update(offer, { nodeId, modelId, route: nameOf(ROUTES, route), token })
    .set({ standing: false, updatedAt: event.block.timestamp });
  await context.db.insert(offerEvent).values({ id: event.id, kind: "WITHDRAWN", ...terms, ...stampOf(event) });
});

// --- stake --------------------------------------------------------------------------------------------------------------

ponder.on("NodeRegistry:Staked", async ({ event, context }) => {
  const { nodeId, from, amount } = event.args;
  await changeNode(context, event, nodeId, { kind: "STAKED", amount, address: from, move: moves.staked(event.args) });
});

ponder.on("NodeRegistry:Unbonded", async ({ event, context }) => {
  const { nodeId, amount, withdrawableAt } = event.args;
  const move = moves.unbonded(event.args);
  await changeNode(context, event, nodeId, { kind: "UNBONDED", amount, move, change: { withdrawableAt } });
});

ponder.on("NodeRegistry:Rebonded", async ({ event, context }) => {
  const { nodeId, amount } = event.args;
  await changeNode(context, event, nodeId, { kind: "REBONDED", amount, move: moves.rebonded(event.args) });
});

ponder.on("NodeRegistry:Withdrawn", async ({ event, context }) => {
  const { nodeId, to, amount } = event.args;
  await changeNode(context, event, nodeId, {
    kind: "WITHDRAWN",
    amount,
    address: to,
    move: moves.withdrawn(event.args),
  });
  const { owner: funder = to } = (await context.db.find(node, { id: nodeId })) ?? {};
  await addPayment(context, event, { funder, account: to, how: "STAKE_WITHDRAWAL", token: addresses.OPG, amount });
  // Stake that its owner throws into the sink leaves the supply and the registry, but not by a burn of the protocol's.
  if (addresses.BurnSink && isAddressEqual(to, addresses.BurnSink)) {
    await addToProtocol(context, { destroyedByRegistry: -amount });
  }
});

// --- bonds and burns ------------------------------------------------------------------------------------------------------

ponder.on("NodeRegistry:BondLocked", async ({ event, context }) => {
  const { nodeId, ref, amount } = event.args;
  const locked = { amount, lockedAt: event.block.timestamp, unlockedAt: null, unlockedBy: null };
  await context.db
    .insert(bond)
    .values({ nodeId, ref, ...locked })
    .onConflictDoUpdate(locked);
  await changeNode(context, event, nodeId, { kind: "BOND_LOCKED", amount, ref, move: moves.bondLocked(event.args) });
});

ponder.on("NodeRegistry:BondUnlocked", async ({ event, context }) => {
  const { nodeId, ref, amount, burned, paid } = event.args;
  const unlocked = { burned, paid, unlockedAt: event.block.timestamp, unlockedBy: event.transaction.hash };
  await context.db.update(bond, { nodeId, ref }).set(unlocked);
  await changeNode(context, event, nodeId, {
    kind: "BOND_UNLOCKED",
    amount,
    ref,
    move: moves.bondUnlocked(event.args),
  });
});

ponder.on("NodeRegistry:Burned", async ({ event, context }) => {
  const { db } = context;
  const { nodeId, ref, amount } = event.args;
  // What a bond or a slashing burned has left the account already, a moment before in the same transaction.
  const unlockedBy = (await db.find(bond, { nodeId, ref }))?.unlockedBy;
  const slashedBy = (await db.find(slashing, { nodeId, ref }))?.transactionHash;
  const { hash } = event.transaction;
  const move = unlockedBy === hash || slashedBy === hash ? UNCHANGED : moves.burnedFree(event.args);
  await changeNode(context, event, nodeId, { kind: "BURNED", amount, ref, move });
  await db.update(node, { id: nodeId }).set((row) => plus(row, { burned: amount }));

  const request = await db.find(inference, { id: ref });
  // What burns for a batch is its own to judge, in a later event.
  const { selfDealing } = request
    ? await dealingWith(context, nodeId, [request.requester], request.dealing)
    : { selfDealing: false };
  const { modelId = null, route = null } = request ?? {};
  const attribution = { nodeId, ref, modelId, route, selfDealing };
  // The settlement says why, in a later event.
  const cause = slashedBy === hash ? "SLASH" : "OTHER";
  await db.insert(burn).values({ id: event.id, ...attribution, amount, cause, ...stampOf(event) });
  await addToProtocol(context, { burned: amount });
  const burned = { burned: amount, burnedNet: selfDealing ? 0n : amount };
  await addToPeriods(context, event, burned);
  await addToPeriodNodes(context, event, nodeId, burned);
  if (request === null) {
    const burnId = event.id;
    await db.insert(burnFor).values({ ref, burnId }).onConflictDoUpdate({ burnId });
    return;
  }
  await addToPeriodRoutesAndModels(context, event, request, burned);
  await db.update(inference, { id: ref }).set((row) => ({ ...plus(row, { burned: amount }), burnId: event.id }));
});

ponder.on("NodeRegistry:Slashed", async ({ event, context }) => {
  const { nodeId, ref, burned, paid } = event.args;
  const { free = 0n, unbonding = 0n } = (await context.db.find(node, { id: nodeId })) ?? {};
  const shares = { burned, paid, ...stampOf(event) };
  await context.db
    .insert(slashing)
    .values({ nodeId, ref, ...shares })
    .onConflictDoUpdate(shares);
  const move = { ...UNCHANGED, free: -free, unbonding: -unbonding };
  await changeNode(context, event, nodeId, { kind: "SLASHED", amount: burned + paid, ref, move });
});
