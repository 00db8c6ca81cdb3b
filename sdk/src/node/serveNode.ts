import type { AddressInfo } from "node:net";
import { getBytes, hexlify, type Signer } from "ethers";
import { sleep } from "../chain/sleep.ts";
import { isOpen } from "../client/outcome.ts";
import type { Deployment } from "../deployment.ts";
import { ContractError } from "../errors/ContractError.ts";
import { OpgError } from "../errors/OpgError.ts";
import { claimOf } from "../hash/claimOf.ts";
import { hashClaim } from "../hash/hashClaim.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import { OpgOperator, type ProvenRequest } from "../operator/OpgOperator.ts";
import { DeliveryMode, RequestStatus, Route, type Terms } from "../types.ts";
import { INFERENCES_PATH, type InferenceCall, type InferenceReply, parseInferenceCall } from "../wire.ts";
import { type ChannelOptions, ChannelService } from "./batch/ChannelService.ts";
import { HttpError } from "./HttpError.ts";
import { type HttpRoute, httpServer, NODE_PATH } from "./httpServer.ts";
import { type Job, JobStore } from "./JobStore.ts";
import { Limit } from "./Limit.ts";
import type { NodeModel } from "./NodeModel.ts";
import { SettlementQueue } from "./SettlementQueue.ts";

/** Something that happened to a request at this node. */
export interface NodeEvent {
  readonly type:
    | "requested"
    | "declined"
    | "answered"
    | "delivered"
    | "proving"
    | "proven"
    | "settled"
    | "ended"
    | "retrying";
  readonly requestId: string;
  readonly nodeId: string;
  /** For `retrying`: what went wrong. For the steps on chain: the transaction. */
  readonly detail?: string;
}

/** How to run nodes. */
export interface ServeOptions {
  /** The nodes' signer key, connected to a provider; it signs deliveries and pays the gas. */
  readonly signer: Signer;
  readonly deployment: Deployment;
  /** The nodes that this signer signs for. */
  readonly nodes: readonly string[];
  readonly models: readonly NodeModel[];
  /** Where to keep what was answered and is not settled yet. It has to survive a restart. */
  readonly directory: string;
  /** The HTTP port; a free one if absent. */
  readonly port?: number;
  /** The address to listen on; this machine only (127.0.0.1) if absent. */
  readonly host?: string;
  /** Milliseconds between two looks at the chain; 1,000 if absent. */
  readonly pollingInterval?: number;
  /** How many models run at once; 4 if absent. More requests wait a moment and are then told to come again. */
  readonly concurrency?: number;
  /** How many proofs are made at once; 1 if absent. */
  readonly provers?: number;
  /**
   * Whether requests whose proofs are of one Groth16 key, and ready at the same time, are settled in one transaction;
   * true if absent.
   */
  readonly settleTogether?: boolean;
  /**
   * Milliseconds to wait for the input of a request that is on chain; then it is declined, since it locks the bond for
   * nothing. 120,000 if absent.
   */
  readonly inputTimeout?: number;
  /** The longest HTTP body, in bytes; 16 MiB if absent. */
  readonly maxBody?: number;
  /** How many HTTP connections are open at once, each of which may hold a body in memory; 128 if absent. */
  readonly maxConnections?: number;
  /**
   * Whether to take an open request, which names no node: its price is the requester's, and the first node listed pays
   * the verification fee. None is taken if absent.
   */
  readonly acceptOpen?: (terms: Terms) => boolean;
  /** Takes calls that channels pay for, and settles them in batches; none are taken if absent. */
  readonly channels?: ChannelOptions;
  /** Is told what happens. */
  readonly onEvent?: (event: NodeEvent) => void;
}

/** A node at work. */
export interface RunningNode {
  /** Where it is reached on this machine. */
  readonly url: string;
  /** Resolves when nothing that was answered is left to settle. */
  idle(): Promise<void>;
  /** Settles now what channels were charged so far. Resolves when it is on chain. */
  settleBatches(): Promise<void>;
  /** Stops taking requests and stops working. What is not settled goes on when the node is started again. */
  close(): Promise<void>;
}

/** Longest pause between two attempts, in milliseconds. */
const MAX_BACKOFF = 15_000;

/** Seconds before the delivery deadline after which no answer leaves: the delivery has to be mined in them. */
const DELIVERY_MARGIN = 30;

/** How many answers are kept in memory for requesters who ask again. */
const MAX_ANSWERS = 10_000;

/** What an answer has in the place of a proof that is still to come. */
const NO_PROOF = "0x";

