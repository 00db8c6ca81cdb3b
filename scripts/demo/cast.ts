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
import { type NodeEvent, type RunningNode, serveNode } from "@opg/settlement-sdk/node";
import { type HDNodeWallet, id } from "ethers";
import type { Digits } from "../../circuits/src/digits.ts";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { DIGIT_UNITS, digitsRuntime } from "../models/digits.ts";
import type { LocalChain } from "./chain.ts";
import { progress } from "./console.ts";

export const OPG = 10n ** 18n;
export const USD = 10n ** 6n;

const STAKE = 1_000n * OPG;
const PURSE = 1_000n * USD;

/** An operator's node, at work. */
export interface Operator {
  readonly name: string;
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
  readonly operators: readonly [Operator, Operator, Operator];
}

/** What each operator asks for, and how it behaves. */
const PLANS = [
  { name: "Ada", price: USD / 100n, proofWindow: 3_600, proves: true },
  { name: "Ben", price: USD / 125n, proofWindow: 3_600, proves: true },
  { name: "Cal", price: USD / 200n, proofWindow: 60, proves: false },
] as const;

/**
 * Publishes the digit model, and registers, stakes, lists and starts three nodes. The third delivers and never proves.
 *
 * @param onEvent Is told what happens at the nodes.
 */
export async function assemble(
  chain: LocalChain,
  deployment: Deployment,
  digits: Digits,
  onEvent: (event: NodeEvent) => void,
): Promise<Cast> {
  const treasury = chain.wallet(0);
  const { opg } = contractsOf(deployment, treasury);
  const testUsd = new TypedContract(addressOf(deployment, "TestUSD"), testUsdAbi, treasury);

  progress("registering the model and its verifying key");
  const modelId = await publish(chain.wallet(1), deployment, digits);

  const requester = chain.wallet(2);
  await testUsd.write("mint", requester.address, PURSE);
  const operators: Operator[] = [];
  for (const [index, plan] of PLANS.entries()) {
    progress(`operator ${plan.name}: registering a node, staking ${STAKE / OPG} OPG, posting an offer`);
    const [wallet, signer, payout] = [chain.wallet(3 + index), chain.wallet(6 + index), chain.wallet(9 + index)];
    await opg.write("transfer", wallet.address, STAKE);
    await testUsd.write("mint", wallet.address, PURSE);
    const operator = new OpgOperator({ signer: wallet, deployment });
    const nodeId = await operator.register({ signer: signer.address, payout: payout.address });
    await operator.stake(nodeId, STAKE);
    const offer = await operator.postOffer({
      nodeId,
      modelId,
      route: Route.ZK,
      token: addressOf(deployment, "TestUSD"),
      pricePerRequest: plan.price,
      pricePerUnit: 0n,
      coverage: 100n * OPG,
      deliveryWindow: 600,
      proofWindow: plan.proofWindow,
    });
    const model = digitsRuntime(modelId, digits);
    const node = await serveNode({
      signer,
      deployment,
      nodes: [nodeId],
      models: [plan.proves ? model : { ...model, prove: () => new Promise<never>(() => undefined) }],
      directory: mkdtempSync(join(tmpdir(), "opg-node-")),
      pollingInterval: 100,
      acceptOpen: () => plan.proves,
      onEvent,
    });
    await operator.describe(nodeId, node.url, "");
    operators.push({ name: plan.name, wallet, payout: payout.address, nodeId, offer, node });
  }
  const [ada, ben, cal] = operators;
  if (ada === undefined || ben === undefined || cal === undefined) throw new Error("an operator is missing");
  return { modelId, requester, operators: [ada, ben, cal] };
}

/** Registers the circuit's verifying key, the model, and its ZK route. @returns the model's identifier. */
async function publish(owner: HDNodeWallet, deployment: Deployment, digits: Digits): Promise<string> {
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
  return modelId;
}
