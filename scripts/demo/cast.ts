import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  addressOf,
  contractsOf,
  type Deployment,
  groth16VerifierAbi,
  type Offer,
  OpgModels,
  OpgOperator,
  OutputCommitment,
  Route,
  TypedContract,
  testUsdAbi,
} from "@opg/settlement-sdk";
import {
  type NodeEvent,
  type NodeModel,
  type RunningNode,
  type ServeOptions,
  serveNode,
} from "@opg/settlement-sdk/node";
import { type HDNodeWallet, id } from "ethers";
import type { Digits } from "../../circuits/src/digits.ts";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { Trust } from "../../sdk/src/types.ts";
import type { Identity } from "../enclave/simulator.ts";
import { DIGIT_UNITS, digitsRuntime } from "../models/digits.ts";
import type { LocalChain } from "./chain.ts";
import { progress } from "./console.ts";
import { DemoEnclave } from "./enclave.ts";
import { sheetRuntime } from "./sheets.ts";

export const OPG = 10n ** 18n;
export const USD = 10n ** 6n;

const STAKE = 1_000n * OPG;
/** What Dee stakes: every inference in a batch burns its verification fee. */
const ENCLAVE_STAKE = 2_500n * OPG;
const PURSE = 1_000n * USD;

/** An operator's node, at work. */
export interface Operator {
  readonly name: string;
  /** OPG, in base units. */
  readonly stake: bigint;
  readonly wallet: HDNodeWallet;
  readonly payout: string;
  readonly nodeId: string;
  readonly offer: Offer;
  readonly node: RunningNode;
}

/** Everybody who takes part. */
export interface Cast {
  readonly modelId: string;
  readonly requester: HDNodeWallet;
  /** Two that prove in zero knowledge, one that should and does not, one with an enclave. */
  readonly operators: readonly [Operator, Operator, Operator, Operator];
  /** Gas of the one transaction that attested the enclave. */
  readonly attestationGas: bigint;
}

/** What an operator asks for, in base units and seconds. */
interface Plan {
  readonly name: string;
  readonly route: Route;
  readonly pricePerRequest: bigint;
  readonly pricePerUnit: bigint;
  readonly proofWindow: number;
}

const PLANS = {
  ada: { name: "Ada", route: Route.ZK, pricePerRequest: USD / 100n, pricePerUnit: 0n, proofWindow: 3_600 },
  ben: { name: "Ben", route: Route.ZK, pricePerRequest: USD / 125n, pricePerUnit: 0n, proofWindow: 3_600 },
  cal: { name: "Cal", route: Route.ZK, pricePerRequest: USD / 200n, pricePerUnit: 0n, proofWindow: 60 },
  dee: { name: "Dee", route: Route.TEE, pricePerRequest: USD / 1_000n, pricePerUnit: USD / 500n, proofWindow: 600 },
} as const satisfies Record<string, Plan>;

/** What {@link assemble} needs to know. */
export interface CastOptions {
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  readonly digits: Digits;
  /** The digit model; see {@link publish}. */
  readonly modelId: string;
  /** The development root that the simulated enclave's documents come under. */
  readonly root: Identity;
  /** Is told what happens at the nodes. */
  readonly onEvent: (event: NodeEvent) => void;
}

