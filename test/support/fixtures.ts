import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import {
  AbiCoder,
  type Addressable,
  id,
  keccak256,
  MaxUint256,
  type Signer,
  TypedDataEncoder,
  ZeroAddress,
  ZeroHash,
} from "ethers";
import { network } from "hardhat";
import TestToken from "../../ignition/modules/TestToken.ts";
import { CLAIM_TYPES, DELIVERY_TYPES, TERMS_TYPES } from "../../sdk/src/hash/typedData.ts";
import type {
  AccessManager,
  BatchSettlement,
  ModelRegistry,
  NodeRegistry,
  OPG,
  Settlement,
  TestUSD,
  VerifierDouble,
  VerifierRegistry,
} from "../../types/ethers-contracts/index.ts";

/** One chain for every test file that imports this; {@link loadProtocol} takes it back to the same state. */
export const { ethers, ignition, networkHelpers, provider } = await network.create();

export const Route = { ZK: 0n, TEE: 1n } as const;
export const Mode = { DIRECT: 0n, ONCHAIN: 1n } as const;
export const Commitment = { OPAQUE: 0n, VALUE: 1n, KECCAK256: 2n } as const;
export const RequestStatus = {
  NONE: 0n,
  REQUESTED: 1n,
  DELIVERED: 2n,
  SETTLED: 3n,
  REFUNDED: 4n,
  DEFAULTED: 5n,
  VOIDED: 6n,
} as const;
export const VerifierStatus = { NONE: 0n, PENDING: 1n, ACTIVE: 2n, FROZEN: 3n, REVOKED: 4n } as const;
export const NodeStatus = { NONE: 0n, ACTIVE: 1n, PAUSED: 2n, RETIRED: 3n } as const;

export const OPG_UNIT = 10n ** 18n;
export const USD_UNIT = 10n ** 6n;
export const DAY = 86_400n;

/** See `Offer` in INodeRegistry.sol. */
export interface Offer {
  nodeId: string;
  modelId: string;
  route: bigint;
  routeVersion: bigint;
  token: string;
  pricePerRequest: bigint;
  pricePerUnit: bigint;
  coverage: bigint;
  deliveryWindow: bigint;
  proofWindow: bigint;
}

/** See `Terms` in ISettlement.sol. */
export interface Terms {
  requester: string;
  nonce: bigint;
  deadline: bigint;
  maxFee: bigint;
  verificationFee: bigint;
  compensationBps: bigint;
  rewardBps: bigint;
  proofBlocks: bigint;
  inputHash: string;
  mode: bigint;
  consumer: string;
  offer: Offer;
}

/** See `Answer` in ISettlement.sol. */
export interface Answer {
  outputHash: string;
  units: bigint;
  output: string;
  signature: string;
}

/** See `InferenceClaim` in IProofVerifier.sol. */
export interface Claim {
  requestId: string;
  modelId: string;
  nodeId: string;
  inputHash: string;
  outputHash: string;
  units: bigint;
}

export type TermsChange = Partial<Omit<Terms, "offer">> & { offer?: Partial<Offer> };

interface Contracts {
  opg: OPG;
  usd: TestUSD;
  manager: AccessManager;
  verifiers: VerifierRegistry;
  models: ModelRegistry;
  nodes: NodeRegistry;
  settlement: Settlement;
  batches: BatchSettlement;
}

interface Accounts {
  /** Has every role, and the OPG supply. */
  deployer: HardhatEthersSigner;
  /** Has 1,000,000 USD, approved to the settlement. */
  requester: HardhatEthersSigner;
  /** Owns the node. */
  operator: HardhatEthersSigner;
  /** Signs the node's deliveries. */
  signer: HardhatEthersSigner;
  payout: HardhatEthersSigner;
  modelOwner: HardhatEthersSigner;
  relayer: HardhatEthersSigner;
  stranger: HardhatEthersSigner;
}

/**
 * The protocol as its Ignition module deploys it, with a model of two routes, and an active node with 10,000 OPG and an
 * offer for each of them.
 *
 * The routes' proof systems are {@link VerifierDouble}s (verifiers 3 and 4; 1 and 2 are the real Groth16Verifier and
 * TeeVerifier), for tests of what the settlement does with an answer. Tests of proofs set a route of their own.
 */
