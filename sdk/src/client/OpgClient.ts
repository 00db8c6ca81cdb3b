import { getBytes, hexlify, type Signer, ZeroAddress, ZeroHash } from "ethers";
import { batchContract } from "../chain/batchContract.ts";
import { type Contracts, contractsOf } from "../chain/contracts.ts";
import { isLocalChain } from "../chain/isLocalChain.ts";
import { payableWith } from "../chain/payableWith.ts";
import { sleep } from "../chain/sleep.ts";
import { ChannelAccount } from "../channel/ChannelAccount.ts";
import { PaymentChannel, type PaymentChannelOptions } from "../channel/PaymentChannel.ts";
import type { Deployment } from "../deployment.ts";
import { DeliveryError } from "../errors/DeliveryError.ts";
import { OpgError } from "../errors/OpgError.ts";
import type { SettlementFailure } from "../errors/SettlementFailure.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import { CHANNEL_KEY_TYPES, type SettlementDomain, TERMS_TYPES, typedDataDomain } from "../hash/typedData.ts";
import { type InferenceModel, randomSalt } from "../model.ts";
import { type Answer, DeliveryMode, type Offer, OutputCommitment, type Permit, Route, type Terms } from "../types.ts";
import { INFERENCES_PATH, type InferenceReply, parseInferenceReply } from "../wire.ts";
import { askNode, endpointFault } from "./askNode.ts";
import { cheapest, findOffers, type OfferFilter, priceOf, type StandingOffer } from "./offers.ts";
import type { SettledInference } from "./outcome.ts";
import { type RequestState, readRequest, readTerms } from "./readRequest.ts";
import { requireProductionKey } from "./requireProductionKey.ts";
import { type ProofMeaning, readProofMeaning, verifyProof } from "./verifyProof.ts";
import { feeOf, verifyDelivery, verifyOutput } from "./verifyReply.ts";
import { waitForOutcome } from "./waitForOutcome.ts";

/** How a client behaves. */
export interface ClientOptions {
  /** The requester's account, connected to a provider on the deployment's chain. */
  readonly signer: Signer;
  readonly deployment: Deployment;
  /** Milliseconds between two looks at the chain; 1,000 if absent, 100 on local chains. */
  readonly pollingInterval?: number;
  /** How deep a settlement has to be before it is reported, its own block included; 1 if absent. */
  readonly confirmations?: number;
  /**
   * Whether to look after a request until it has ended: to post the node's delivery if the node does not, to take the
   * refund, to claim the default. Costs gas when it is needed; true if absent.
   */
  readonly guard?: boolean;
  /** Whether prompts may go to endpoints without TLS; true on local chains, false elsewhere, if absent. */
  readonly insecureEndpoints?: boolean;
  /** Another `fetch` than the platform's. */
  readonly fetch?: typeof fetch;
  /** Stops the client: every `settled` that is pending rejects, and nobody looks after the requests any more. */
  readonly signal?: AbortSignal;
}

/** What a request is to say; everything else is read from the chain. */
export interface RequestOptions {
  /** The offer to take; for an open request one with `nodeId` zero. */
  readonly offer: Offer;
  readonly inputHash: string;
  /**
   * The most to pay, in base units of the offer's token. Escrowed where the price is not known before; where it is (the
   * units are fixed, or free), the price is escrowed, and may not be more than this.
   */
  readonly maxFee?: bigint;
  /** DIRECT if absent. */
  readonly mode?: DeliveryMode;
  /** An IInferenceConsumer to call. */
  readonly consumer?: string;
  /** The last second (Unix) at which the request can be made; ten minutes from now if absent. */
  readonly deadline?: bigint;
  /** Tells the requester's requests apart; random if absent. */
  readonly nonce?: bigint;
  /** Whose request it is; the signer's if absent. For relayed requests. */
  readonly requester?: string;
}

/** A request that is on chain. */
export interface RequestReceipt {
  readonly requestId: string;
  readonly terms: Terms;
  readonly transactionHash: string;
  readonly blockNumber: number;
}

