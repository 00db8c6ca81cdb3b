import { getBytes, hexlify, type Signer } from "ethers";
import { isUnderRoot } from "../batch/leafSet.ts";
import { inferenceOf, type Receipt } from "../batch/receipt.ts";
import type { Contracts } from "../chain/contracts.ts";
import { type AskOptions, askNode, NodeRefusal } from "../client/askNode.ts";
import { priceOf } from "../client/offers.ts";
import { type ProofMeaning, readProofMeaning } from "../client/verifyProof.ts";
import { OpgError } from "../errors/OpgError.ts";
import { batchedRequestIdOf } from "../hash/batchedRequestIdOf.ts";
import { leafOf } from "../hash/leafOf.ts";
import { streamIdOf } from "../hash/streamIdOf.ts";
import { type SettlementDomain, typedDataDomain, VOUCHER_TYPES } from "../hash/typedData.ts";
import { type InferenceModel, randomSalt } from "../model.ts";
import { type InferenceBatch, Route } from "../types.ts";
import { ChannelAccount, type ChannelAccountOptions } from "./ChannelAccount.ts";
import {
  CHANNEL_CALLS_PATH,
  CHANNEL_QUERY_TYPES,
  CHANNEL_RECEIPTS_PATH,
  type ChannelOffer,
  type ChannelQuote,
  type ChannelReply,
  LEAVES_PATH,
  parseChannelQuote,
  parseChannelReply,
  parseLeafPath,
  parseReceipts,
  QUOTE_PATH,
} from "./channelWire.ts";
import { ReceiptVerifier } from "./verifyReceipt.ts";

/** A call that a channel pays for. */
export interface ChannelInferOptions<Input, Output> {
  readonly model: InferenceModel<Input, Output>;
  readonly input: Input;
  /** The most units to pay for. Has to be said where units cost something. */
  readonly maxUnits?: bigint;
  /** The most to pay, in base units of the channel's token; what the node's quote makes of `maxUnits` if absent. */
  readonly maxAmount?: bigint;
  /** Milliseconds to wait for the answer; 60,000 if absent. */
  readonly timeout?: number;
}

/** An answered call. */
export interface ChannelRun<Output> {
  readonly output: Output;
  /** What it costs, in base units of the channel's token. */
  readonly amount: bigint;
  readonly units: bigint;
  /** The enclave's word on it: keep it to have it proven later. */
  readonly receipt: Receipt;
  /** What the proof shows: that the model ran, or, for a gateway, only what was relayed. */
  readonly proves: ProofMeaning;
}

/** A proof that an inference was settled, for any contract: see `isInferenceSettled`. */
export interface SettledProof {
  readonly batch: InferenceBatch;
  readonly leaf: string;
  readonly path: readonly string[];
}

/** What a channel needs beside its account. */
export interface PaymentChannelOptions extends ChannelAccountOptions {
  readonly contracts: Contracts;
  /** The key that signs vouchers. */
  readonly signer: Signer;
  /** How to reach the node. */
  readonly ask: Omit<AskOptions, "timeout">;
}

/** Milliseconds for an answer that needs no model. */
const SHORT = 15_000;

/** Milliseconds for a paid call. */
const LONG = 60_000;

/** How many receipts are kept before the settled ones are looked for. */
const RECEIPTS_KEPT = 2_000;

/**
 * A payer's prepaid balance towards one node. Each call is paid by a voucher over what all calls have cost so far; the
 * node can draw only what it was given vouchers for and what its enclave proves. Calls can be made in parallel.
 *
 * No voucher allows more than what there are verified receipts for, and the quoted most of the calls at work. Nothing of
 * this needs to be kept: what was charged is read again from the chain and from the node's signed receipts.
 */
export class PaymentChannel extends ChannelAccount {
  readonly #options: PaymentChannelOptions;
  readonly #domain: SettlementDomain;
  readonly #verifier: ReceiptVerifier;
  readonly #quote: ChannelQuote;
  /** Receipts that are not known to be settled, by their `requestId`. */
  readonly #receipts = new Map<string, Receipt>();
  #proves: ProofMeaning;
  /** What there are receipts for in the channel's life. */
  #charged = 0n;
  /** The most that the calls at work may cost. */
  #atWork = 0n;
  #syncing: Promise<void> | undefined;

  private constructor(options: PaymentChannelOptions, quote: ChannelQuote) {
    super(options);
    this.#options = options;
    this.#domain = { chainId: options.chainId, settlement: options.batches.address };
    this.#verifier = new ReceiptVerifier(options.contracts, this.#domain);
    this.#quote = quote;
  }

  /** Asks a node what it serves to channels. @throws OpgError if it serves none, or not for the node that was meant. */
  static async quote(ask: Omit<AskOptions, "timeout">, nodeId: string): Promise<ChannelQuote> {
    const question = { path: QUOTE_PATH, retry: [429, 503], parse: parseChannelQuote };
    const quote = await askNode(question, { ...ask, timeout: SHORT });
    if (quote.nodeId !== nodeId.toLowerCase()) {
      throw new OpgError(`${ask.endpoint} serves channels of node ${quote.nodeId}, and not of ${nodeId}.`);
    }
    return quote;
  }

