import { AbiCoder, id, keccak256, SigningKey, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { addressOf } from "../../sdk/src/deployment.ts";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { claimOf } from "../../sdk/src/hash/claimOf.ts";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { hashChannelKey } from "../../sdk/src/hash/hashChannelKey.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import { hashVoucher } from "../../sdk/src/hash/hashVoucher.ts";
import { nativeRows } from "../../sdk/src/node/batch/nativeRows.ts";
import { type Answer, DeliveryMode, type Offer, Route, type Terms } from "../../sdk/src/types.ts";
import { accountOf, type BenchNode, OPG_UNIT, type Population, USD_UNIT } from "./population.ts";
import { Random } from "./random.ts";

/** Verification fees as Ignition sets them, in OPG base units. */
const VERIFICATION_FEE = { [Route.ZK]: 2n * OPG_UNIT, [Route.TEE]: 1n * OPG_UNIT } as const;
const COMPENSATION_BPS = 8_000;
const REWARD_BPS = 200;
const PROOF_BLOCKS = 5;
const FAR = 4_000_000_000n;

/** Requests that begin in a block, on average. */
const REQUESTS_PER_BLOCK = 2.6;
/** Seconds: Ethereum's. Blocks that have nothing of the protocol are left out. */
const SLOT = 12;
/** Fewest and most slots between two blocks. */
const SLOTS = [34, 87] as const;
/** Blocks after which a deadline has surely passed. */
const DELIVERY_MISSED = 10;
const PROOF_MISSED = 40;

/** Nodes with channels, channels of each, blocks between two of its batches, and rows in one. */
const CHANNEL_NODES = 6;
const CHANNELS = 20;
const BATCH_EVERY = 45;
const ROWS = [3, 12] as const;

/** The newest blocks, which an indexer does not take as history. */
const NOT_FINAL = 200;

/** What becomes of a request to a node, and how often. */
const FATES = [
  ["SETTLED", 0.86],
  ["DECLINED", 0.04],
  ["REFUNDED", 0.04],
  ["DEFAULTED", 0.02],
  ["FORGOTTEN", 0.04],
] as const;

/** Events of every kind that were meant to happen, by their names. */
export type Tally = Map<string, number>;

const coder = AbiCoder.defaultAbiCoder();
const CLAIM = "tuple(bytes32,bytes32,bytes32,bytes32,bytes32,uint64)";
interface Channel {
  readonly key: SigningKey;
  readonly payer: string;
  ceiling: bigint;
}

interface Stream {
  readonly node: BenchNode;
  readonly offer: Offer;
  readonly key: string;
  readonly channels: readonly Channel[];
  next: bigint;
}

/** What happens on a chain in ordinary weeks: see {@link Life.go}. */
export class Life {
  readonly #population: Population;
  readonly #random = new Random(0x0b6);
  /** What is to be sent, by the number of the block since life began. */
  readonly #plans = new Map<number, (() => void)[]>();
  readonly #streams: readonly Stream[];
  readonly tally: Tally = new Map();
  #now = 0;
  #nonce = 0n;

  constructor(population: Population) {
    this.#population = population;
    this.#streams = population.nodes
      .filter(({ offers }) => offers.some(({ route }) => route === Route.TEE))
      .slice(0, CHANNEL_NODES)
      .map((node, index) => this.#streamOf(node, index));
  }

  /**
   * Makes blocks until so many events are final: requests, answers, proofs and what becomes of the rest, channels and
   * batches, money that is fetched, stakes and prices that change.
   */
  async go(events: number, progress: (events: number) => void): Promise<void> {
    this.#openChannels();
    while (this.events < events) {
      await this.#block();
      if (this.#now % 500 === 0) progress(this.events);
    }
    for (let block = 0; block < NOT_FINAL; ++block) await this.#block();
  }

  /** How many events have happened. */
  get events(): number {
    return [...this.tally.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Makes a block with one request in it. @returns the request's identifier. */
  async request(): Promise<string> {
    const node = this.#random.popular(this.#population.nodes);
    const { requestId } = this.#request(node, this.#random.popular(node.offers));
    await this.#population.blocks.mine();
    return requestId;
  }

  async #block(): Promise<void> {
    for (const step of this.#plans.get(this.#now) ?? []) step();
    this.#plans.delete(this.#now);
    const busy = 2 * REQUESTS_PER_BLOCK * this.#random.fraction();
    for (let count = 0; count < busy; ++count) this.#begin();
    for (const [index, stream] of this.#streams.entries()) {
      if ((this.#now + index * 7) % BATCH_EVERY === BATCH_EVERY - 1) this.#settleBatch(stream);
    }
    if (this.#random.chance(0.1)) this.#keepHouse(this.#random.popular(this.#population.nodes));
    await this.#population.blocks.mine(SLOT * this.#random.whole(...SLOTS));
    this.#now += 1;
  }

  /** Does something so many blocks from now. */
  #later(blocks: number, step: () => void): void {
    const at = this.#now + blocks;
    const steps = this.#plans.get(at);
    if (steps === undefined) this.#plans.set(at, [step]);
    else steps.push(step);
  }

  #happens(...events: readonly string[]): void {
    for (const event of events) this.tally.set(event, (this.tally.get(event) ?? 0) + 1);
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  /** A request, and what will become of it. */
  #begin(): void {
    const random = this.#random;
    const node = random.popular(this.#population.nodes);
    const offer = random.popular(node.offers);
    if (random.chance(0.05)) {
      const open = { ...offer, nodeId: ZeroHash, coverage: 0n, proofWindow: 0 };
      const { terms, requestId } = this.#request(node, open);
      this.#later(random.whole(1, 3), () => this.#take(node, terms, requestId));
      return;
    }
    const { terms, requestId } = this.#request(node, offer);
    const deliverIn = random.whole(1, 3);
    switch (this.#fate()) {
      case "SETTLED":
        this.#later(deliverIn, () => {
          const answer = this.#deliver(node, terms, requestId);
          this.#later(random.whole(1, random.chance(0.9) ? 3 : 12), () => this.#prove(node, terms, requestId, answer));
        });
        break;
      case "DECLINED":
        this.#later(deliverIn, () => {
          this.#population.send(node.signer, "Settlement", "decline", terms);
          this.#happens("Declined", "BondUnlocked");
        });
        break;
      case "REFUNDED":
        this.#later(DELIVERY_MISSED, () => {
          this.#population.send(terms.requester, "Settlement", "refund", terms);
          this.#happens("Refunded", "BondUnlocked");
        });
        break;
      case "DEFAULTED":
        this.#later(deliverIn, () => {
          this.#deliver(node, terms, requestId);
          this.#later(PROOF_MISSED, () => {
            this.#population.send(accountOf("watcher"), "Settlement", "claimDefault", terms);
            this.#happens("Defaulted", "BondUnlocked", "Burned", "Transfer");
          });
        });
    }
  }

  #fate(): (typeof FATES)[number][0] {
    let left = this.#random.fraction();
    for (const [fate, share] of FATES) {
      left -= share;
      if (left < 0) return fate;
    }
    return "SETTLED";
  }

  #request(node: BenchNode, offer: Offer): { terms: Terms; requestId: string } {
    const random = this.#random;
    // Some operators buy from themselves.
    const requester = random.chance(0.02) ? node.owner : random.popular(this.#population.requesters);
    const terms: Terms = {
      requester,
      nonce: ++this.#nonce,
      deadline: FAR,
      maxFee: offer.pricePerRequest + 4_000n * offer.pricePerUnit,
      verificationFee: VERIFICATION_FEE[offer.route],
      compensationBps: COMPENSATION_BPS,
      rewardBps: REWARD_BPS,
      proofBlocks: PROOF_BLOCKS,
      inputHash: id(`input ${this.#nonce}`),
      mode: random.chance(0.1) ? DeliveryMode.ONCHAIN : DeliveryMode.DIRECT,
      consumer: ZeroAddress,
      offer,
    };
    this.#population.send(requester, "Settlement", "request", terms, "0x");
    this.#happens("Requested", ...(offer.nodeId === ZeroHash ? [] : ["BondLocked"]));
    return { terms, requestId: hashTerms(this.#domain("Settlement"), terms) };
  }

  #answer(terms: Terms, requestId: string): Answer {
    const value = keccak256(requestId);
    const onchain = terms.mode === DeliveryMode.ONCHAIN;
    return {
      outputHash: onchain && terms.offer.route === Route.TEE ? keccak256(value) : value,
      units: BigInt(this.#random.whole(50, 6_000)),
      output: onchain ? value : "0x",
      signature: "0x",
    };
  }

  #deliver(node: BenchNode, terms: Terms, requestId: string): Answer {
    const answer = this.#answer(terms, requestId);
    this.#population.send(node.signer, "Settlement", "deliver", terms, answer);
    this.#happens("Delivered", ...(terms.mode === DeliveryMode.ONCHAIN ? ["OutputPublished"] : []));
    return answer;
  }

  #prove(node: BenchNode, terms: Terms, requestId: string, answer: Answer): void {
    const { outputHash, units } = answer;
    const proof = this.#proof(node, terms, requestId, answer);
    this.#population.send(accountOf("prover"), "Settlement", "settle", terms, outputHash, units, proof);
    this.#happens("Settled", "BondUnlocked", "Burned", "Transfer");
  }

  /** The node answers an open request with the proof. */
  #take(node: BenchNode, terms: Terms, requestId: string): void {
    const answer = this.#answer(terms, requestId);
    const proof = this.#proof(node, terms, requestId, answer);
    this.#population.send(node.signer, "Settlement", "deliverAndSettle", terms, node.id, answer, proof);
    this.#happens("Delivered", ...(terms.mode === DeliveryMode.ONCHAIN ? ["OutputPublished"] : []));
    this.#happens("Settled", "Burned", "Transfer");
  }

  /** What the doubles take for a proof. */
  #proof(node: BenchNode, terms: Terms, requestId: string, answer: Answer): string {
    const { modelId, route } = terms.offer;
    const claim = claimOf(requestId, terms, { ...answer, nodeId: node.id });
    const parameters = this.#population.parametersOf(modelId, route);
    const digest = hashClaim(this.#domain("Settlement"), claim);
    return coder.encode([CLAIM, "bytes32", "bytes"], [Object.values(claim), digest, parameters]);
  }

  // --- channels and batches -------------------------------------------------------------------------------------------

  #streamOf(node: BenchNode, index: number): Stream {
    const offer = node.offers.find(({ route }) => route === Route.TEE);
    if (offer === undefined) throw new Error(`node ${node.id} offers no TEE route`);
    const channels = Array.from({ length: CHANNELS }, (_, place) => ({
      key: new SigningKey(id(`channel ${index}/${place}`)),
      payer: this.#random.popular(this.#population.requesters),
      ceiling: 0n,
    }));
    return { node, offer, key: accountOf(`enclave of ${node.id}`), channels, next: 0n };
  }

  #openChannels(): void {
    const domain = this.#domain("BatchSettlement");
    for (const { node, offer, channels } of this.#streams) {
      const { modelId, routeVersion, token } = offer;
      for (const { key, payer } of channels) {
        const name = { nodeId: node.id, modelId, routeVersion, token };
        const consent = key.sign(hashChannelKey(domain, { ...name, payer })).serialized;
        const place = [node.id, modelId, routeVersion, token, new Wallet(key).address];
        const amount = 1_000n * USD_UNIT;
        this.#population.send(payer, "BatchSettlement", "open", ...place, 86_400, amount, consent);
        this.#happens("ChannelOpened", "ChannelDeposited");
      }
    }
  }

  /** Some of a stream's payers owe a little more, and one of them deposits. */
  #settleBatch(stream: Stream): void {
    const random = this.#random;
    const { node, offer, channels, key } = stream;
    const { modelId, routeVersion, token } = offer;
    const ledger = addressOf(this.#population.deployment, "BatchSettlement");
    const domain = this.#domain("BatchSettlement");
    const first = random.whole(0, channels.length - 1);
    const payers = Array.from({ length: random.whole(...ROWS) }, (_, index) => channels[(first + index) % CHANNELS]);
    const rows = nativeRows(ledger).encodeRows(
      payers
        .filter((channel) => channel !== undefined)
        .map((channel) => {
          const amount = BigInt(random.whole(1, 900));
          channel.ceiling += amount;
          const voucher = { nodeId: node.id, modelId, routeVersion, token, ceiling: channel.ceiling };
          const data = channel.key.sign(hashVoucher(domain, voucher)).serialized;
          return { channelId: ZeroHash, amount, voucher: { ceiling: channel.ceiling, data } };
        }),
    );
    const count = BigInt(payers.length * random.whole(1, 4));
    const root = id(`root ${node.id} ${stream.next}`);
    const names = { nodeId: node.id, modelId, routeVersion, token, ledger, key };
    const batch = { ...names, first: stream.next, count, root, rowsHash: keccak256(rows) };
    const parameters = this.#population.parametersOf(modelId, Route.TEE);
    const proof = coder.encode(
      ["bytes32", "address", "bytes32", "bytes"],
      [node.id, key, hashBatch(domain, batch), parameters],
    );
    stream.next += count;
    this.#population.send(node.signer, "BatchSettlement", "settleBatch", batch, proof, rows);
    this.#happens("ChannelsClaimed", "BatchSettled", "Burned", "Transfer");

    const channel = payers[0];
    if (channel === undefined) return;
    const place = [node.id, modelId, routeVersion, token, new Wallet(channel.key).address] as const;
    this.#population.send(channel.payer, "BatchSettlement", "deposit", ...place, 1_000n);
    this.#happens("ChannelDeposited");
    if (!random.chance(0.1)) return;
    const channelId = channelIdOf(...place);
    this.#population.send(channel.payer, "BatchSettlement", "announceWithdrawal", channelId);
    this.#later(5, () => this.#population.send(channel.payer, "BatchSettlement", "cancelWithdrawal", channelId));
    this.#happens("ChannelWithdrawalAnnounced", "ChannelWithdrawalAnnounced");
  }

  // --- operators --------------------------------------------------------------------------------------------------------

  /** What an operator does now and then. */
  #keepHouse(node: BenchNode): void {
    const random = this.#random;
    const send = (method: string, ...values: readonly unknown[]) =>
      this.#population.send(node.owner, "NodeRegistry", method, ...values);
    const amount = BigInt(random.whole(1, 500)) * OPG_UNIT;
    switch (random.whole(0, 3)) {
      case 0:
        send("stake", node.id, amount);
        this.#happens("Staked");
        break;
      case 1:
        send("unbond", node.id, amount);
        send("rebond", node.id, amount);
        this.#happens("Unbonded", "Rebonded");
        break;
      case 2:
        // The same terms again: a changed offer would refuse the requests that are on their way.
        send("postOffer", random.popular(node.offers));
        this.#happens("OfferPosted");
        break;
      default:
        this.#withdraw(node);
    }
  }

  /** A payout address fetches its fees, if there are any. */
  #withdraw({ payout, offers }: BenchNode): void {
    const token = offers[0]?.token;
    if (token === undefined || this.#now < 50) return;
    this.#population.send(payout, "Settlement", "withdraw", token, payout);
    this.#happens("CreditWithdrawn");
  }

  #domain(contract: "Settlement" | "BatchSettlement") {
    const { deployment } = this.#population;
    return { chainId: deployment.chainId, settlement: addressOf(deployment, contract) };
  }
}