/** One inference to run. */
export interface InferOptions<Input, Output> extends Omit<RequestOptions, "offer" | "inputHash" | "requester"> {
  readonly model: InferenceModel<Input, Output>;
  readonly input: Input;
  /** The offer to take; if absent, the cheapest one for what is metered, for `maxFee` at most and with enough stake. */
  readonly offer?: Offer;
  /** Chooses among the offers of one node, if `offer` is absent. */
  readonly nodeId?: string;
  /** Chooses among the offers in one token, if `offer` is absent. Has to be said where there are several. */
  readonly token?: string;
  /** The most units to accept in an answer; bounded by `maxFee` alone if absent. */
  readonly maxUnits?: bigint;
  /** Where to send the input; the node's on-chain endpoint if absent. Needed for an open request. */
  readonly endpoint?: string;
  /** Milliseconds to wait for the answer; the delivery window if absent. */
  readonly timeout?: number;
}

/** A delivered inference: the output now, the proof to come. */
export interface InferenceRun<Output> extends RequestReceipt {
  /**
   * The model's output: signed by the node, on the TEE route by its attested enclave too. On the ZK route it is not
   * proven before `settled` resolves.
   */
  readonly output: Output;
  /** The node's signed delivery. */
  readonly answer: Answer;
  /** What the proof shows: that the model ran, or, for a gateway, only what was relayed. */
  readonly proves: ProofMeaning;
  /** What it costs, in base units of the offer's token. */
  readonly fee: bigint;
  /**
   * Resolves when the proof is on chain. Rejects with a {@link SettlementFailure} that names the reason and the
   * compensation when the request ended otherwise.
   */
  readonly settled: Promise<SettledInference>;
}

/** Names a channel: what it pays for, and by whose vouchers. */
export interface ChannelName {
  readonly nodeId: string;
  readonly modelId: string;
  /** The version of the model's TEE route, hence the measurements that are trusted; the one in force if absent. */
  readonly routeVersion?: number;
  readonly token: string;
}

/** A channel, and how to use it. */
export interface ChannelOptions extends ChannelName {
  /** The key that signs vouchers, a plain key; the client's account if absent. Smart accounts name a session key. */
  readonly signer?: Signer;
  /** Where to reach the node; its on-chain endpoint if absent. */
  readonly endpoint?: string;
}

/** A new channel. */
export interface OpenChannelOptions extends ChannelOptions {
  /** What to deposit, in base units of the token. */
  readonly amount: bigint;
  /** Seconds from announcing a withdrawal to making it; if absent, the shortest that the node accepts, a day at most. */
  readonly withdrawalDelay?: number;
}

/** Names a channel without its key. */
export interface ChannelAccountName extends ChannelName {
  /** The address of the key that signs vouchers; the client's account if absent. */
  readonly voucherSigner?: string;
}

/** Seconds within which a request has to be mined. */
const REQUEST_LIFETIME = 600n;

/** Seconds for which a node may hold a deposit unless the payer agrees to more. */
const LONGEST_WITHDRAWAL_DELAY = 86_400;

/** The requester's side of the protocol. */
export class OpgClient {
  readonly contracts: Contracts;
  readonly domain: SettlementDomain;
  readonly #signer: Signer;
  readonly #deployment: Deployment;
  readonly #pollingInterval: number;
  readonly #confirmations: number;
  readonly #guard: boolean;
  readonly #insecure: boolean;
  readonly #fetch: typeof fetch;
  readonly #signal: AbortSignal | undefined;

  constructor(options: ClientOptions) {
    const { signer, deployment } = options;
    const local = isLocalChain(deployment.chainId);
    this.contracts = contractsOf(deployment, signer);
    this.domain = { chainId: deployment.chainId, settlement: this.contracts.settlement.address };
    this.#signer = signer;
    this.#deployment = deployment;
    this.#pollingInterval = options.pollingInterval ?? (local ? 100 : 1_000);
    this.#confirmations = options.confirmations ?? 1;
    this.#guard = options.guard ?? true;
    this.#insecure = options.insecureEndpoints ?? local;
    this.#fetch = options.fetch ?? fetch;
    this.#signal = options.signal;
  }