/**
 * Runs nodes: answers requesters over HTTP with signed deliveries, posts the deliveries, proves them, settles them, and
 * declines requests that it cannot run or whose input does not
 * come. Every answer is on disk before it leaves, and is proven after a restart too.
 *
 * A request is run only if it is on chain, names one of the nodes (or none), and the input is what its terms commit
 * to: nobody gets work or answers that are not paid for, and nobody gets an answer without knowing the input and salt.
 *
 * @throws OpgError if the signer is not the signer of one of the nodes.
 */
export async function serveNode(options: ServeOptions): Promise<RunningNode> {
  const runtime = new Runtime(options);
  let channels: ChannelService | undefined;
  const stop = () => Promise.all([runtime.stop(), channels?.stop()]);
  try {
    await runtime.start();
    channels = options.channels && (await ChannelService.start({ ...options, ...options.channels }));
    const quote = channels?.describe();
    const routes: HttpRoute[] = [
      { method: "POST", path: INFERENCES_PATH, answer: (body) => runtime.infer(parseInferenceCall(body)) },
      { method: "GET", path: NODE_PATH, answer: () => ({ ...runtime.describe(), channels: quote }) },
      ...(channels?.routes() ?? []),
    ];
    const server = httpServer(routes, options.maxBody ?? 16 * 1024 * 1024);
    server.maxConnections = options.maxConnections ?? 128;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    const { address, port, family } = server.address() as AddressInfo;
    return {
      url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
      idle: () => runtime.idle(),
      settleBatches: async () => channels?.settle(),
      close: async () => {
        await new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

class Runtime {
  readonly #options: ServeOptions;
  readonly #operator: OpgOperator;
  readonly #store: JobStore;
  readonly #models: ReadonlyMap<string, NodeModel>;
  readonly #stop = new AbortController();
  /** Rejects when the node is stopped. */
  readonly #stopped = new Promise<never>((_, reject) => {
    this.#stop.signal.addEventListener("abort", () => reject(new OpgError("The node was stopped.")));
  });
  /** Answers by request, in the making or made: the same request is never run twice. */
  readonly #answers = new Map<string, Promise<Job>>();
  /** Requests whose input has not come yet, and until when it may. */
  readonly #awaited = new Map<string, { readonly terms: Terms; readonly until: number }>();
  /** Requests that are being declined. */
  readonly #declined = new Set<string>();
  /** Jobs at work. */
  readonly #working = new Map<string, Promise<void>>();
  readonly #runs: Limit;
  readonly #proofs: Limit;
  /** Settles what is delivered and proven. @returns the transaction's hash. */
  readonly #settle: (request: ProvenRequest) => Promise<string>;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#operator = new OpgOperator(options);
    this.#store = new JobStore(options.directory);
    this.#models = new Map(options.models.map((model) => [key(model), model]));
    this.#runs = new Limit(options.concurrency ?? 4);
    this.#proofs = new Limit(options.provers ?? 1);
    const queue = new SettlementQueue(this.#operator);
    this.#settle =
      options.settleTogether === false
        ? (request) => this.#operator.settle(request.terms, request, request.proof)
        : (request) => queue.settle(request);
    this.#stopped.catch(() => undefined);
  }

  async start(): Promise<void> {
    const { nodes, signer } = this.#options;
    const address = await signer.getAddress();
    for (const nodeId of nodes) {
      const node = await this.#operator.node(nodeId);
      if (node.signer !== address) {
        throw new OpgError(`Node ${nodeId} signs with ${node.signer}, and this key is ${address}: set the signer.`);
      }
    }
    const from = await this.#operator.contracts.settlement.provider.getBlockNumber();
    for (const job of this.#store.load()) {
      this.#answers.set(job.reply.requestId, Promise.resolve(job));
      this.#work(job);
    }
    this.#watching = this.#watch(from);
  }

  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values());
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#watching, ...this.#working.values()]);
  }

  describe() {
    const { deployment, nodes, models } = this.#options;
    const { chainId, settlement } = this.#operator.domain;
    return {
      chainId,
      settlement,
      startBlock: deployment.startBlock,
      nodes,
      models: models.map(({ modelId, route }) => ({ modelId, route })),
    };
  }

  /** Answers a request, once: who asks again with the same input gets the same answer. */
  async infer(call: InferenceCall): Promise<InferenceReply> {
    const { terms, input, salt } = call;
    const requestId = hashTerms(this.#operator.domain, terms);
    const nodeId = this.#nodeFor(terms);
    const model = this.#models.get(key(terms.offer));
    if (nodeId === undefined || model === undefined) throw new HttpError(422, "this node does not serve these terms");
    let inputHash: string;
    try {
      inputHash = model.commitInput(getBytes(input), salt);
    } catch (error) {
      throw new HttpError(422, `this is no input of the model: ${message(error)}`);
    }
    if (inputHash !== terms.inputHash) throw new HttpError(422, "the input and salt are not what the terms commit to");

    const known = this.#answers.get(requestId);
    if (known !== undefined) return (await known).reply;
    const answer = this.#answer(call, requestId, nodeId, model);
    this.#answers.set(requestId, answer);
    try {
      const job = await answer;
      this.#awaited.delete(requestId);
      this.#work(job);
      this.#forget();
      return job.reply;
    } catch (error) {
      this.#answers.delete(requestId);
      throw error;
    }
  }

  /** Drops the oldest answers whose requests have ended; until then a requester can ask again. */
  #forget(): void {
    for (const requestId of this.#answers.keys()) {
      if (this.#answers.size <= MAX_ANSWERS) return;
      if (!this.#working.has(requestId)) this.#answers.delete(requestId);
    }
  }

  async #answer(call: InferenceCall, requestId: string, nodeId: string, model: NodeModel): Promise<Job> {
    const { terms, input, salt } = call;
    await this.#requireOpen(requestId, terms);
    if (this.#runs.isFull) throw new HttpError(503, "this node is busy");
    const { output, units } = await this.#runs.run(() => model.run(getBytes(input), { maxUnits: maxUnitsOf(terms) }));
    // A run takes time, and who asks at the last moment must not get an answer that cannot be delivered any more.
    await this.#requireOpen(requestId, terms);
    const outputHash = model.commitOutput(output, salt);
    const signature = await this.#operator.signDelivery(requestId, outputHash, units);
    const reply = { requestId, nodeId, outputHash, units, output: hexlify(output), signature, proof: NO_PROOF };
    // An enclave proves by a signature, so the proof goes with the answer, and both on chain in one transaction.
    const proof = terms.offer.route === Route.TEE ? await this.#prove({ call, reply }) : NO_PROOF;
    const job = { call, reply: { ...reply, proof } };
    this.#store.save(job);
    this.#emit("answered", job);
    return job;
  }

  async #requireOpen(requestId: string, { offer }: Terms): Promise<void> {
    const { settlement } = this.#operator.contracts;
    const [{ status, since }, block] = await Promise.all([
      settlement.read("clockOf", requestId),
      settlement.provider.getBlock("latest"),
    ]);
    if (status === RequestStatus.NONE) throw new HttpError(404, `request ${requestId} is not on chain yet`);
    const now = Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1000));
    const until = Number(since) + offer.deliveryWindow - Math.min(DELIVERY_MARGIN, offer.deliveryWindow / 2);
    if (status !== RequestStatus.REQUESTED || this.#declined.has(requestId) || now > until) {
      throw new HttpError(409, `request ${requestId} is not open any more`);
    }
  }

  /** Takes a job to its end, in the background. */
  #work(job: Job): void {
    const { requestId } = job.reply;
    const work = this.#finish(job).finally(() => this.#working.delete(requestId));
    this.#working.set(requestId, work);
  }

  /** Tries until the request has ended, or the node is stopped. Never rejects. */
  async #finish(job: Job): Promise<void> {
    let proof = job.reply.proof === NO_PROOF ? undefined : Promise.resolve(job.reply.proof);
    // One proof is made at a time, and made again only if it failed.
    const proven = () => {
      proof ??= this.#prove(job).catch((error) => {
        proof = undefined;
        throw error;
      });
      return Promise.race([proof, this.#stopped]);
    };
    proven().catch(() => undefined);
    for (let backoff = this.#interval; !this.#stop.signal.aborted; backoff = Math.min(backoff * 2, MAX_BACKOFF)) {
      try {
        while (!(await this.#step(job, proven)));
        return this.#store.remove(job.reply.requestId);
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#emit("retrying", job, message(error));
      }
      await sleep(backoff, this.#stop.signal);
    }
  }

  /** Does the next thing for a job. @returns whether the request has ended. */
  async #step({ call: { terms }, reply }: Job, proven: () => Promise<string>): Promise<boolean> {
    const { requestId, nodeId, outputHash, units, output, signature } = reply;
    const answer = { outputHash, units, output: terms.mode === DeliveryMode.ONCHAIN ? output : "0x", signature };
    const emit = (type: NodeEvent["type"], detail: string) =>
      this.#options.onEvent?.({ type, requestId, nodeId, detail });
    const status = await this.#operator.contracts.settlement.read("statusOf", requestId);
    switch (status) {
      case RequestStatus.NONE:
        // A reorganisation took the request out of the chain; it can come back until its deadline.
        if (Date.now() / 1000 <= Number(terms.deadline)) throw new OpgError("The request is not on chain any more.");
        emit("ended", "NONE");
        return true;
      case RequestStatus.REQUESTED:
        try {
          if (isOpen(terms) || reply.proof !== NO_PROOF) {
            emit("settled", await this.#operator.deliverAndSettle(terms, nodeId, answer, await proven()));
            return true;
          }
          emit("delivered", await this.#operator.deliver(terms, answer));
        } catch (error) {
          if (!(error instanceof ContractError) || error.error !== "Settlement_DeliveryWindowClosed") throw error;
          // Too late. The bond comes back with the escrow, for which the requester may not be in a hurry.
          await this.#operator.contracts.settlement.write("refund", terms);
        }
        return false;
      case RequestStatus.DELIVERED:
        emit("settled", await this.#settle({ terms, outputHash, units, proof: await proven() }));
        return true;
      default:
        emit("ended", Object.entries(RequestStatus).find(([, value]) => value === status)?.[0] ?? String(status));
        return true;
    }
  }

  async #prove({ call, reply }: Job): Promise<string> {
    const { terms, salt } = call;
    const model = this.#models.get(key(terms.offer));
    if (model === undefined) throw new OpgError(`This node does not have model ${terms.offer.modelId} any more.`);
    const claim = claimOf(reply.requestId, terms, reply);
    const prove = async () => {
      this.#emit("proving", { call, reply });
      const claimHash = hashClaim(this.#operator.domain, claim);
      const input = getBytes(call.input);
      const proof = await model.prove({ claim, claimHash, input, salt, output: getBytes(reply.output) });
      this.#emit("proven", { call, reply });
      return proof;
    };
    // An enclave's signature does not wait behind proofs that take long.
    return terms.offer.route === Route.TEE ? prove() : this.#proofs.run(prove);
  }

  /** Reads the requests that name these nodes, and declines those that can never be run here. */
  async #watch(from: number): Promise<void> {
    const { settlement } = this.#operator.contracts;
    for (let next = from; !this.#stop.signal.aborted; ) {
      try {
        const last = await settlement.provider.getBlockNumber();
        if (last >= next) {
          for (const { args } of await settlement.events("Requested", [null, null, this.#options.nodes], next, last)) {
            await this.#seen(args.requestId, args.terms);
          }
          next = last + 1;
        }
        for (const [requestId, { terms, until }] of this.#awaited) {
          if (Date.now() > until && !this.#answers.has(requestId)) await this.#decline(requestId, terms);
        }
      } catch {
        // The RPC node is away for a moment: the same blocks are read again.
      }
      await sleep(this.#interval, this.#stop.signal);
    }
  }

  async #seen(requestId: string, terms: Terms): Promise<void> {
    this.#options.onEvent?.({ type: "requested", requestId, nodeId: terms.offer.nodeId });
    if (!this.#models.has(key(terms.offer))) await this.#decline(requestId, terms);
    else if (!this.#answers.has(requestId)) {
      this.#awaited.set(requestId, { terms, until: Date.now() + (this.#options.inputTimeout ?? 120_000) });
    }
  }

  async #decline(requestId: string, terms: Terms): Promise<void> {
    const { nodeId } = terms.offer;
    // From here on, since the declining transaction is seen before it is mined, and an answer then would be for free.
    this.#declined.add(requestId);
    try {
      const detail = await this.#operator.decline(terms);
      this.#options.onEvent?.({ type: "declined", requestId, nodeId, detail });
    } catch (error) {
      // It has ended otherwise meanwhile.
      if (!(error instanceof ContractError)) throw error;
    }
    this.#awaited.delete(requestId);
    this.#declined.delete(requestId);
  }

  #nodeFor(terms: Terms): string | undefined {
    const { nodes, acceptOpen } = this.#options;
    if (isOpen(terms)) return acceptOpen?.(terms) ? nodes[0] : undefined;
    return nodes.find((nodeId) => nodeId === terms.offer.nodeId);
  }

  #emit(type: NodeEvent["type"], { reply: { requestId, nodeId } }: Job, detail?: string): void {
    this.#options.onEvent?.({ type, requestId, nodeId, ...(detail === undefined ? {} : { detail }) });
  }

  get #interval(): number {
    return this.#options.pollingInterval ?? 1_000;
  }
}

/** How many units the escrow pays for; undefined if units are free. */
function maxUnitsOf({ maxFee, offer }: Terms): bigint | undefined {
  return offer.pricePerUnit === 0n ? undefined : (maxFee - offer.pricePerRequest) / offer.pricePerUnit;
}

const key = ({ modelId, route }: { readonly modelId: string; readonly route: number }): string => `${modelId}/${route}`;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
