import { Interface, id, MaxUint256 } from "ethers";
import { network } from "hardhat";
import type { EthereumProvider } from "hardhat/types/providers";
import TestToken from "../../ignition/modules/TestToken.ts";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { abis } from "../../sdk/src/generated/abis.ts";
import { modelIdOf } from "../../sdk/src/hash/modelIdOf.ts";
import { nodeIdOf } from "../../sdk/src/hash/nodeIdOf.ts";
import { type Offer, OutputCommitment, Route, Trust } from "../../sdk/src/types.ts";
import { Blocks } from "./blocks.ts";

export const OPG_UNIT = 10n ** 18n;
export const USD_UNIT = 10n ** 6n;

/** How many there are of each. */
const MODELS = 10;
const NODES = 24;
const REQUESTERS = 300;

/** OPG that each node stakes. */
const STAKE = 400_000n * OPG_UNIT;
/** Seconds between two events, about: the chain's clock ends a little before ours. */
const PER_EVENT = 36;
const MONTH = 2_592_000;
/** Delay after which verifiers are active, in seconds, and a little more. */
const ACTIVATION = 90_000;
/** Transactions that the setup puts into one block. */
const PER_BLOCK = 40;

/** Contracts that the benchmark sends transactions to. */
type Target =
  | "BatchSettlement"
  | "ModelRegistry"
  | "NodeRegistry"
  | "OPG"
  | "Settlement"
  | "TestUSD"
  | "VerifierRegistry";

/** A node, and what it offers. */
export interface BenchNode {
  readonly id: string;
  readonly owner: string;
  readonly signer: string;
  readonly payout: string;
  readonly offers: readonly Offer[];
}

interface BenchModel {
  readonly id: string;
  readonly owner: string;
  readonly contentHash: string;
  /** The parameters of its routes. */
  readonly parameters: Readonly<Record<Route, string>>;
}

/** An account that looks like any other: 20 bytes of the hash of a name. */
export const accountOf = (name: string): string => `0x${id(name).slice(-40)}`;

/**
 * The protocol on an in-process chain, as Ignition deploys it, with models, staked nodes, their offers, and requesters
 * with money. In place of the proof systems there are doubles: an indexer never looks into a proof, and this chain has
 * thousands.
 */
export class Population {
  readonly provider: EthereumProvider;
  readonly deployment: Deployment;
  readonly blocks: Blocks;
  readonly models: readonly BenchModel[];
  readonly nodes: readonly BenchNode[];
  readonly requesters: readonly string[];
  readonly #interfaces: Readonly<Record<Target, Interface>>;

  private constructor(provider: EthereumProvider, deployment: Deployment, blocks: Blocks) {
    this.provider = provider;
    this.deployment = deployment;
    this.blocks = blocks;
    const of = (name: Target) => new Interface(abis[name]);
    this.#interfaces = {
      BatchSettlement: of("BatchSettlement"),
      ModelRegistry: of("ModelRegistry"),
      NodeRegistry: of("NodeRegistry"),
      OPG: of("OPG"),
      Settlement: of("Settlement"),
      TestUSD: of("TestUSD"),
      VerifierRegistry: of("VerifierRegistry"),
    };
    this.models = Array.from({ length: MODELS }, (_, index) => modelOf(index));
    this.requesters = Array.from({ length: REQUESTERS }, (_, index) => accountOf(`requester ${index}`));
    this.nodes = Array.from({ length: NODES }, (_, index) => this.#nodeOf(index));
  }

  /** Deploys everything, and lets everybody arrive. @param events That will happen, about. */
  static async settle(events: number): Promise<Population> {
    const start = Math.floor(Date.now() / 1000) - events * PER_EVENT - MONTH;
    const { ethers, ignition, provider } = await network.create({ override: { initialDate: new Date(start * 1000) } });
    const deployed = await ignition.deploy(TestToken);
    const addresses = {
      Settlement: await deployed.settlement.getAddress(),
      BatchSettlement: await deployed.batchSettlement.getAddress(),
      NodeRegistry: await deployed.nodes.getAddress(),
      ModelRegistry: await deployed.models.getAddress(),
      VerifierRegistry: await deployed.verifiers.getAddress(),
      Groth16Verifier: await deployed.groth16Verifier.getAddress(),
      TeeVerifier: await deployed.teeVerifier.getAddress(),
      OPG: await deployed.opg.getAddress(),
      TestUSD: await deployed.testUsd.getAddress(),
    };
    const doubles = {
      [Route.ZK]: await (await ethers.deployContract("VerifierDouble")).getAddress(),
      [Route.TEE]: await (await ethers.deployContract("BatchVerifierDouble")).getAddress(),
    };
    const [deployer] = await ethers.getSigners();
    if (deployer === undefined) throw new Error("the chain has no accounts");
    const deployment = { chainId: 31_337, startBlock: 0, addresses };
    const population = new Population(provider, deployment, await Blocks.on(provider));
    await population.#arrive(deployer.address, doubles);
    return population;
  }