  /** The offers that a request can take now, the cheapest per request first; see {@link findOffers}. */
  offers(filter?: OfferFilter): Promise<StandingOffer[]> {
    return findOffers(this.contracts, this.#deployment.startBlock, filter);
  }

  /**
   * Completes the terms of a request from the chain's parameters in force. Sends nothing.
   *
   * @throws OpgError if the model is proven under a development key and the chain is not a local one.
   */
  async terms(options: RequestOptions): Promise<Terms> {
    const { offer, inputHash } = options;
    const { settlement } = this.contracts;
    await this.#requireChain();
    const [parameters, zk, block, requester] = await Promise.all([
      settlement.read("parameters"),
      requireProductionKey(this.contracts, this.#deployment.chainId, offer),
      settlement.provider.getBlock("latest"),
      options.requester ?? this.#signer.getAddress(),
    ]);
    const escrow = escrowOf(offer, zk?.units, options.maxFee);
    const now = BigInt(Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1000)));
    return {
      requester,
      nonce: options.nonce ?? BigInt(randomSalt()),
      deadline: options.deadline ?? now + REQUEST_LIFETIME,
      maxFee: escrow,
      verificationFee: offer.route === Route.ZK ? parameters.zkVerificationFee : parameters.teeVerificationFee,
      compensationBps: parameters.compensationBps,
      rewardBps: parameters.rewardBps,
      proofBlocks: parameters.proofBlocks,
      inputHash,
      mode: options.mode ?? DeliveryMode.DIRECT,
      consumer: options.consumer ?? ZeroAddress,
      offer,
    };
  }