export class Protocol {
  readonly contracts: Contracts;
  readonly accounts: Accounts;
  readonly doubles: { zk: VerifierDouble; tee: VerifierDouble };
  readonly modelId: string;
  readonly nodeId: string;
  #nonce = 0n;

  constructor(
    contracts: Contracts,
    accounts: Accounts,
    doubles: { zk: VerifierDouble; tee: VerifierDouble },
    modelId: string,
    nodeId: string,
  ) {
    this.contracts = contracts;
    this.accounts = accounts;
    this.doubles = doubles;
    this.modelId = modelId;
    this.nodeId = nodeId;
  }

  static readonly ZK_VERIFIER = 3n;
  static readonly TEE_VERIFIER = 4n;
  static readonly ROUTE_PARAMETERS = id("what the double has to be asked about");

  async domain() {
    const { chainId } = await ethers.provider.getNetwork();
    const verifyingContract = await this.contracts.settlement.getAddress();
    return { name: "OPG Settlement", version: "1", chainId, verifyingContract };
  }

  /** The node's offer, as it stands, unless something is changed. */
  async offer(change: Partial<Offer> = {}): Promise<Offer> {
    return {
      nodeId: this.nodeId,
      modelId: this.modelId,
      route: Route.ZK,
      routeVersion: 1n,
      token: await this.contracts.usd.getAddress(),
      pricePerRequest: 1n * USD_UNIT,
      pricePerUnit: 1_000n,
      coverage: 100n * OPG_UNIT,
      deliveryWindow: 600n,
      proofWindow: 3_600n,
      ...change,
    };
  }

  /** What an open request offers to any node. */
  openOffer(change: Partial<Offer> = {}): Partial<Offer> {
    return { nodeId: ZeroHash, coverage: 0n, proofWindow: 0n, ...change };
  }

  /** Terms that the protocol accepts now, unless something is changed. Every call's nonce is another. */
  async terms(change: TermsChange = {}): Promise<Terms> {
    const offer = await this.offer(change.offer);
    const p = await this.contracts.settlement.parameters();
    return {
      requester: this.accounts.requester.address,
      nonce: ++this.#nonce,
      deadline: BigInt(await networkHelpers.time.latest()) + DAY,
      maxFee: 5n * USD_UNIT,
      verificationFee: offer.route === Route.ZK ? p.zkVerificationFee : p.teeVerificationFee,
      compensationBps: p.compensationBps,
      rewardBps: p.rewardBps,
      proofBlocks: p.proofBlocks,
      inputHash: id("input"),
      mode: Mode.DIRECT,
      consumer: ZeroAddress,
      ...change,
      offer,
    };
  }

  async requestIdOf(terms: Terms): Promise<string> {
    return TypedDataEncoder.hash(await this.domain(), TERMS_TYPES, terms);
  }

  async signTerms(terms: Terms, by: Signer = this.accounts.requester): Promise<string> {
    return by.signTypedData(await this.domain(), TERMS_TYPES, terms);
  }

  async signDelivery(
    requestId: string,
    answer: Pick<Answer, "outputHash" | "units">,
    by: Signer = this.accounts.signer,
  ) {
    const { outputHash, units } = answer;
    return by.signTypedData(await this.domain(), DELIVERY_TYPES, { requestId, outputHash, units });
  }

  /** An answer signed by the node (or by another signer): 1,500 units, and the output "7" where it goes on chain. */
  async answer(terms: Terms, change: Partial<Answer> = {}, by: Signer = this.accounts.signer): Promise<Answer> {
    const value = `0x${"7".padStart(64, "0")}`;
    const onchain = terms.mode === Mode.ONCHAIN;
    const answer = {
      outputHash: onchain && terms.offer.route === Route.TEE ? keccak256(value) : value,
      units: 1_500n,
      output: onchain ? value : "0x",
      ...change,
    };
    return { signature: await this.signDelivery(await this.requestIdOf(terms), answer, by), ...answer };
  }