  /** Puts a call of one of the protocol's contracts into the next block. */
  send(from: string, target: Target, method: string, ...values: readonly unknown[]): void {
    const to = addressOf(this.deployment, target);
    this.blocks.send({ from, to, data: this.#interfaces[target].encodeFunctionData(method, values) });
  }

  /** The parameters of a model's route. */
  parametersOf(modelId: string, route: Route): string {
    const model = this.models.find(({ id }) => id === modelId);
    if (model === undefined) throw new Error(`there is no model ${modelId}`);
    return model.parameters[route];
  }

  /** Governance, then models and nodes, then those who pay; the pauses are for what has to be active before it is used. */
  async #arrive(deployer: string, doubles: Readonly<Record<Route, string>>): Promise<void> {
    const { blocks, deployment } = this;
    const steps: (() => void)[] = [];
    this.send(deployer, "VerifierRegistry", "add", Route.ZK, doubles[Route.ZK]);
    this.send(deployer, "VerifierRegistry", "add", Route.TEE, doubles[Route.TEE]);
    this.send(deployer, "Settlement", "setToken", addressOf(deployment, "OPG"), true);
    await blocks.mine();
    await blocks.mine(ACTIVATION);
    for (const { id, owner, contentHash, parameters } of this.models) {
      steps.push(() => this.send(owner, "ModelRegistry", "register", contentHash, `ipfs://${id.slice(2, 48)}`));
      for (const [route, verifierId, commitment] of [
        [Route.ZK, 3, OutputCommitment.VALUE],
        [Route.TEE, 4, OutputCommitment.KECCAK256],
      ] as const) {
        const set = [id, route, verifierId, commitment, parameters[route]];
        steps.push(() => this.send(owner, "ModelRegistry", "setRoute", ...set));
      }
    }
    for (const [index, { id: nodeId, owner, signer, payout, offers }] of this.nodes.entries()) {
      const endpoint = `https://node-${index}.example`;
      steps.push(() => this.send(owner, "NodeRegistry", "register", id(`node ${index}`), signer, payout, endpoint, ""));
      steps.push(() => this.send(deployer, "OPG", "transfer", owner, 2n * STAKE));
      steps.push(() => this.send(owner, "OPG", "approve", addressOf(deployment, "NodeRegistry"), MaxUint256));
      steps.push(() => this.send(owner, "NodeRegistry", "stake", nodeId, STAKE));
      for (const offer of offers) steps.push(() => this.send(owner, "NodeRegistry", "postOffer", offer));
    }
    const payers = [...this.requesters, ...this.nodes.map(({ owner }) => owner)];
    for (const account of payers) {
      steps.push(() => this.send(deployer, "TestUSD", "mint", account, 10_000_000n * USD_UNIT));
      steps.push(() => this.send(deployer, "OPG", "transfer", account, 100_000n * OPG_UNIT));
      for (const spender of ["Settlement", "BatchSettlement"] as const) {
        const allowance = [addressOf(deployment, spender), MaxUint256];
        steps.push(() => this.send(account, "TestUSD", "approve", ...allowance));
        steps.push(() => this.send(account, "OPG", "approve", ...allowance));
      }
    }
    for (const [index, step] of steps.entries()) {
      step();
      if (index % PER_BLOCK === PER_BLOCK - 1 || index === steps.length - 1) await blocks.mine();
    }
  }

  /** A node with two to four offers: both routes, both tokens, prices and windows that differ. */
  #nodeOf(index: number): BenchNode {
    const owner = accountOf(`owner of node ${index}`);
    const nodeId = nodeIdOf(owner, id(`node ${index}`));
    const offers = Array.from({ length: 2 + (index % 3) }, (_, place): Offer => {
      const model = this.models[(index * 3 + place) % MODELS];
      if (model === undefined) throw new RangeError("there is no such model");
      const paysOpg = (index + place) % 5 === 0;
      const unit = paysOpg ? OPG_UNIT / 100n : USD_UNIT / 100n;
      return {
        nodeId,
        modelId: model.id,
        route: (index + place) % 4 === 3 ? Route.ZK : Route.TEE,
        routeVersion: 1,
        token: addressOf(this.deployment, paysOpg ? "OPG" : "TestUSD"),
        pricePerRequest: BigInt(1 + (index % 7)) * unit,
        pricePerUnit: unit / 1_000n,
        coverage: BigInt(10 + 5 * (index % 6)) * OPG_UNIT,
        deliveryWindow: 3_600,
        proofWindow: 14_400,
      };
    });
    const signer = accountOf(`signer of node ${index}`);
    return { id: nodeId, owner, signer, payout: accountOf(`payout of node ${index}`), offers };
  }
}

/** A model with both routes. Every third one trusts a gateway, and the others an image that runs the model. */
function modelOf(index: number): BenchModel {
  const owner = accountOf(`owner of model ${index}`);
  const contentHash = id(`model ${index}`);
  const measurements = [id(`image of model ${index}`)];
  const tee =
    index % 3 === 2
      ? { trust: Trust.GATEWAY, backend: `models-${index}.example`, measurements }
      : { trust: Trust.LOCAL, backend: "", measurements };
  return {
    id: modelIdOf(owner, contentHash),
    owner,
    contentHash,
    parameters: { [Route.ZK]: id(`key of model ${index}`), [Route.TEE]: encodeTeeParameters(tee) },
  };
}
