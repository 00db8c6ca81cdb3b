import { dataLength, dataSlice, hexlify, type Signer, ZeroHash } from "ethers";
import { documentHints } from "../attestation/documentHints.ts";
import { type Contracts, contractsOf } from "../chain/contracts.ts";
import { payableWith } from "../chain/payableWith.ts";
import { TypedContract } from "../chain/TypedContract.ts";
import { standingOffers } from "../client/offers.ts";
import { addressOf, type Deployment } from "../deployment.ts";
import { ContractError } from "../errors/ContractError.ts";
import { OpgError } from "../errors/OpgError.ts";
import { groth16SettlerAbi, teeVerifierAbi } from "../generated/abis.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import { nodeIdOf } from "../hash/nodeIdOf.ts";
import { DELIVERY_TYPES, type SettlementDomain, typedDataDomain } from "../hash/typedData.ts";
import { type Answer, DeliveryMode, type NodeStatus, type Offer, Route, type Terms } from "../types.ts";

/** A new node. */
export interface NodeRegistration {
  /** Tells the owner's nodes apart (bytes32); zero if absent. */
  readonly salt?: string;
  /** The hot key that will sign deliveries; the owner if absent. */
  readonly signer?: string;
  /** Where fees are credited; the owner if absent. */
  readonly payout?: string;
  /** Where requesters reach the node: a URL; empty if absent. */
  readonly endpoint?: string;
  /** Where to read about the node; empty if absent. */
  readonly metadataURI?: string;
}

/** A new offer; the version of the route is the one in force, unless it is named. */
export type NewOffer = Omit<Offer, "routeVersion"> & { readonly routeVersion?: number };

/** All that the registry knows of a node. Amounts are OPG base units. */
export interface NodeState {
  readonly nodeId: string;
  readonly status: NodeStatus;
  readonly owner: string;
  readonly pendingOwner: string;
  readonly signer: string;
  readonly payout: string;
  readonly endpoint: string;
  readonly metadataURI: string;
  readonly free: bigint;
  readonly bonded: bigint;
  readonly unbonding: bigint;
  /** When `unbonding` can be withdrawn, in seconds. */
  readonly withdrawableAt: bigint;
}

/** A delivered request with its proof (0x-hex). */
export interface ProvenRequest extends Pick<Answer, "outputHash" | "units"> {
  readonly terms: Terms;
  readonly proof: string;
}

/** The operator's side of the protocol. Every function that sends a transaction returns when it is mined. */
export class OpgOperator {
  readonly contracts: Contracts;
  readonly domain: SettlementDomain;
  readonly #signer: Signer;
  readonly #deployment: Deployment;

  /**
   * @param signer The node's owner for most functions; its signer for {@link deliver}, {@link decline} and
   * {@link pause}; anybody for {@link settle}.
   */
  constructor({ signer, deployment }: { readonly signer: Signer; readonly deployment: Deployment }) {
    this.contracts = contractsOf(deployment, signer);
    this.domain = { chainId: deployment.chainId, settlement: this.contracts.settlement.address };
    this.#signer = signer;
    this.#deployment = deployment;
  }

  // --- identity ---

  /** Registers a node, active and without stake. @returns its `nodeId`. */
  async register(node: NodeRegistration = {}): Promise<string> {
    const owner = await this.#signer.getAddress();
    const { salt = ZeroHash, signer = owner, payout = owner, endpoint = "", metadataURI = "" } = node;
    await this.contracts.nodes.write("register", salt, signer, payout, endpoint, metadataURI);
    return nodeIdOf(owner, salt);
  }

  /** Rotates the signing key. Deliveries that the former key signed and nobody posted are void. */
  async setSigner(nodeId: string, signer: string): Promise<void> {
    await this.contracts.nodes.write("setSigner", nodeId, signer);
  }

  /** Changes where later fees are credited. */
  async setPayout(nodeId: string, payout: string): Promise<void> {
    await this.contracts.nodes.write("setPayout", nodeId, payout);
  }

  /** Publishes where the node is reached and described. */
  async describe(nodeId: string, endpoint: string, metadataURI: string): Promise<void> {
    await this.contracts.nodes.write("describe", nodeId, endpoint, metadataURI);
  }

  /** Stops new requests, until {@link unpause}. */
  async pause(nodeId: string): Promise<void> {
    await this.contracts.nodes.write("pause", nodeId);
  }

  /** Takes new requests again. */
  async unpause(nodeId: string): Promise<void> {
    await this.contracts.nodes.write("unpause", nodeId);
  }

  /** Stops new requests for good. What is open runs to its end, and the stake can leave. */
  async retire(nodeId: string): Promise<void> {
    await this.contracts.nodes.write("retire", nodeId);
  }

