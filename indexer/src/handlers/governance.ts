import { type Context, ponder } from "ponder:registry";
import { governanceEvent, parameterSet, protocol, settlementModule, token, verifier } from "ponder:schema";
import { type Address, BaseError, ContractFunctionRevertedError, ContractFunctionZeroDataError, type Hex } from "viem";
import { nitroVerifierAbi, teeVerifierAbi } from "../../../sdk/src/generated/abis.ts";
import { nameOf, ROUTES } from "../mapping/enums.ts";
import { type ChainEvent, stampOf } from "../mapping/stamp.ts";
import { kept } from "../mapping/text.ts";
import { settings } from "../settings.ts";

type GovernanceLog = ChainEvent & { readonly log: { readonly address: Address } };
type Act = Omit<
  typeof governanceEvent.$inferInsert,
  "id" | "contract" | "sender" | "blockNumber" | "timestamp" | "transactionHash"
>;

const protocolKey = { chainId: BigInt(settings.deployment.chainId) };

/** Keeps an act of governance in its history. */
export async function recordGovernance({ db }: Context, event: GovernanceLog, act: Act): Promise<void> {
  const by = { contract: event.log.address, sender: event.transaction.from };
  await db.insert(governanceEvent).values({ id: event.id, ...act, ...by, ...stampOf(event) });
}

// --- requests, parameters and tokens ------------------------------------------------------------------------------------

ponder.on("Settlement:ParametersScheduled", async ({ event, context }) => {
  const { parameters, applicableAt } = event.args;
  const { id } = event;
  await context.db.insert(parameterSet).values({ id, ...parameters, scheduledAt: event.block.timestamp, applicableAt });
  await context.db.update(protocol, protocolKey).set({ scheduledParametersId: id });
  await recordGovernance(context, event, { kind: "PARAMETERS_SCHEDULED", reference: id, effectiveAt: applicableAt });
});

ponder.on("Settlement:ParametersApplied", async ({ event, context }) => {
  const { db } = context;
  const appliedAt = event.block.timestamp;
  const { scheduledParametersId: scheduled } = (await db.find(protocol, protocolKey)) ?? {};
  const id = scheduled ?? event.id;
  if (scheduled) await db.update(parameterSet, { id }).set({ appliedAt });
  else await db.insert(parameterSet).values({ id, ...event.args.parameters, appliedAt });
  await db.update(protocol, protocolKey).set({ parametersId: id, scheduledParametersId: null });
  await recordGovernance(context, event, { kind: "PARAMETERS_APPLIED", reference: id });
});

ponder.on("Settlement:TokenListed", async ({ event, context }) => {
  const { token: address, listed } = event.args;
  await context.db.insert(token).values({ address, listed }).onConflictDoUpdate({ listed });
  const kind = listed ? "TOKEN_LISTED" : "TOKEN_DELISTED";
  await recordGovernance(context, event, { kind, subject: address });
});

ponder.on("Settlement:RequestsPaused", async ({ event, context }) => {
  const { paused } = event.args;
  await context.db.update(protocol, protocolKey).set({ paused });
  await recordGovernance(context, event, { kind: paused ? "REQUESTS_PAUSED" : "REQUESTS_UNPAUSED" });
});

// --- the node registry ----------------------------------------------------------------------------------------------------

ponder.on("NodeRegistry:RegistrationOpened", async ({ event, context }) => {
  await context.db.update(protocol, protocolKey).set({ open: true });
  await recordGovernance(context, event, { kind: "REGISTRATION_OPENED" });
});

ponder.on("NodeRegistry:ModuleAdded", async ({ event, context }) => {
  const { module: address, activeAt } = event.args;
  await context.db.insert(settlementModule).values({ address, activeAt, addedAt: event.block.timestamp });
  await recordGovernance(context, event, { kind: "MODULE_ADDED", subject: address, effectiveAt: activeAt });
});

// --- verifiers ------------------------------------------------------------------------------------------------------------

/** The root of a TEE verifier's attestations, which never changes; null where it does not say. */
async function rootHashOf({ client }: Context, address: Address): Promise<Hex | null> {
  // Without the state of that block, which not every node has any more.
  const cache = "immutable";
  try {
    const attestations = await client.readContract({ abi: teeVerifierAbi, address, functionName: "verifier", cache });
    const root = { abi: nitroVerifierAbi, address: attestations, functionName: "rootHash", cache } as const;
    return await client.readContract(root);
  } catch (error) {
    const isAnswer = (cause: unknown) =>
      cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError;
    if (error instanceof BaseError && error.walk(isAnswer) !== null) return null;
    throw error;
  }
}

ponder.on("VerifierRegistry:VerifierAdded", async ({ event, context }) => {
  const { verifierId, verifier: address, activeAt } = event.args;
  const route = nameOf(ROUTES, event.args.route);
  await context.db.insert(verifier).values({
    id: BigInt(verifierId),
    route,
    address,
    status: "ACTIVE",
    activeAt,
    addedAt: event.block.timestamp,
    rootHash: route === "TEE" ? await rootHashOf(context, address) : null,
  });
  const act = { subject: address, reference: String(verifierId), effectiveAt: activeAt };
  await recordGovernance(context, event, { kind: "VERIFIER_ADDED", ...act });
});

