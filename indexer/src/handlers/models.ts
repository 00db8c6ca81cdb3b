import { type Context, ponder } from "ponder:registry";
import { measurementSet, model, modelEvent, modelRoute, routeVersion } from "ponder:schema";
import { zeroAddress } from "viem";
import { nameOf, OUTPUT_COMMITMENTS, ROUTES } from "../mapping/enums.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { kept } from "../mapping/text.ts";
import { measurementSetOf, verifyingKeyIdOf } from "../mapping/trust.ts";
import { addToProtocol } from "./store.ts";

type Recorded = Omit<typeof modelEvent.$inferInsert, "id" | "blockNumber" | "timestamp" | "transactionHash">;

/** Keeps a change in the model's history. */
async function record({ db }: Context, event: ChainEvent, row: Recorded): Promise<void> {
  await db.insert(modelEvent).values({ id: event.id, ...row, ...stampOf(event) });
}

ponder.on("ModelRegistry:ModelRegistered", async ({ event, context }) => {
  const { modelId, metadataURI, ...identity } = event.args;
  await context.db.insert(model).values({
    id: modelId,
    ...identity,
    metadataURI: kept(metadataURI),
    registeredAt: event.block.timestamp,
    registeredBlock: event.block.number,
  });
  await addToProtocol(context, { models: 1n });
  await record(context, event, { modelId, kind: "REGISTERED", address: identity.owner });
});

ponder.on("ModelRegistry:ModelTransferStarted", async ({ event, context }) => {
  const { modelId, pendingOwner } = event.args;
  const change = { pendingOwner: pendingOwner === zeroAddress ? null : pendingOwner };
  await context.db.update(model, { id: modelId }).set(change);
  await record(context, event, { modelId, kind: "TRANSFER_STARTED", address: pendingOwner });
});

ponder.on("ModelRegistry:ModelTransferred", async ({ event, context }) => {
  const { modelId, owner } = event.args;
  await context.db.update(model, { id: modelId }).set({ owner, pendingOwner: null });
  await record(context, event, { modelId, kind: "TRANSFERRED", address: owner });
});

ponder.on("ModelRegistry:RouteSet", async ({ event, context }) => {
  const { modelId, verifierId, parameters } = event.args;
  const key = { modelId, route: nameOf(ROUTES, event.args.route) };
  const version = BigInt(event.args.version);
  const latest = { version, latestVersion: version };
  await context.db
    .insert(modelRoute)
    .values({ ...key, ...latest })
    .onConflictDoUpdate(latest);
  const set = measurementSetOf(key.route, parameters);
  if (set !== null) await context.db.insert(measurementSet).values(set).onConflictDoNothing();
  await context.db.insert(routeVersion).values({
    ...key,
    version,
    verifierId: BigInt(verifierId),
    outputCommitment: nameOf(OUTPUT_COMMITMENTS, event.args.outputCommitment),
    parameters,
    measurementSetId: set?.id ?? null,
    verifyingKeyId: verifyingKeyIdOf(key.route, parameters),
    ...stampOf(event),
  });
  await record(context, event, { ...key, kind: "ROUTE_SET", version });
});

ponder.on("ModelRegistry:RouteDisabled", async ({ event, context }) => {
  const key = { modelId: event.args.modelId, route: nameOf(ROUTES, event.args.route) };
  await context.db.update(modelRoute, key).set({ version: 0n });
  await record(context, event, { ...key, kind: "ROUTE_DISABLED" });
});