  /** Offers the node and its stake to a new owner, who has to accept; the zero address takes the offer back. */
  async transfer(nodeId: string, pendingOwner: string): Promise<void> {
    await this.contracts.nodes.write("transferNode", nodeId, pendingOwner);
  }

  /** Takes over a node that was offered to the signer. */
  async accept(nodeId: string): Promise<void> {
    await this.contracts.nodes.write("acceptNode", nodeId);
  }

  /** What the registry knows of a node. @throws OpgError if there is none. */
  async node(nodeId: string): Promise<NodeState> {
    const { nodes } = this.contracts;
    const [node, account, description] = await Promise.all([
      nodes.read("nodeOf", nodeId),
      nodes.read("accountOf", nodeId),
      nodes.read("descriptionOf", nodeId),
    ]);
    if (node.status === 0) throw new OpgError(`There is no node ${nodeId}.`);
    return { nodeId, ...node, ...account, ...description };
  }

  // --- enclaves ---

  /** What an enclave has to put into its next attestation document for a node (0x-hex). */
  enclaveBinding(nodeId: string): Promise<{ readonly userData: string; readonly nonce: string }> {
    return this.#enclaves.read("expectedBinding", nodeId);
  }

  /**
   * Verifies an attestation document on chain and registers its key for a node, with the hints that make that
   * affordable. @returns the attestation's number in the node's history: it goes into the enclave's proofs.
   */
  async attest(nodeId: string, document: Uint8Array): Promise<bigint> {
    const receipt = await this.#enclaves.write("attest", nodeId, hexlify(document), await documentHints(document));
    const [attested] = this.#enclaves.parse("EnclaveAttested", receipt.logs);
    if (attested === undefined) throw new OpgError(`Transaction ${receipt.hash} attested nothing.`);
    return attested.args.index;
  }

  /** Ends an attestation now; what its key was valid for before stays valid. */
  async revokeEnclave(nodeId: string, index: bigint): Promise<void> {
    await this.#enclaves.write("revoke", nodeId, index);
  }