ponder.on("VerifierRegistry:VerifierFrozen", async ({ event, context }) => {
  const id = BigInt(event.args.verifierId);
  const change = { status: "FROZEN", frozenAt: event.block.timestamp } as const;
  const { address } = await context.db.update(verifier, { id }).set(change);
  await recordGovernance(context, event, { kind: "VERIFIER_FROZEN", subject: address, reference: String(id) });
});

ponder.on("VerifierRegistry:VerifierRevoked", async ({ event, context }) => {
  const id = BigInt(event.args.verifierId);
  const change = { status: "REVOKED", revokedAt: event.block.timestamp } as const;
  const { address } = await context.db.update(verifier, { id }).set(change);
  await recordGovernance(context, event, { kind: "VERIFIER_REVOKED", subject: address, reference: String(id) });
});

// --- who may do what ------------------------------------------------------------------------------------------------------

type AuthorityUpdated = GovernanceLog & { readonly args: { readonly authority: Address } };
async function changeAuthority({ event, context }: { event: AuthorityUpdated; context: Context }): Promise<void> {
  await recordGovernance(context, event, { kind: "AUTHORITY_CHANGED", subject: event.args.authority });
}
ponder.on("Settlement:AuthorityUpdated", changeAuthority);
ponder.on("NodeRegistry:AuthorityUpdated", changeAuthority);
ponder.on("VerifierRegistry:AuthorityUpdated", changeAuthority);
ponder.on("Verifier:AuthorityUpdated", changeAuthority);
ponder.on("NitroVerifier:AuthorityUpdated", changeAuthority);

ponder.on("AccessManager:RoleGranted", async ({ event, context }) => {
  const { roleId: role, account: subject, delay, since } = event.args;
  const times = { delay: BigInt(delay), effectiveAt: BigInt(since) };
  await recordGovernance(context, event, { kind: "ROLE_GRANTED", subject, role, ...times });
});

ponder.on("AccessManager:RoleRevoked", async ({ event, context }) => {
  const { roleId: role, account: subject } = event.args;
  await recordGovernance(context, event, { kind: "ROLE_REVOKED", subject, role });
});

ponder.on("AccessManager:RoleLabel", async ({ event, context }) => {
  const { roleId: role, label } = event.args;
  await recordGovernance(context, event, { kind: "ROLE_LABELLED", role, reference: kept(label) });
});

ponder.on("AccessManager:RoleAdminChanged", async ({ event, context }) => {
  const { roleId: role, admin } = event.args;
  await recordGovernance(context, event, { kind: "ROLE_ADMIN_CHANGED", role, reference: String(admin) });
});

ponder.on("AccessManager:RoleGuardianChanged", async ({ event, context }) => {
  const { roleId: role, guardian } = event.args;
  await recordGovernance(context, event, { kind: "ROLE_GUARDIAN_CHANGED", role, reference: String(guardian) });
});

ponder.on("AccessManager:RoleGrantDelayChanged", async ({ event, context }) => {
  const { roleId: role, delay, since } = event.args;
  const times = { delay: BigInt(delay), effectiveAt: BigInt(since) };
  await recordGovernance(context, event, { kind: "ROLE_GRANT_DELAY_CHANGED", role, ...times });
});

ponder.on("AccessManager:TargetFunctionRoleUpdated", async ({ event, context }) => {
  const { target: subject, selector: reference, roleId: role } = event.args;
  await recordGovernance(context, event, { kind: "FUNCTION_ROLE_CHANGED", subject, role, reference });
});

ponder.on("AccessManager:TargetClosed", async ({ event, context }) => {
  const { target: subject, closed } = event.args;
  await recordGovernance(context, event, { kind: closed ? "TARGET_CLOSED" : "TARGET_OPENED", subject });
});

ponder.on("AccessManager:TargetAdminDelayUpdated", async ({ event, context }) => {
  const { target: subject, delay, since } = event.args;
  const times = { delay: BigInt(delay), effectiveAt: BigInt(since) };
  await recordGovernance(context, event, { kind: "TARGET_ADMIN_DELAY_CHANGED", subject, ...times });
});

ponder.on("AccessManager:OperationScheduled", async ({ event, context }) => {
  const { operationId: reference, schedule, target: subject, data } = event.args;
  const act = { subject, reference, effectiveAt: BigInt(schedule), data };
  await recordGovernance(context, event, { kind: "OPERATION_SCHEDULED", ...act });
});

ponder.on("AccessManager:OperationExecuted", async ({ event, context }) => {
  await recordGovernance(context, event, { kind: "OPERATION_EXECUTED", reference: event.args.operationId });
});

ponder.on("AccessManager:OperationCanceled", async ({ event, context }) => {
  await recordGovernance(context, event, { kind: "OPERATION_CANCELLED", reference: event.args.operationId });
});
