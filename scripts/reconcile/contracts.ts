import { ZeroAddress, ZeroHash } from "ethers";
import {
  KEY_FAULTS,
  NODE_STATUSES,
  nameOf,
  OUTPUT_COMMITMENTS,
  REQUEST_STATUSES,
  ROUTES,
} from "../../indexer/src/mapping/enums.ts";
import { contractsOf } from "../../sdk/src/chain/contracts.ts";
import { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { ContractError } from "../../sdk/src/errors/ContractError.ts";
import { batchSettlementAbi, groth16VerifierAbi, opgAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import { VerifierStatus } from "../../sdk/src/types.ts";
import { type Books, big, type Entity, type Row } from "./books.ts";
import { inParallel, type Progress, type ProviderAt } from "./chain.ts";
import type { Holding, Statement } from "./compare.ts";

/**
 * What the contracts themselves say at the provider's block: every account, status, balance, count and parameter that
 * they have a view of; and what they hold of OPG and of each token that was ever listed. It does not depend on logs, except
 * for which identifiers to ask about; the registries' counts say whether any of those is missing.
 */
export async function readContracts(
  provider: ProviderAt,
  deployment: Deployment,
  books: Books,
  progress: Progress,
): Promise<{ readonly statements: Statement[]; readonly holdings: Holding[] }> {
  const { settlement, nodes, models, verifiers, opg } = contractsOf(deployment, provider);
  const { BatchSettlement } = deployment.addresses;
  const chainId = BigInt(deployment.chainId);
  const batches =
    BatchSettlement === undefined ? null : new TypedContract(BatchSettlement, batchSettlementAbi, provider);
  const statements: Statement[] = [];
  const holdings: Holding[] = [];
  const say = (entity: Entity, row: Row) => statements.push({ entity, row });
  const tasks: (() => Promise<unknown>)[] = [];
  /** Asks about every row of an entity. */
  const each = (entity: Entity, ask: (row: Row, text: (column: string) => string) => Promise<Row | null>) => {
    for (const row of books.rows(entity).values()) {
      const key = Object.fromEntries(Object.entries(row));
      tasks.push(async () => {
        const columns = await ask(row, (column) => String(key[column]));
        if (columns !== null) say(entity, columns);
      });
    }
  };
  const routeOf = (name: string) => ROUTES.indexOf(name as (typeof ROUTES)[number]) as 0 | 1;

  each("node", async (_, text) => {
    const id = text("id");
    const [{ owner, status, pendingOwner, signer, payout }, account] = [
      await nodes.read("nodeOf", id),
      await nodes.read("accountOf", id),
    ];
    return {
      id,
      owner: lower(owner),
      signer: lower(signer),
      payout: lower(payout),
      pendingOwner: address(pendingOwner),
      status: nameOf(NODE_STATUSES, status),
      ...account,
    };
  });
  each("offer", async ({ nodeId = null, modelId = null, route = null, token = null, hash = null }, text) => {
    const standing = await nodes.read(
      "offerOf",
      text("nodeId"),
      text("modelId"),
      routeOf(text("route")),
      text("token"),
    );
    const key = { nodeId, modelId, route, token };
    return standing === ZeroHash ? { ...key, standing: false } : { ...key, standing: true, hash: standing ?? hash };
  });
  each("settlementModule", async (_, text) => ({
    address: text("address"),
    activeAt: await nodes.read("moduleActiveAt", text("address")),
  }));
  each("model", async (_, text) => {
    const { owner, pendingOwner } = await models.read("ownerOf", text("id"));
    return { id: text("id"), owner: lower(owner), pendingOwner: address(pendingOwner) };
  });
  each("modelRoute", async ({ modelId = null, route = null }, text) => {
    const { version } = await models.read("currentRoute", text("modelId"), routeOf(text("route")));
    return { modelId, route, version: BigInt(version) };
  });
  each("routeVersion", async ({ modelId = null, route = null, version = null }, text) => {
    const stored = await models.read("routeAt", text("modelId"), routeOf(text("route")), Number(version));
    return {
      modelId,
      route,
      version,
      verifierId: BigInt(stored.verifierId),
      parameters: stored.parameters,
      outputCommitment: nameOf(OUTPUT_COMMITMENTS, stored.outputCommitment),
    };
  });
  each("verifier", async ({ id = null }) => {
    const { verifier, route, status } = await verifiers.read("verifierOf", Number(id));
    const name = status === VerifierStatus.FROZEN ? "FROZEN" : status === VerifierStatus.REVOKED ? "REVOKED" : "ACTIVE";
    return { id, address: lower(verifier), route: nameOf(ROUTES, route), status: name };
  });
  each("enclave", async ({ verifier = null, nodeId = null, index = null }, text) => {
    const contract = new TypedContract(text("verifier"), teeVerifierAbi, provider);
    const { key, validFrom, validUntil, measurement } = await contract.read("enclaveAt", text("nodeId"), big(index));
    const times = { validFrom: BigInt(validFrom), validUntil: BigInt(validUntil) };
    return { verifier, nodeId, index, key: lower(key), measurement, ...times };
  });
  each("keyFault", async ({ verifier = null, nodeId = null, key = null }, text) => {
    const contract = new TypedContract(text("verifier"), teeVerifierAbi, provider);
    return {
      verifier,
      nodeId,
      key,
      fault: nameOf(KEY_FAULTS, await contract.read("faultOf", text("nodeId"), text("key"))),
    };
  });
  each("verifyingKey", async ({ verifier = null, keyId = null }, text) => {
    const contract = new TypedContract(text("verifier"), groth16VerifierAbi, provider);
    const { pointer, numPublic, ceremony } = await contract.read("keyInfo", text("keyId"));
    const { development, contributions, zkeyHash } = ceremony;
    const declared = { development, contributions: BigInt(contributions), zkeyHash };
    return { verifier, keyId, pointer: lower(pointer), numPublic, ...declared };
  });
  each("inference", async (_, text) => {
    const { status } = await settlement.read("clockOf", text("id"));
    return { id: text("id"), status: nameOf(REQUEST_STATUSES, status) };
  });
  each("credit", async ({ token = null, account = null }, text) => ({
    token,
    account,
    balance: await settlement.read("creditOf", text("token"), text("account")),
  }));
  if (batches !== null) {
    each("channel", async (_, text) => {
      const { payer, withdrawableAt, claimed, balance } = await batches.read("channelOf", text("id"));
      const time = withdrawableAt === 0n ? null : withdrawableAt;
      return { id: text("id"), payer: lower(payer), claimed, balance, withdrawableAt: time };
    });
    each("channelCredit", async ({ token = null, account = null }, text) => ({
      token,
      account,
      balance: await batches.read("creditOf", text("token"), text("account")),
    }));
  }
  each("token", async ({ escrowed, credited, inChannels, channelCredited }, text) => {
    const owed = await settlement.read("owed", text("address"));
    const owedByBatches = (await batches?.read("owed", text("address"))) ?? 0n;
    return {
      inChannels: owedByBatches - big(channelCredited),
      channelCredited: owedByBatches - big(inChannels),
      address: text("address"),
      listed: await settlement.read("isListed", text("address")),
      // Each contract keeps one sum of both.
      credited: owed - big(escrowed),
      escrowed: owed - big(credited),
    };
  });
  // Anybody can bring a token into the books, and one that was never listed may say anything of its balances.
  const listings = [...books.rows("governanceEvent").values()].filter(({ kind }) => kind === "TOKEN_LISTED");
  for (const token of new Set([lower(opg.address), ...listings.map(({ subject }) => String(subject))])) {
    const contract = new TypedContract(token, opgAbi, provider);
    const holds = (holder: string, entity: Entity, row: Row, ...columns: string[]) =>
      tasks.push(async () => {
        const held = await contract.read("balanceOf", holder).catch((error: unknown) => {
          if (error instanceof ContractError) return null;
          throw error;
        });
        holdings.push({ entity, row, columns, held });
      });
    holds(settlement.address, "token", { address: token }, "escrowed", "credited");
    if (batches !== null) holds(batches.address, "token", { address: token }, "inChannels", "channelCredited");
    if (token === lower(opg.address)) holds(nodes.address, "protocol", { chainId }, "free", "bonded", "unbonding");
  }
  tasks.push(async () => {
    const [row] = books.rows("protocol").values();
    if (row === undefined) return;
    const { burnSink = null, parametersId = null, scheduledParametersId = null } = row;
    const sunk = burnSink === null ? 0n : await opg.read("balanceOf", String(burnSink));
    say("protocol", {
      chainId,
      supply: (await opg.read("totalSupply")) - sunk,
      nodes: await nodes.read("nodeCount"),
      open: await nodes.read("isOpen"),
      paused: await settlement.read("isPaused"),
      opg: lower(await nodes.read("opg")),
    });
    if (parametersId !== null) say("parameterSet", { id: parametersId, ...wide(await settlement.read("parameters")) });
    const { next, applicableAt } = await settlement.read("scheduledParameters");
    if (scheduledParametersId !== null) say("parameterSet", { id: scheduledParametersId, ...wide(next), applicableAt });
  });

  await inParallel(tasks, "contract reads", progress, async (task) => void (await task()));
  return { statements, holdings };
}

const lower = (value: string) => value.toLowerCase();
const address = (value: string) => (value === ZeroAddress ? null : lower(value));
/** Integers as the tables' rows have them. */
const wide = (values: Readonly<Record<string, number | bigint>>): Row =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, BigInt(value)]));
