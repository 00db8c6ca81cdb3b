import { id, type Provider } from "ethers";
import { groth16 } from "snarkjs";
import { withCurve } from "../../circuits/src/curve.ts";
import type { BatchEvidence, Evidence, InferenceEvidence } from "../../sdk/src/verify/evidence.ts";
import { type EvidencePointers, gatherEvidence } from "../../sdk/src/verify/gatherEvidence.ts";
import {
  type StepId,
  type Verification,
  type VerificationOptions,
  verifyEvidence,
} from "../../sdk/src/verify/verifyEvidence.ts";
import { AuditedProtocol } from "./audit.ts";
import { BatchRoute, channelKey } from "./batches.ts";
import { ethers, OPG_UNIT, Route, USD_UNIT } from "./fixtures.ts";

/** A digit proven in zero knowledge, an answer that an enclave signed, and a batch, settled; and their evidence. */
export class ProvenWorld {
  readonly world: AuditedProtocol;
  readonly batches: BatchRoute;
  readonly zk: InferenceEvidence;
  readonly tee: InferenceEvidence;
  readonly batch: BatchEvidence;

  private constructor(
    world: AuditedProtocol,
    batches: BatchRoute,
    zk: InferenceEvidence,
    tee: InferenceEvidence,
    batch: BatchEvidence,
  ) {
    this.world = world;
    this.batches = batches;
    this.zk = zk;
    this.tee = tee;
    this.batch = batch;
  }

  static async open(): Promise<ProvenWorld> {
    const world = await AuditedProtocol.open();
    const { protocol } = world;
    const { settlement, opg: token, nodes } = protocol.contracts;
    const digit = await world.askDigit();
    await settlement.deliver(digit.terms, digit.answer);
    await settlement.settle(digit.terms, digit.answer.outputHash, digit.answer.units, digit.proof);
    const signed = await world.askEnclave();
    await settlement.deliverAndSettle(signed.terms, protocol.nodeId, signed.answer, signed.proof);
    const gather = async (requestId: string) =>
      (await gatherEvidence(ethers.provider, await pointersTo(world, requestId))) as InferenceEvidence;
    const [zk, tee] = [await gather(digit.requestId), await gather(signed.requestId)];

    const batches = await BatchRoute.open(protocol);
    await token.approve(nodes, 100n * OPG_UNIT);
    await nodes.stake(protocol.nodeId, 100n * OPG_UNIT);
    await batches.openChannel(channelKey(0));
    const rows = batches.rows({ signer: channelKey(0), ceiling: USD_UNIT, amount: 7n });
    const first = await batches.signed(rows, { root: id("leaves") });
    await batches.contract.settleBatch(...first);
    const pointers = await batchPointersTo(batches);
    return new ProvenWorld(world, batches, zk, tee, (await gatherEvidence(ethers.provider, pointers)) as BatchEvidence);
  }
}

/** Where the chain has the evidence of a request. */
export async function pointersTo({ protocol, route }: AuditedProtocol, requestId: string): Promise<EvidencePointers> {
  const { settlement, models } = protocol.contracts;
  const { filters } = settlement;
  const [requested] = await settlement.queryFilter(filters.Requested(requestId));
  const [delivered] = await settlement.queryFilter(filters.Delivered(requestId));
  const [settled] = await settlement.queryFilter(filters.Settled(requestId));
  if (!requested || !delivered || !settled) throw new Error(`request ${requestId} is not settled`);
  const { modelId, route: kind, routeVersion } = requested.args.terms.offer;
  const [set] = await models.queryFilter(models.filters.RouteSet(modelId, kind, routeVersion));
  return {
    of: "inference",
    chainId: 31_337,
    contract: await settlement.getAddress(),
    id: requestId,
    requested: requested.transactionHash,
    delivered: delivered.transactionHash,
    settled: settled.transactionHash,
    routeSet: set?.transactionHash ?? "",
    attested: attestationsOf(route.tee),
  };
}

/** Where the chain has the evidence of the first batch of a stream. */
export async function batchPointersTo({ contract, protocol, route, address }: BatchRoute): Promise<EvidencePointers> {
  const { models } = protocol.contracts;
  const [settled] = await contract.queryFilter(contract.filters.BatchSettled());
  if (settled === undefined) throw new Error("no batch is settled");
  const { modelId, routeVersion } = settled.args.batch;
  const [set] = await models.queryFilter(models.filters.RouteSet(modelId, Route.TEE, routeVersion));
  return {
    of: "batch",
    chainId: 31_337,
    contract: address,
    id: settled.args.digest,
    settled: settled.transactionHash,
    routeSet: set?.transactionHash ?? "",
    attested: attestationsOf(route.tee),
  };
}

const attestationsOf =
  (tee: AuditedProtocol["route"]["tee"]) =>
  async (_: string, nodeId: string, index: number): Promise<string | undefined> =>
    (await tee.queryFilter(tee.filters.EnclaveAttested(nodeId, index)))[0]?.transactionHash;

/** Verifies, with snarkjs at hand where there is a proof of its kind. */
export const verify = (evidence: Evidence, options: Partial<VerificationOptions> = {}): Promise<Verification> =>
  evidence.groth16 === null
    ? verifyEvidence(evidence, { snarkjs: () => Promise.reject(new Error("nobody needs snarkjs here")), ...options })
    : withCurve((curve) => verifyEvidence(evidence, { snarkjs: async () => ({ groth16, curve }), ...options }));

/** The step at which a verification failed; undefined if none did. */
export const failedAt = ({ steps }: Verification): StepId | undefined =>
  steps.find(({ state }) => state === "failed")?.id;

/** A provider that answers some questions otherwise. */
export const altered = (provider: Provider, change: Partial<Provider>): Provider =>
  new Proxy(provider, {
    get: (target, name) => {
      if (name in change) return Reflect.get(change, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
