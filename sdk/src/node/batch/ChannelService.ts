import { join } from "node:path";
import { getBytes, hexlify, isHexString, type Signer, verifyTypedData } from "ethers";
import type { Receipt } from "../../batch/receipt.ts";
import { batchContract } from "../../chain/batchContract.ts";
import { type Contracts, contractsOf } from "../../chain/contracts.ts";
import {
  CHANNEL_CALLS_PATH,
  CHANNEL_QUERY_TYPES,
  CHANNEL_RECEIPTS_PATH,
  type ChannelCall,
  type ChannelOffer,
  type ChannelQuery,
  type ChannelQuote,
  type ChannelReply,
  LEAVES_PATH,
  type LeafPath,
  parseChannelCall,
  parseChannelQuery,
} from "../../channel/channelWire.ts";
import { priceOf } from "../../client/offers.ts";
import type { Deployment } from "../../deployment.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { channelIdOf } from "../../hash/channelIdOf.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import { typedDataDomain } from "../../hash/typedData.ts";
import { Route, type Stream } from "../../types.ts";
import { HttpError } from "../HttpError.ts";
import type { HttpRoute } from "../httpServer.ts";
import { Limit } from "../Limit.ts";
import type { NodeModel } from "../NodeModel.ts";
import { BatchAccountant, type BatchSigner } from "./BatchAccountant.ts";
import { type BatchEvent, BatchSettler } from "./BatchSettler.ts";
import { ChannelBook } from "./ChannelBook.ts";
import { nativeRows } from "./nativeRows.ts";
import { Readiness } from "./Readiness.ts";

/** How to serve channels. */
export interface ChannelOptions {
  /** The enclave's key, attested for the node. */
  readonly enclave: BatchSigner;
  /** What calls cost, by model and token. The models have to be served, on the TEE route. */
  readonly offers: readonly ChannelOffer[];
  /** The node, if several are served; the first one if absent. */
  readonly nodeId?: string;
  /** Seconds after which a charged inference is settled at the latest; 300 if absent. */
  readonly settleAfter?: number;
  /** How many inferences are settled at once, without waiting; 1,000 if absent. */
  readonly settleAt?: number;
  /** Seconds by which a channel's withdrawal delay has to be longer than `settleAfter`; 600 if absent. */
  readonly withdrawalMargin?: number;
  /** Is told what happens to batches. */
  readonly onBatch?: (event: BatchEvent) => void;
}

interface ServiceOptions extends ChannelOptions {
  readonly signer: Signer;
  readonly deployment: Deployment;
  readonly nodes: readonly string[];
  readonly models: readonly NodeModel[];
  readonly directory: string;
  readonly concurrency?: number;
  readonly pollingInterval?: number;
}

/** Milliseconds for which an answer is kept for a payer who did not get it. */
const ANSWER_LIFETIME = 86_400_000;

/** Seconds for which a signed question is answered. */
const QUERY_LIFETIME = 300;

/** How many receipts are handed out at once. */
const MAX_RECEIPTS = 10_000;

/** The side of a node that channels pay: answers calls with receipts, and settles them in batches. */
export class ChannelService {
  readonly #options: ServiceOptions;
  readonly #nodeId: string;
  readonly #contracts: Contracts;
  readonly #accountant: BatchAccountant;
  readonly #book: ChannelBook;
  readonly #settler: BatchSettler;
  readonly #readiness: Readiness;
  readonly #runs: Limit;
  readonly #domain: { readonly chainId: number; readonly settlement: string };
  readonly #minDelay: number;
  /** Calls at work, by what they ask for: the same question is never run twice at the same time. */
  readonly #working = new Map<string, Promise<ChannelReply>>();