  async claim(
    terms: Terms,
    { outputHash, units }: Pick<Answer, "outputHash" | "units">,
    nodeId = terms.offer.nodeId,
  ): Promise<Claim> {
    const requestId = await this.requestIdOf(terms);
    return { requestId, modelId: terms.offer.modelId, nodeId, inputHash: terms.inputHash, outputHash, units };
  }

  async hashClaim(claim: Claim): Promise<string> {
    return TypedDataEncoder.hash(await this.domain(), CLAIM_TYPES, claim);
  }

  /** What a {@link VerifierDouble} accepts for a claim; with `claimedAt`, only at that time. */
  async proof(claim: Claim, claimedAt?: bigint): Promise<string> {
    const types = ["tuple(bytes32,bytes32,bytes32,bytes32,bytes32,uint64)", "bytes32", "bytes"];
    const values: unknown[] = [Object.values(claim), await this.hashClaim(claim), Protocol.ROUTE_PARAMETERS];
    return claimedAt === undefined
      ? AbiCoder.defaultAbiCoder().encode(types, values)
      : AbiCoder.defaultAbiCoder().encode([...types, "uint64"], [...values, claimedAt]);
  }

  /** What the requester has to pay and the node to be paid at most: `pricePerRequest + units × pricePerUnit`. */
  fee(terms: Terms, units: bigint): bigint {
    const metered = terms.offer.pricePerRequest + units * terms.offer.pricePerUnit;
    return metered < terms.maxFee ? metered : terms.maxFee;
  }

  /** Makes a request; the requester sends it. */
  async request(change: TermsChange = {}): Promise<{ terms: Terms; requestId: string }> {
    const terms = await this.terms(change);
    await this.contracts.settlement.connect(this.accounts.requester).request(terms, "0x");
    return { terms, requestId: await this.requestIdOf(terms) };
  }

  /** Makes a request and delivers its answer; the node's signer sends that. */
  async delivered(change: TermsChange = {}, answerChange: Partial<Answer> = {}) {
    const { terms, requestId } = await this.request(change);
    const answer = await this.answer(terms, answerChange);
    await this.contracts.settlement.connect(this.accounts.signer).deliver(terms, answer);
    return { terms, requestId, answer, proof: await this.proof(await this.claim(terms, answer)) };
  }

  /** Makes a request, delivers and settles it. */
  async settled(change: TermsChange = {}) {
    const made = await this.delivered(change);
    const { terms, answer, proof } = made;
    await this.contracts.settlement.settle(terms, answer.outputHash, answer.units, proof);
    return made;
  }

  /** Lets the delivery deadline of the latest request pass. */
  async passDeliveryWindow(terms: Terms): Promise<void> {
    await networkHelpers.time.increase(terms.offer.deliveryWindow + 1n);
  }

  /** Lets the proof deadline of the latest delivery pass, in time and in blocks. */
  async passProofWindow(terms: Terms): Promise<void> {
    await networkHelpers.mine(terms.proofBlocks + 1n);
    await networkHelpers.time.increase(terms.offer.proofWindow + 1n);
  }

  /** Declares a verifier broken. */
  async revokeVerifier(verifierId: bigint = Protocol.ZK_VERIFIER): Promise<void> {
    await this.contracts.verifiers.revoke(verifierId);
  }

  /** Registers another node, staked and with the same offer (changed), of `operator`; its own key signs. */
  async addNode(operator: HardhatEthersSigner, stake: bigint, change: Partial<Offer> = {}): Promise<Offer> {
    const { nodes, opg } = this.contracts;
    const as = nodes.connect(operator);
    const salt = id(`node ${++this.#nonce}`);
    const nodeId = idOf(operator.address, salt);
    await as.register(salt, operator.address, operator.address, "https://node.example", "");
    if (stake !== 0n) {
      await opg.approve(nodes, stake);
      await nodes.stake(nodeId, stake);
    }
    const offer = await this.offer({ nodeId, ...change });
    await as.postOffer(offer);
    return offer;
  }
}