  get #enclaves() {
    return new TypedContract(addressOf(this.#deployment, "TeeVerifier"), teeVerifierAbi, this.#signer);
  }

  // --- stake ---

  /** Adds the signer's OPG (base units) to a node's free balance: by the allowance, a permit, or an approval. */
  async stake(nodeId: string, amount: bigint): Promise<void> {
    const { nodes, opg } = this.contracts;
    const { chainId } = this.#deployment;
    const payment = { token: opg.address, spender: nodes.address, amount, chainId };
    const permit = await payableWith(this.#signer, payment);
    if (permit === undefined) await nodes.write("stake", nodeId, amount);
    else await nodes.write("stakeWithPermit", nodeId, amount, permit.deadline, permit.v, permit.r, permit.s);
  }

  /** Moves free OPG (base units) to unbonding. The delay starts anew for all that is unbonding. */
  async unbond(nodeId: string, amount: bigint): Promise<void> {
    await this.contracts.nodes.write("unbond", nodeId, amount);
  }

  /** Moves unbonding OPG (base units) back to free. */
  async rebond(nodeId: string, amount: bigint): Promise<void> {
    await this.contracts.nodes.write("rebond", nodeId, amount);
  }

  /** Sends all that is unbonding to the signer or to `to`, after the delay. @returns the amount, in base units. */
  async withdraw(nodeId: string, to?: string): Promise<bigint> {
    const { nodes } = this.contracts;
    const receipt = await nodes.write("withdraw", nodeId, to ?? (await this.#signer.getAddress()));
    return nodes.parse("Withdrawn", receipt.logs).reduce((sum, { args }) => sum + args.amount, 0n);
  }

  /**
   * Pays the whole credit of an account (the signer's if absent) in `token` to that account: fees, compensations,
   * rewards. Anyone may. @returns the amount, in base units.
   */
  async collect(token: string, account?: string): Promise<bigint> {
    const { settlement } = this.contracts;
    const receipt = await settlement.write("withdrawFor", token, account ?? (await this.#signer.getAddress()));
    return settlement.parse("CreditWithdrawn", receipt.logs).reduce((sum, { args }) => sum + args.amount, 0n);
  }

  // --- offers ---

  /** Posts an offer, in the place of the one for the same model, route and token. @returns the offer as posted. */
  async postOffer(offer: NewOffer): Promise<Offer> {
    const { models, nodes } = this.contracts;
    const { modelId, route } = offer;
    const routeVersion = offer.routeVersion ?? (await models.read("currentRoute", modelId, route)).version;
    if (routeVersion === 0) throw new OpgError(`Model ${modelId} has no such route in force.`);
    const posted = { ...offer, routeVersion };
    await nodes.write("postOffer", posted);
    return posted;
  }

  /** Withdraws the offer for a model, route and token. Binds later requests only. */
  async withdrawOffer(nodeId: string, modelId: string, route: Route, token: string): Promise<void> {
    await this.contracts.nodes.write("withdrawOffer", nodeId, modelId, route, token);
  }

  /** The offers of a node that stand now. */
  async offers(nodeId: string): Promise<Offer[]> {
    const standing = await standingOffers(this.contracts, this.#deployment.startBlock, { nodeId });
    return standing.map(({ offer }) => offer);
  }

  // --- requests ---

  /** Signs a delivery, as the node's signer. Whoever has it can post it. */
  signDelivery(requestId: string, outputHash: string, units: bigint): Promise<string> {
    const delivery = { requestId, outputHash, units };
    return this.#signer.signTypedData(typedDataDomain(this.domain), DELIVERY_TYPES, delivery);
  }

  /**
   * Makes an answer: signs the delivery, and adds the output (0x-hex) where it is to be published.
   */
  async answer(terms: Terms, outputHash: string, units: bigint, output: string): Promise<Answer> {
    const signature = await this.signDelivery(hashTerms(this.domain, terms), outputHash, units);
    return { outputHash, units, output: terms.mode === DeliveryMode.ONCHAIN ? output : "0x", signature };
  }

  /** Commits the node to its answer. @returns the transaction's hash. */
  async deliver(terms: Terms, answer: Answer): Promise<string> {
    return (await this.contracts.settlement.write("deliver", terms, answer)).hash;
  }

  /** Settles what was delivered, by its proof (0x-hex). @returns the transaction's hash. */
  async settle(
    terms: Terms,
    { outputHash, units }: Pick<Answer, "outputHash" | "units">,
    proof: string,
  ): Promise<string> {
    return (await this.contracts.settlement.write("settle", terms, outputHash, units, proof)).hash;
  }

  /**
   * The Groth16 key under which a route is proven; undefined if it is proven otherwise, or if the deployment has no
   * contract that settles many requests at once.
   */
  async batchKeyOf({ modelId, route, routeVersion }: Offer): Promise<string | undefined> {
    const { Groth16Settler: settler, Groth16Verifier: groth16 } = this.#deployment.addresses;
    if (route !== Route.ZK || settler === undefined || groth16 === undefined) return undefined;
    const { models, verifiers } = this.contracts;
    const { verifierId, parameters } = await models.read("routeAt", modelId, route, routeVersion);
    const { verifier } = await verifiers.read("verifierOf", verifierId);
    return verifier === groth16 && dataLength(parameters) === 96 ? dataSlice(parameters, 0, 32) : undefined;
  }

  /**
   * Settles delivered requests in one transaction, which costs a third of what it costs to settle each alone. Rows that
   * the chain would refuse are left out of it.
   *
   * @param keyId The Groth16 key of all rows; see {@link batchKeyOf}.
   * @returns for each row the transaction's hash, or why the chain refuses it.
   * @throws ContractError if the transaction as a whole is not possible, for want of gas.
   */
  async settleMany(keyId: string, rows: readonly ProvenRequest[]): Promise<(string | OpgError)[]> {
    const settler = new TypedContract(addressOf(this.#deployment, "Groth16Settler"), groth16SettlerAbi, this.#signer);
    const told = await settler.simulate("settleMany", keyId, rows);
    const refusals = rows.map(({ terms, outputHash, units, proof }, i) =>
      told[i]
        ? undefined
        : this.contracts.settlement.simulate("settle", terms, outputHash, units, proof).then(
            () => new OpgError("This request can only be settled alone: it is not of the batch's key."),
            (error: unknown) => ContractError.from(error),
          ),
    );
    const good = rows.filter((_, i) => told[i]);
    if (good.length === 0) return (await Promise.all(refusals)).filter((refusal) => refusal !== undefined);

    const { hash, logs } = await settler.write("settleMany", keyId, good);
    const skipped = new Map(settler.parse("RowSkipped", logs).map(({ args }) => [args.requestId, args.reason]));
    return Promise.all(
      rows.map(async ({ terms }, i) => {
        const reason = skipped.get(hashTerms(this.domain, terms));
        return (await refusals[i]) ?? (reason === undefined ? hash : ContractError.from({ data: reason }));
      }),
    );
  }

  /** Delivers and settles at once: the only way to take an open request. @returns the transaction's hash. */
  async deliverAndSettle(terms: Terms, nodeId: string, answer: Answer, proof: string): Promise<string> {
    return (await this.contracts.settlement.write("deliverAndSettle", terms, nodeId, answer, proof)).hash;
  }

  /** Declines a request before delivery: everything goes back. @returns the transaction's hash. */
  async decline(terms: Terms): Promise<string> {
    return (await this.contracts.settlement.write("decline", terms)).hash;
  }
}