  private constructor(options: ServiceOptions, nodeId: string, accountant: BatchAccountant) {
    const { deployment, signer, settleAfter = 300, settleAt = 1_000, withdrawalMargin = 600 } = options;
    const batches = batchContract(deployment, signer);
    this.#options = options;
    this.#nodeId = nodeId;
    this.#contracts = contractsOf(deployment, signer);
    this.#accountant = accountant;
    this.#domain = { chainId: deployment.chainId, settlement: batches.address };
    this.#minDelay = settleAfter + withdrawalMargin;
    this.#book = new ChannelBook(batches, accountant, this.#domain, this.#minDelay);
    this.#runs = new Limit(options.concurrency ?? 4);
    const { offers: routes } = options;
    this.#readiness = new Readiness({ contracts: this.#contracts, batches, accountant, nodeId, routes, settleAfter });
    this.#settler = new BatchSettler({
      accountant,
      batches,
      streams: options.offers.map((offer) => this.#streamOf(offer)),
      directory: join(options.directory, "batches"),
      after: settleAfter * 1_000,
      at: settleAt,
      pollingInterval: options.pollingInterval ?? 1_000,
      onEvent: (event) => {
        options.onBatch?.(event);
        if (event.type === "batchSettled") accountant.store.forgetAnswers(Date.now() - ANSWER_LIFETIME);
      },
    });
  }

  /** @throws OpgError if a model is not served, if the key is not attested, or if the books are not the chain's. */
  static async start(options: ServiceOptions): Promise<ChannelService> {
    const nodeId = options.nodeId ?? options.nodes[0];
    if (nodeId === undefined) throw new OpgError("There is no node to serve channels for.");
    for (const { modelId } of options.offers) {
      if (!options.models.some((model) => model.modelId === modelId && model.route === Route.TEE)) {
        throw new OpgError(`Channels are to pay for model ${modelId}, which is not served on the TEE route.`);
      }
    }
    const { address } = batchContract(options.deployment, options.signer);
    const accountant = await BatchAccountant.open({
      directory: join(options.directory, "channels"),
      domain: { chainId: options.deployment.chainId, settlement: address },
      signer: options.enclave,
      ledgers: [nativeRows(address)],
    });
    try {
      const service = new ChannelService(options, nodeId, accountant);
      await service.#readiness.require(0);
      await service.#settler.start();
      return service;
    } catch (error) {
      accountant.close();
      throw error;
    }
  }

  /** Settles now what was charged so far. */
  settle(): Promise<void> {
    return this.#settler.settle();
  }

  async stop(): Promise<void> {
    await this.#settler.stop();
    await Promise.allSettled(this.#working.values());
    this.#accountant.close();
  }

  describe(): ChannelQuote {
    const { enclave, offers } = this.#options;
    return { nodeId: this.#nodeId, key: enclave.key, withdrawalDelay: this.#minDelay, offers };
  }

  routes(): HttpRoute[] {
    return [
      { method: "POST", path: CHANNEL_CALLS_PATH, answer: (body) => this.#infer(parseChannelCall(body)) },
      { method: "POST", path: CHANNEL_RECEIPTS_PATH, answer: (body) => this.#receipts(parseChannelQuery(body)) },
      { method: "GET", path: LEAVES_PATH, answer: (_, leaf) => this.#path(leaf) },
    ];
  }

  /** Answers a call, once: who asks again with the same input gets the same answer, and is not charged again. */
  async #infer(call: ChannelCall): Promise<ChannelReply> {
    const { modelId, routeVersion, token, input, salt, maxAmount } = call;
    const offer = this.#options.offers.find(
      (one) =>
        one.modelId === modelId && one.routeVersion === routeVersion && one.token.toLowerCase() === token.toLowerCase(),
    );
    const model = this.#options.models.find((one) => one.modelId === modelId && one.route === Route.TEE);
    if (call.nodeId !== this.#nodeId || offer === undefined || model === undefined) {
      throw new HttpError(422, "this node does not serve this model for this token");
    }
    let inputHash: string;
    try {
      inputHash = model.commitInput(getBytes(input), salt);
    } catch (error) {
      throw new HttpError(422, `this is no input of the model: ${error instanceof Error ? error.message : error}`);
    }
    if (maxAmount < offer.pricePerRequest) {
      throw new HttpError(402, `a call costs ${offer.pricePerRequest} at least, and ${maxAmount} is offered`);
    }
    const channelId = channelIdOf(this.#nodeId, modelId, routeVersion, token, call.signer);
    const stream = this.#streamOf(offer);
    const answered = this.#accountant.store.find(streamIdOf(stream), channelId, inputHash);
    if (answered !== undefined) {
      if (answered.output === undefined) throw new HttpError(410, "this call was answered, too long ago to repeat it");
      return {
        output: hexlify(answered.output),
        receipt: await this.#accountant.receipt(stream, answered.entry),
      };
    }
    const question = `${streamIdOf(stream)}/${channelId}/${inputHash}`;
    const working =
      this.#working.get(question) ??
      this.#run(call, { offer, model, stream, inputHash }).finally(() => this.#working.delete(question));
    this.#working.set(question, working);
    return working;
  }

  #streamOf({ modelId, routeVersion, token }: ChannelOffer): Stream {
    const { settlement: ledger } = this.#domain;
    return { nodeId: this.#nodeId, modelId, routeVersion, token, ledger, key: this.#accountant.key };
  }

  async #run(
    call: ChannelCall,
    { offer, model, stream, inputHash }: { offer: ChannelOffer; model: NodeModel; stream: Stream; inputHash: string },
  ): Promise<ChannelReply> {
    const { maxAmount } = call;
    await this.#readiness.require();
    if (this.#runs.isFull) throw new HttpError(503, "this node is busy");
    const { channelId, voucher, release } = await this.#book.admit(call);
    try {
      const maxUnits = offer.pricePerUnit === 0n ? undefined : (maxAmount - offer.pricePerRequest) / offer.pricePerUnit;
      const { output, units } = await this.#runs.run(() => model.run(getBytes(call.input), { maxUnits }));
      const amount = priceOf(offer, units);
      if (amount > maxAmount) {
        throw new HttpError(402, `the call costs ${amount}, and ${maxAmount} is the most to pay`);
      }
      const charge = { channelId, inputHash, outputHash: model.commitOutput(output, call.salt), units, amount };
      const receipt = await this.#accountant.charge(stream, { ...charge, output, voucher }, release);
      return { output: hexlify(output), receipt };
    } finally {
      release();
    }
  }

  /** What a channel was charged and is not settled, told to its signer. */
  async #receipts(query: ChannelQuery): Promise<{ receipts: Receipt[] }> {
    const { modelId, routeVersion, token, signer, time, signature } = query;
    const channelId = channelIdOf(this.#nodeId, modelId, routeVersion, token, signer);
    if (Math.abs(Number(time) - Date.now() / 1000) > QUERY_LIFETIME) {
      throw new HttpError(422, "the question is too old, or this machine's clock or yours is wrong");
    }
    const domain = typedDataDomain(this.#domain);
    let asked: string | undefined;
    try {
      asked = verifyTypedData(domain, CHANNEL_QUERY_TYPES, { channelId, time }, signature);
    } catch {
      // Not a signature at all.
    }
    if (asked?.toLowerCase() !== signer.toLowerCase())
      throw new HttpError(422, "the channel's signer did not ask this");
    const { store } = this.#accountant;
    const receipts: Receipt[] = [];
    const batches = batchContract(this.#options.deployment, this.#contracts.settlement.provider);
    for (const stream of store.streams()) {
      if (stream.key.toLowerCase() !== this.#accountant.key.toLowerCase()) continue;
      const streamId = streamIdOf(stream);
      const next = Number(await batches.read("nextSequence", streamId));
      for (const entry of store.entries(streamId, next, MAX_RECEIPTS - receipts.length, channelId)) {
        receipts.push(await this.#accountant.receipt(stream, entry));
      }
    }
    return { receipts };
  }

  #path(leaf: string): LeafPath {
    if (!isHexString(leaf, 32)) throw new HttpError(400, "a leaf is 32 bytes of 0x-hex");
    const found = this.#accountant.path(leaf.toLowerCase());
    if (found === undefined) throw new HttpError(404, "this leaf is in no batch yet");
    return found;
  }
}