/** The identifier of a node (owner, salt) or a model (owner, content hash). */
export const idOf = (owner: string, salt: string) =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [owner, salt]));

/** What an Ignition module deployed, and a fee token that is listed. */
type Deployed = Record<
  "opg" | "testUsd" | "manager" | "verifiers" | "models" | "nodes" | "settlement" | "batchSettlement",
  Addressable
>;

/** {@link Protocol} on a deployment whose deployer has every role and the OPG. */
export async function setUpProtocol(deployed: Deployed): Promise<Protocol> {
  const signers = await ethers.getSigners();
  const account = (index: number) => {
    const signer = signers[index];
    if (signer === undefined) throw new Error(`The test chain has no account ${index}`);
    return signer;
  };
  const accounts: Accounts = {
    deployer: account(0),
    requester: account(1),
    operator: account(2),
    signer: account(3),
    payout: account(4),
    modelOwner: account(5),
    relayer: account(6),
    stranger: account(7),
  };
  const contracts: Contracts = {
    opg: await ethers.getContractAt("OPG", deployed.opg),
    usd: await ethers.getContractAt("TestUSD", deployed.testUsd),
    manager: await ethers.getContractAt("AccessManager", deployed.manager),
    verifiers: await ethers.getContractAt("VerifierRegistry", deployed.verifiers),
    models: await ethers.getContractAt("ModelRegistry", deployed.models),
    nodes: await ethers.getContractAt("NodeRegistry", deployed.nodes),
    settlement: await ethers.getContractAt("Settlement", deployed.settlement),
    batches: await ethers.getContractAt("BatchSettlement", deployed.batchSettlement),
  };
  const { opg, usd, verifiers, models, nodes, settlement } = contracts;

  const doubles = {
    zk: await ethers.deployContract("VerifierDouble"),
    tee: await ethers.deployContract("VerifierDouble"),
  };
  await verifiers.add(Route.ZK, doubles.zk);
  await verifiers.add(Route.TEE, doubles.tee);
  await networkHelpers.time.increase(await verifiers.activationDelay());

  const asModelOwner = models.connect(accounts.modelOwner);
  const contentHash = id("model");
  const modelId = idOf(accounts.modelOwner.address, contentHash);
  await asModelOwner.register(contentHash, "ipfs://model");
  const parameters = Protocol.ROUTE_PARAMETERS;
  await asModelOwner.setRoute(modelId, Route.ZK, Protocol.ZK_VERIFIER, Commitment.VALUE, parameters);
  await asModelOwner.setRoute(modelId, Route.TEE, Protocol.TEE_VERIFIER, Commitment.KECCAK256, parameters);

  const salt = id("node");
  const nodeId = idOf(accounts.operator.address, salt);
  const asOperator = nodes.connect(accounts.operator);
  await asOperator.register(salt, accounts.signer.address, accounts.payout.address, "https://node.example", "");
  await opg.transfer(accounts.operator, 1_000_000n * OPG_UNIT);
  await opg.connect(accounts.operator).approve(nodes, MaxUint256);
  await asOperator.stake(nodeId, 10_000n * OPG_UNIT);

  const protocol = new Protocol(contracts, accounts, doubles, modelId, nodeId);
  await asOperator.postOffer(await protocol.offer());
  await asOperator.postOffer(await protocol.offer({ route: Route.TEE }));

  await usd.mint(accounts.requester, 1_000_000n * USD_UNIT);
  await usd.connect(accounts.requester).approve(settlement, MaxUint256);
  return protocol;
}

/** {@link Protocol}, deployed anew. Use {@link loadProtocol} unless the chain has to be another. */
export const deployProtocol = async (): Promise<Protocol> => setUpProtocol(await ignition.deploy(TestToken));

/** {@link deployProtocol}, once: later calls take the chain back to where it was then. */
export async function loadProtocol(): Promise<Protocol> {
  const protocol = await networkHelpers.loadFixture(deployProtocol);
  // The clock is not taken back with the state: without a block, who asks the latest one is told a time long past.
  await networkHelpers.mine();
  return protocol;
}