/** Registers, stakes, lists and starts four nodes that serve the digit model. */
export async function assemble(options: CastOptions): Promise<Cast> {
  const { chain, deployment, digits, modelId, root, onEvent } = options;
  const treasury = chain.wallet(0);
  const { opg } = contractsOf(deployment, treasury);
  const testUsd = new TypedContract(addressOf(deployment, "TestUSD"), testUsdAbi, treasury);
  const enclave = new DemoEnclave(root, imageOf(digits), digits.weightsCommitment);
  const requester = chain.wallet(2);
  await testUsd.write("mint", requester.address, PURSE);

  /** Registers, stakes and lists a node. */
  async function list(index: number, plan: Plan): Promise<Listed> {
    const stake = plan.route === Route.TEE ? ENCLAVE_STAKE : STAKE;
    progress(`operator ${plan.name}: registering a node, staking ${stake / OPG} OPG, posting an offer`);
    const [wallet, signer, payout] = [chain.wallet(3 + index), chain.wallet(7 + index), chain.wallet(11 + index)];
    await opg.write("transfer", wallet.address, stake);
    await testUsd.write("mint", wallet.address, PURSE);
    const operator = new OpgOperator({ signer: wallet, deployment });
    const nodeId = await operator.register({ signer: signer.address, payout: payout.address });
    await operator.stake(nodeId, stake);
    const { name, ...terms } = plan;
    const token = addressOf(deployment, "TestUSD");
    const offer = await operator.postOffer({
      ...terms,
      nodeId,
      modelId,
      token,
      coverage: 100n * OPG,
      deliveryWindow: 600,
    });
    return { name, stake, wallet, signer, payout: payout.address, nodeId, offer, operator };
  }

  /** Starts a listed node and publishes where it is. */
  async function start(
    { operator, signer, ...listed }: Listed,
    model: NodeModel,
    options: Partial<ServeOptions>,
  ): Promise<Operator> {
    const node = await serveNode({
      signer,
      deployment,
      nodes: [listed.nodeId],
      models: [model],
      directory: mkdtempSync(join(tmpdir(), "opg-node-")),
      pollingInterval: 100,
      onEvent,
      ...options,
    });
    await operator.describe(listed.nodeId, node.url, "");
    return { ...listed, node };
  }

  const prover = digitsRuntime(modelId, digits.weights);
  const idler = { ...prover, prove: () => new Promise<never>(() => undefined) };
  const ada = await start(await list(0, PLANS.ada), prover, {});
  const ben = await start(await list(1, PLANS.ben), prover, { acceptOpen: () => true });
  const cal = await start(await list(2, PLANS.cal), idler, {});
  const listed = await list(3, PLANS.dee);
  progress("operator Dee: attesting the enclave, five P-384 signatures in one transaction");
  const { index, gas } = await enclave.attest(deployment, listed.signer, listed.nodeId);
  const sign = (digest: string) => enclave.sign(digest, index);
  const dee = await start(listed, sheetRuntime(modelId, digits.weights, sign), {
    concurrency: 64,
    // In batches a burn is due per inference, and their escrowed requests' prices are what channels pay.
    channels: { enclave: { key: enclave.address, prove: sign }, offers: [listed.offer], settleAt: 10_000 },
  });
  return { modelId, requester, operators: [ada, ben, cal, dee], attestationGas: gas };
}

type Listed = Omit<Operator, "node"> & { readonly signer: HDNodeWallet; readonly operator: OpgOperator };

/** What an enclave that runs the digit model is measured by: the model's weights. */
export const imageOf = (digits: Digits): string => JSON.stringify(digits.weights);

/**
 * Registers the circuit's verifying key, the model, and its two routes.
 *
 * @param root The development root that its enclaves' documents come under.
 * @returns the model's identifier.
 */
export async function publish(
  chain: LocalChain,
  deployment: Deployment,
  digits: Digits,
  root: Identity,
): Promise<string> {
  progress("registering the model, its verifying key and the image of its enclave");
  const owner = chain.wallet(1);
  const { measurement } = new DemoEnclave(root, imageOf(digits), digits.weightsCommitment);
  const models = new OpgModels({ signer: owner, deployment });
  const groth16 = new TypedContract(addressOf(deployment, "Groth16Verifier"), groth16VerifierAbi, owner);
  await groth16.write("registerKey", digits.keyBytes);
  const modelId = await models.register(id(digits.weightsCommitment));
  await models.setRoute(modelId, {
    route: Route.ZK,
    verifierId: await models.verifierIdOf(groth16.address),
    outputCommitment: OutputCommitment.VALUE,
    parameters: encodeZkParameters({ ...digits, units: DIGIT_UNITS }),
  });
  await models.setRoute(modelId, {
    route: Route.TEE,
    verifierId: await models.verifierIdOf(addressOf(deployment, "TeeVerifier")),
    outputCommitment: OutputCommitment.KECCAK256,
    parameters: encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements: [measurement] }),
  });
  return modelId;
}