  /** A channel that is open; what it was charged is read from chain and node. */
  static async attach(options: PaymentChannelOptions, quote: ChannelQuote): Promise<PaymentChannel> {
    const channel = new PaymentChannel(options, quote);
    const { contracts, modelId, routeVersion } = options;
    [channel.#proves] = await Promise.all([
      readProofMeaning(contracts, { modelId, route: Route.TEE, routeVersion }),
      channel.state(),
    ]);
    await channel.sync();
    return channel;
  }

  /** What the node asks for a call. @throws OpgError if it does not serve this channel's model for its token. */
  get offer(): ChannelOffer {
    const offer = this.#quote.offers.find(
      ({ modelId, routeVersion, token }) =>
        modelId === this.modelId &&
        routeVersion === this.routeVersion &&
        token.toLowerCase() === this.token.toLowerCase(),
    );
    if (offer !== undefined) return offer;
    throw new OpgError(
      `Node ${this.nodeId} does not serve model ${this.modelId}, version ${this.routeVersion}, for token ${this.token}.`,
    );
  }

  /** What there are receipts for in the channel's life, settled or not, in base units. */
  get charged(): bigint {
    return this.#charged;
  }

  /** The receipts that are not known to be settled. */
  get receipts(): readonly Receipt[] {
    return [...this.#receipts.values()];
  }

  /**
   * Pays for one call and runs it: signs a voucher, sends the input, and checks answer and receipt before it returns.
   *
   * @throws OpgError if there is no valid answer. A voucher that was sent for nothing stays with the node, which can draw
   * on it only what its enclave proves; the next call's voucher counts what has a receipt.
   */
  async infer<Input, Output>(options: ChannelInferOptions<Input, Output>): Promise<ChannelRun<Output>> {
    const { model } = options;
    const { offer } = this;
    if (model.modelId.toLowerCase() !== this.modelId || model.route !== Route.TEE) {
      throw new OpgError(`This channel pays for model ${this.modelId} on the TEE route, and not for ${model.modelId}.`);
    }
    const maxAmount = mostOf(offer, options);
    const input = model.encodeInput(options.input);
    const salt = (model.createSalt ?? randomSalt)();
    const inputHash = model.commitInput(input, salt);
    const call = { maxAmount, input: hexlify(input), salt, timeout: options.timeout ?? LONG };
    this.#atWork += maxAmount;
    try {
      const { output, receipt } = await this.#call(call);
      this.#requireOwn(receipt, offer, inputHash, maxAmount, options.maxUnits);
      if (model.commitOutput(getBytes(output), salt) !== receipt.outputHash) {
        throw new OpgError("the output is not what the receipt commits to");
      }
      await this.#verifier.verify(receipt);
      this.#add(receipt);
      const { amount, units } = receipt;
      return { output: model.decodeOutput(getBytes(output)), amount, units, receipt, proves: this.#proves };
    } finally {
      this.#atWork -= maxAmount;
    }
  }

  /** Sends a call. If the node says that the voucher does not suffice, its receipts are read, and it is sent once more. */
  async #call(call: Call): Promise<ChannelReply> {
    try {
      return await this.#send(call);
    } catch (error) {
      if (!(error instanceof NodeRefusal) || error.status !== 402) throw error;
      const charged = this.#charged;
      await this.sync();
      if (this.#charged === charged) throw error;
      return this.#send(call);
    }
  }

  async #send({ maxAmount, input, salt, timeout }: Call): Promise<ChannelReply> {
    const { nodeId, modelId, routeVersion, token } = this;
    // Everything at work, this call included, has to be covered in whatever order the node sees the calls.
    const ceiling = this.#charged + this.#atWork;
    const voucher = { nodeId, modelId, routeVersion, token, ceiling };
    const signature = await this.#options.signer.signTypedData(typedDataDomain(this.#domain), VOUCHER_TYPES, voucher);
    const body = { ...voucher, signer: this.voucherSigner, signature, maxAmount, input, salt };
    const question = { path: CHANNEL_CALLS_PATH, body, retry: [429, 503], parse: parseChannelReply };
    const ask = { ...this.#options.ask, timeout };
    try {
      return await askNode(question, ask);
    } catch (error) {
      // A connection that broke may have lost an answer that was charged. Who asks again is not charged again.
      if (error instanceof NodeRefusal) throw error;
      return askNode(question, ask);
    }
  }

  /** Checks that a receipt is for this call, at the quoted price. The signature is checked elsewhere. */
  #requireOwn(receipt: Receipt, offer: ChannelOffer, inputHash: string, maxAmount: bigint, maxUnits?: bigint): void {
    this.#requireMine(receipt);
    const { units, amount } = receipt;
    if (receipt.inputHash !== inputHash) throw new OpgError("the receipt is for another input");
    if (this.#receipts.has(this.#requestIdOf(receipt))) throw new OpgError("the receipt's number was used before");
    if (maxUnits !== undefined && units > maxUnits) {
      throw new OpgError(`the node meters ${units} units, and ${maxUnits} were agreed`);
    }
    if (amount !== priceOf(offer, units) || amount > maxAmount) {
      throw new OpgError(`the node charges ${amount}, and ${priceOf(offer, units)} of ${maxAmount} at most is agreed`);
    }
  }

  #requireMine({ channelId, stream }: Receipt): void {
    const here =
      channelId === this.channelId &&
      stream.nodeId === this.nodeId &&
      stream.modelId === this.modelId &&
      stream.routeVersion === this.routeVersion &&
      stream.token.toLowerCase() === this.token.toLowerCase() &&
      stream.ledger.toLowerCase() === this.#domain.settlement.toLowerCase();
    if (!here) throw new OpgError("the receipt is for another channel");
  }

  #add(receipt: Receipt): void {
    const requestId = this.#requestIdOf(receipt);
    if (this.#receipts.has(requestId)) return;
    this.#receipts.set(requestId, receipt);
    this.#charged += receipt.amount;
    // Not for ever: those that are settled are not needed any more.
    if (this.#receipts.size % RECEIPTS_KEPT === 0) this.sync().catch(() => undefined);
  }

  #requestIdOf({ channelId, stream, sequence }: Receipt): string {
    return batchedRequestIdOf(channelId, streamIdOf(stream), sequence);
  }

  /**
   * Reads anew what the channel was charged: from the chain what batches have proven, from the node the receipts that are
   * not settled, each of which is verified. Drops what is settled from {@link receipts}.
   */
  sync(): Promise<void> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    const { batches, signer, ask } = this.#options;
    const time = BigInt(Math.floor(Date.now() / 1000));
    const { channelId } = this;
    const signature = await signer.signTypedData(typedDataDomain(this.#domain), CHANNEL_QUERY_TYPES, {
      channelId,
      time,
    });
    const { modelId, routeVersion, token } = this;
    const body = { modelId, routeVersion, token, signer: this.voucherSigner, time, signature };
    const question = { path: CHANNEL_RECEIPTS_PATH, body, retry: [429, 503], parse: parseReceipts };
    for (const receipt of await askNode(question, { ...ask, timeout: SHORT })) {
      this.#requireMine(receipt);
      await this.#verifier.verify(receipt);
      this.#add(receipt);
    }
    // Which receipts a channel's state covers depends on the moment at which it is read.
    for (;;) {
      const streams = new Map([...this.#receipts.values()].map(({ stream }) => [streamIdOf(stream), stream]));
      const read = () => Promise.all([...streams.keys()].map((streamId) => batches.read("nextSequence", streamId)));
      const before = await read();
      const { claimed, unpaid } = await batches.read("channelOf", channelId);
      const after = await read();
      if (String(before) !== String(after)) continue;
      const next = new Map([...streams.keys()].map((streamId, index) => [streamId, after[index] ?? 0n]));
      for (const [requestId, { stream, sequence }] of this.#receipts) {
        if (sequence < (next.get(streamIdOf(stream)) ?? 0n)) this.#receipts.delete(requestId);
      }
      this.#charged = [...this.#receipts.values()].reduce((sum, { amount }) => sum + amount, claimed + unpaid);
      return;
    }
  }

  /**
   * The proof that an inference was settled: the node's path from its leaf to a root, checked here and by the chain.
   *
   * @returns undefined if it is in no settled batch yet.
   */
  async settledProof(receipt: Receipt): Promise<SettledProof | undefined> {
    const inference = inferenceOf(receipt.stream, receipt);
    const leaf = leafOf(inference);
    const question = { path: LEAVES_PATH + leaf, retry: [429, 503], parse: parseLeafPath };
    try {
      const { batch, path } = await askNode(question, { ...this.#options.ask, timeout: SHORT });
      if (!isUnderRoot(batch.root, leaf, path)) throw new OpgError("the node's path does not lead to the root");
      const settled = await this.#options.batches.read("isInferenceSettled", inference, batch.root, path);
      return settled ? { batch, leaf, path } : undefined;
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return undefined;
      throw error;
    }
  }
}

interface Call {
  readonly maxAmount: bigint;
  readonly input: string;
  readonly salt: string;
  readonly timeout: number;
}

/** The most that a call may cost. */
function mostOf(offer: ChannelOffer, { maxUnits, maxAmount }: { maxUnits?: bigint; maxAmount?: bigint }): bigint {
  if (offer.pricePerUnit !== 0n && maxUnits === undefined && maxAmount === undefined) {
    throw new OpgError("This model is metered per unit: say by maxUnits or maxAmount how much to pay at most.");
  }
  const quoted = priceOf(offer, offer.pricePerUnit === 0n ? 0n : (maxUnits ?? 0n));
  if (maxAmount === undefined) return quoted;
  if (maxAmount < offer.pricePerRequest) {
    throw new OpgError(
      `A call costs ${offer.pricePerRequest} base units at least, and ${maxAmount} is the most to pay.`,
    );
  }
  return maxUnits === undefined || maxAmount < quoted ? maxAmount : quoted;
}