  /**
   * Makes a request: escrows `maxFee` (by the allowance, a permit, or an approval, in this order) and locks the node's
   * bond.
   */
  async request(options: RequestOptions): Promise<RequestReceipt> {
    const terms = await this.terms(options);
    const { settlement } = this.contracts;
    const permit = await payableWith(this.#signer, {
      token: terms.offer.token,
      spender: settlement.address,
      amount: terms.maxFee,
      chainId: this.#deployment.chainId,
    });
    return this.relay(terms, "0x", permit);
  }

  /**
   * Signs terms, so that somebody else can send the request and pay its gas. The terms' requester has to be this
   * client's account, and the settlement needs its allowance, or a permit; see {@link signFeePermit}.
   */
  signTerms(terms: Terms): Promise<string> {
    return this.#signer.signTypedData(typedDataDomain(this.domain), TERMS_TYPES, terms);
  }

  /** A permit for the escrow of `terms`, to go with them; undefined if an allowance covers it. */
  signFeePermit(terms: Terms): Promise<Permit | undefined> {
    return payableWith(this.#signer, {
      token: terms.offer.token,
      spender: this.contracts.settlement.address,
      amount: terms.maxFee,
      chainId: this.#deployment.chainId,
    });
  }

  /** Sends a request that somebody signed (see {@link signTerms}). */
  async relay(terms: Terms, signature: string, permit?: Permit): Promise<RequestReceipt> {
    const { settlement } = this.contracts;
    const { hash, blockNumber } =
      permit === undefined
        ? await settlement.write("request", terms, signature)
        : await settlement.write("requestWithPermit", terms, signature, permit);
    return { requestId: hashTerms(this.domain, terms), terms, transactionHash: hash, blockNumber };
  }

  /**
   * Runs one inference: makes the request, sends the input to the node, verifies its signed answer and returns the
   * output at once. `settled` follows the proof.
   *
   * @throws DeliveryError when the request was made but no valid answer came; its `settled` goes on until the money is
   * back. Any other error: nothing was requested.
   */
  async infer<Input, Output>(options: InferOptions<Input, Output>): Promise<InferenceRun<Output>> {
    const { model } = options;
    const offer = options.offer ?? (await this.#chooseOffer(options));
    if (offer.modelId !== model.modelId || offer.route !== model.route) {
      throw new OpgError(`This offer is for model ${offer.modelId} and not for model ${model.modelId} on its route.`);
    }
    const endpoint = options.endpoint ?? (await this.#endpointOf(offer));
    const fault = this.#faultOf(endpoint);
    if (fault !== undefined) throw new OpgError(`Nothing was sent: ${fault}.`);
    const input = model.encodeInput(options.input);
    const salt = (model.createSalt ?? randomSalt)();
    const receipt = await this.request({ ...options, offer, inputHash: model.commitInput(input, salt) });
    const { requestId, terms, blockNumber } = receipt;

    let answer: Answer | undefined;
    const settled = this.settled(terms, { fromBlock: blockNumber, answer: () => answer });
    // Who does not look at `settled` is not to be ended by it.
    settled.catch(() => undefined);
    try {
      const timeout = options.timeout ?? offer.deliveryWindow * 1_000;
      const reply =
        endpoint === ""
          ? await this.#publishedReply(terms, blockNumber, timeout)
          : await this.#askedReply(terms, hexlify(input), salt, endpoint, timeout);
      verifyOutput(model, salt, reply, options.maxUnits);
      const { outputHash, units, signature } = reply;
      answer = { outputHash, units, output: terms.mode === DeliveryMode.ONCHAIN ? reply.output : "0x", signature };
      const output = model.decodeOutput(getBytes(reply.output));
      const proves = await readProofMeaning(this.contracts, offer);
      return { ...receipt, output, answer, proves, fee: feeOf(terms, units), settled };
    } catch (error) {
      throw new DeliveryError(requestId, error instanceof Error ? error.message : String(error), settled, {
        cause: error,
      });
    }
  }

  /**
   * Waits until a request has ended, and looks after it meanwhile (see {@link ClientOptions.guard}).
   *
   * @throws SettlementFailure when it ended without a proof.
   */
  settled(
    terms: Terms,
    { fromBlock, answer }: { readonly fromBlock?: number; readonly answer?: () => Answer | undefined } = {},
  ): Promise<SettledInference> {
    return waitForOutcome({
      contracts: this.contracts,
      domain: this.domain,
      terms,
      fromBlock: fromBlock ?? this.#deployment.startBlock,
      confirmations: this.#confirmations,
      pollingInterval: this.#pollingInterval,
      guard: this.#guard,
      answer: answer ?? (() => undefined),
      signal: this.#signal,
    });
  }

  /**
   * Opens a channel to a node and deposits into it: by the allowance, a permit, or an approval.
   *
   * @throws OpgError if the node serves no channels, or wants to hold the deposit for longer than a day and no delay was
   * named; then nothing was sent.
   */
  async openChannel(options: OpenChannelOptions): Promise<PaymentChannel> {
    const parts = await this.#channelParts(options);
    const { batches, chainId, nodeId, modelId, routeVersion, token, payer, signer, voucherSigner } = parts;
    const quote = await PaymentChannel.quote(parts.ask, nodeId);
    const least = await batches.read("minWithdrawalDelay");
    const delay = options.withdrawalDelay ?? Math.max(quote.withdrawalDelay, least);
    if (options.withdrawalDelay === undefined && delay > Math.max(LONGEST_WITHDRAWAL_DELAY, least)) {
      throw new OpgError(
        `Node ${nodeId} wants ${delay} s between announcing a withdrawal and making it: name this withdrawalDelay if you agree.`,
      );
    }
    const address = await payer.getAddress();
    const domain = typedDataDomain({ chainId, settlement: batches.address });
    const key = { nodeId, modelId, routeVersion, token, payer: address };
    const consent = voucherSigner === address ? "0x" : await signer.signTypedData(domain, CHANNEL_KEY_TYPES, key);
    const { amount } = options;
    const permit = await payableWith(payer, { token, spender: batches.address, amount, chainId });
    const channel = [nodeId, modelId, routeVersion, token, voucherSigner, delay, amount, consent] as const;
    if (permit === undefined) await batches.write("open", ...channel);
    else await batches.write("openWithPermit", ...channel, permit);
    return PaymentChannel.attach(parts, quote);
  }

  /** A channel that is open already. What it was charged is read from the chain and from the node's signed receipts. */
  async channel(options: ChannelOptions): Promise<PaymentChannel> {
    const parts = await this.#channelParts(options);
    return PaymentChannel.attach(parts, await PaymentChannel.quote(parts.ask, options.nodeId));
  }

  /** A channel as the chain has it: to top up and to reclaim, without asking the node. */
  async channelAccount(options: ChannelAccountName): Promise<ChannelAccount> {
    return new ChannelAccount({ ...(await this.#channelName(options)), ...this.#channelPayer() });
  }

  async #channelParts(options: ChannelOptions): Promise<PaymentChannelOptions> {
    const { nodeId, signer = this.#signer } = options;
    await this.#requireChain();
    const endpoint = options.endpoint ?? (await this.contracts.nodes.read("descriptionOf", nodeId)).endpoint;
    if (endpoint === "") throw new OpgError(`Node ${nodeId} has published no endpoint.`);
    const ask = { endpoint, insecure: this.#insecure, fetch: this.#fetch };
    const name = await this.#channelName({ ...options, voucherSigner: await signer.getAddress() });
    return { ...name, ...this.#channelPayer(), contracts: this.contracts, signer, ask };
  }

  async #channelName(options: ChannelAccountName) {
    const { nodeId, modelId, token } = options;
    const { version } = await this.contracts.models.read("currentRoute", modelId, Route.TEE);
    const routeVersion = options.routeVersion ?? version;
    if (routeVersion === 0) throw new OpgError(`Model ${modelId} has no TEE route in force.`);
    return {
      nodeId,
      modelId,
      routeVersion,
      token,
      voucherSigner: options.voucherSigner ?? (await this.#signer.getAddress()),
    };
  }

  #channelPayer() {
    const payer = this.#signer;
    return { payer, batches: batchContract(this.#deployment, payer), chainId: this.#deployment.chainId };
  }

  /** The terms of a request that is on chain. */
  termsOf(requestId: string): Promise<Terms> {
    return readTerms(this.contracts, this.#deployment, requestId);
  }

  /** Where a request stands. */
  status(requestId: string): Promise<RequestState> {
    return readRequest(this.contracts, this.#deployment, requestId);
  }

  /** After the delivery deadline: takes the escrow back, as a credit. @returns the transaction's hash. */
  async refund(terms: Terms): Promise<string> {
    return (await this.contracts.settlement.write("refund", terms)).hash;
  }

  /** After the proof deadline: takes the escrow back and the compensation, as credits. @returns the transaction's hash. */
  async claimDefault(terms: Terms): Promise<string> {
    return (await this.contracts.settlement.write("claimDefault", terms)).hash;
  }

  /** After the route's verifier was revoked: takes the escrow back, as a credit. @returns the transaction's hash. */
  async voidRequest(terms: Terms): Promise<string> {
    return (await this.contracts.settlement.write("voidRequest", terms)).hash;
  }

  /** What an account (the signer's if absent) can withdraw, in base units of `token`. */
  async credit(token: string, account?: string): Promise<bigint> {
    return this.contracts.settlement.read("creditOf", token, account ?? (await this.#signer.getAddress()));
  }

  /** Pays the signer's whole credit in `token` out, to itself or to `to`. @returns the amount, in base units. */
  async withdraw(token: string, to?: string): Promise<bigint> {
    const { settlement } = this.contracts;
    const receipt = await settlement.write("withdraw", token, to ?? (await this.#signer.getAddress()));
    return settlement.parse("CreditWithdrawn", receipt.logs).reduce((sum, { args }) => sum + args.amount, 0n);
  }

  async #requireChain(): Promise<void> {
    const { chainId } = await this.contracts.settlement.provider.getNetwork();
    if (chainId !== BigInt(this.#deployment.chainId)) {
      throw new OpgError(
        `The deployment is on chain ${this.#deployment.chainId}, and the signer's provider on chain ${chainId}.`,
      );
    }
  }

  async #chooseOffer<I, O>(options: InferOptions<I, O>): Promise<Offer> {
    const { model, nodeId, token, maxFee, maxUnits } = options;
    if (maxFee === undefined) throw new OpgError("Say by maxFee how much to pay at most, or which offer to take.");
    const { zkVerificationFee, teeVerificationFee } = await this.contracts.settlement.read("parameters");
    const fee = model.route === Route.ZK ? zkVerificationFee : teeVerificationFee;
    const offers = await this.offers({
      modelId: model.modelId,
      route: model.route,
      ...(nodeId === undefined ? {} : { nodeId }),
      ...(token === undefined ? {} : { token }),
    });
    const covered = offers.filter(({ offer, free }) => free >= offer.coverage + fee);
    // If none can be asked, the first one's fault says why.
    const reachable = covered.filter(({ endpoint }) => this.#faultOf(options.endpoint ?? endpoint) === undefined);
    const [first, ...others] = reachable.length > 0 ? reachable : covered;
    if (first === undefined) {
      throw new OpgError(
        offers.length === 0
          ? `No node offers model ${model.modelId} on this route and in this token.`
          : `None of the ${offers.length} nodes that offer model ${model.modelId} has enough free stake for the bond.`,
      );
    }
    const tokens = new Set([first, ...others].map(({ offer }) => offer.token));
    if (tokens.size > 1) {
      throw new OpgError(
        `Model ${model.modelId} is offered in several tokens, whose amounts cannot be compared: say by token which one to pay in (${[...tokens].join(", ")}).`,
      );
    }
    // All are for the version of the route in force, so that what is metered is the same for all.
    const zk = await requireProductionKey(this.contracts, this.#deployment.chainId, first.offer);
    const chosen = cheapest([first, ...others], zk?.units ?? maxUnits, maxFee);
    if (chosen === undefined) throw new OpgError(`Every offer asks for more than ${maxFee} base units for a request.`);
    return chosen.offer;
  }

  async #endpointOf({ nodeId }: Offer): Promise<string> {
    return nodeId === ZeroHash ? "" : (await this.contracts.nodes.read("descriptionOf", nodeId)).endpoint;
  }

  /** Why a node cannot be asked; undefined if it can, or if it has no endpoint and the chain will show its answer. */
  #faultOf(endpoint: string): string | undefined {
    return endpoint === "" ? undefined : endpointFault(endpoint, this.#insecure);
  }

  /** The answer that the node sends, verified to be its own. */
  async #askedReply(terms: Terms, input: string, salt: string, endpoint: string, timeout: number) {
    const options = { endpoint, timeout, insecure: this.#insecure, fetch: this.#fetch };
    // The node may not have seen the request yet, or be busy.
    const question = { path: INFERENCES_PATH, body: { terms, input, salt }, retry: [404, 429, 503] };
    const reply = await askNode({ ...question, parse: parseInferenceReply }, options);
    await verifyDelivery(this.contracts, this.domain, terms, reply);
    if (terms.offer.route === Route.TEE) await verifyProof(this.contracts, this.domain, terms, reply);
    return reply;
  }

  /** The answer as the chain has it, for a node without an endpoint: the output is published, or is its own commitment. */
  async #publishedReply(terms: Terms, fromBlock: number, timeout: number): Promise<InferenceReply> {
    const { settlement, models } = this.contracts;
    const { modelId, route, routeVersion } = terms.offer;
    const { outputCommitment } = await models.read("routeAt", modelId, route, routeVersion);
    if (terms.mode !== DeliveryMode.ONCHAIN && outputCommitment !== OutputCommitment.VALUE) {
      throw new OpgError("the node has no endpoint, and the delivery does not show the output");
    }
    const requestId = hashTerms(this.domain, terms);
    const deadline = Date.now() + timeout;
    for (;;) {
      const [delivered] = await settlement.events("Delivered", [requestId], fromBlock);
      if (delivered !== undefined) {
        const { nodeId, outputHash, units } = delivered.args;
        const [published] = await settlement.events("OutputPublished", [requestId], fromBlock);
        return {
          requestId,
          nodeId,
          outputHash,
          units,
          output: published?.args.output ?? outputHash,
          signature: "0x",
          proof: "0x",
        };
      }
      if (Date.now() > deadline) throw new OpgError(`nobody delivered in ${timeout} ms`);
      await sleep(this.#pollingInterval);
    }
  }
}

/** What to escrow: the price where it is known before, the most to pay where it is not. */
function escrowOf(offer: Offer, units: bigint | undefined, maxFee?: bigint): bigint {
  if (units === undefined && offer.pricePerUnit !== 0n) {
    if (maxFee !== undefined) return maxFee;
    throw new OpgError("This offer is metered per unit: say by maxFee how much to pay at most.");
  }
  const price = priceOf(offer, units ?? 0n);
  if (maxFee === undefined || price <= maxFee) return price;
  throw new OpgError(`This offer costs ${price} base units, and ${maxFee} is the most to pay.`);
}
