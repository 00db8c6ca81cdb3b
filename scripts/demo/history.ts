import {
  addressOf,
  batchContract,
  type Contracts,
  contractsOf,
  type Deployment,
  hashBatch,
  hashChannelKey,
  hashClaim,
  hashTerms,
  hashVoucher,
  type InferenceBatch,
  leavesOf,
  type Offer,
  OpgClient,
  OpgModels,
  OpgOperator,
  OutputCommitment,
  Route,
  randomSalt,
  type Stream,
  streamIdOf,
  type Terms,
  TypedContract,
  teeVerifierAbi,
  testUsdAbi,
  treeOf,
} from "@opg/settlement-sdk";
import { nativeRows } from "@opg/settlement-sdk/node";
import { type HDNodeWallet, id, keccak256, MaxUint256, ZeroHash } from "ethers";
import { digitImages } from "../../circuits/src/dataset.ts";
import type { Digits } from "../../circuits/src/digits.ts";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { Trust } from "../../sdk/src/types.ts";
import type { Identity } from "../enclave/simulator.ts";
import { imageOf, OPG, USD } from "./cast.ts";
import type { LocalChain } from "./chain.ts";
import { progress } from "./console.ts";
import { DemoEnclave } from "./enclave.ts";
import { sheetRuntime } from "./sheets.ts";

/** How long the history is. */
export const DAYS = 30;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const BACKEND = "chat.example";

/** The first of the history's accounts; those before it are the demo's own. */
const FIRST_ACCOUNT = 25;

/** An operator of the past: served by enclaves, with everything at hand that a node has. */
interface Operator {
  readonly wallet: HDNodeWallet;
  readonly signer: HDNodeWallet;
  /** Sends as the node's signer. */
  readonly node: OpgOperator;
  /** Sends as its owner. */
  readonly owner: OpgOperator;
  readonly nodeId: string;
  /** What stands now. */
  offer: Offer;
  /** The enclave in use, and the number of its attestation. */
  enclave: { readonly enclave: DemoEnclave; readonly index: bigint };
  /** Seconds from delivery to settlement: the least, and how many more at most. */
  readonly gap: readonly [number, number];
  /** What the node answers to the n-th request. */
  readonly run: (n: number) => Promise<{ readonly output: Uint8Array; readonly units: bigint }>;
}

/** What makes an operator of the past. */
interface Plan extends Pick<Operator, "gap" | "run"> {
  readonly name: string;
  readonly stake: bigint;
  readonly modelId: string;
  /** What its enclave runs. */
  readonly image: string;
  readonly pricePerUnit: bigint;
}

/** How a request of the past ended. */
type Ending = "settled" | "together" | "open" | "declined" | "refunded" | "defaulted";

/** Things to do at their times; each may add more. */
class Agenda {
  readonly #entries: { readonly at: number; readonly what: () => Promise<unknown> }[] = [];

  add(at: number, what: () => Promise<unknown>): void {
    this.#entries.push({ at, what });
  }

  /** Does them all in the order of their times, on the chain's clock. */
  async run(chain: LocalChain): Promise<void> {
    for (;;) {
      this.#entries.sort((a, b) => b.at - a.at);
      const next = this.#entries.pop();
      if (next === undefined) return;
      await chain.reach(next.at);
      await next.what();
    }
  }
}

/** The same numbers in [0, 1) at every run. */
function chances(seed: string): () => number {
  let n = 0;
  return () => Number(BigInt(id(`${seed} ${n++}`)) % 1_000_000n) / 1_000_000;
}

/** What {@link playHistory} needs to know. */
export interface HistoryOptions {
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  readonly digits: Digits;
  /** The digit model, which trusts the image that is made of its weights. */
  readonly modelId: string;
  /** The development root that the simulated enclaves' documents come under. */
  readonly root: Identity;
  /** When the chain starts, in Unix seconds; the month ends {@link DAYS} later, in the present. */
  readonly since: number;
}

/**
 * Plays the month before the demo, since what a dashboard shows is made of weeks: three operators with simulated
 * enclaves serve requests, one by one and in batches, at their times on the chain's own clock. Transactions, answers'
 * signatures and attestations are as real as the demo's; who asked and when is made up.
 */
export async function playHistory(options: HistoryOptions): Promise<void> {
  const { digits, modelId } = options;
  await new Past(options).play(digits, modelId);
}

class Past {
  readonly #chain: LocalChain;
  readonly #deployment: Deployment;
  readonly #root: Identity;
  readonly #since: number;
  readonly #token: string;
  readonly #contracts: Contracts;
  readonly #agenda = new Agenda();
  readonly #chance = chances("the month before");
  #accounts = FIRST_ACCOUNT;

  constructor({ chain, deployment, root, since }: HistoryOptions) {
    this.#chain = chain;
    this.#deployment = deployment;
    this.#root = root;
    this.#since = since;
    this.#token = addressOf(deployment, "TestUSD");
    this.#contracts = contractsOf(deployment, chain.wallet(0));
  }

  async play(digits: Digits, modelId: string): Promise<void> {
    progress(`the month before: three operators, their enclaves and a second model`);
    const sheets = sheetRuntime(modelId, digits.weights, () => "");
    const { heldOut } = digitImages();
    const answerSheet = async (n: number) => {
      const images = Array.from({ length: 1 + (n % 4) }, (_, k) => heldOut[(7 * n + k) % heldOut.length]);
      return sheets.run(Uint8Array.from(images.flatMap((image) => [...(image?.pixels ?? [])])), {
        maxUnits: undefined,
      });
    };
    const answerText = async (n: number) => {
      const output = new TextEncoder().encode(`Answer ${n} of ${BACKEND}, relayed.`);
      return { output, units: BigInt(40 + ((n * 37) % 400)) };
    };
    const image = imageOf(digits);
    const relay = `a relay to ${BACKEND}`;
    const chat = await this.#publishRelay(relay);

    // Attestations count for thirty days: the first ones end within hours of the demo.
    await this.#chain.reach(this.#at(0, 10));
    const eve = await this.#operator({
      name: "Eve",
      stake: 6_000n * OPG,
      modelId,
      image,
      pricePerUnit: USD / 500n,
      gap: [2, 25],
      run: answerSheet,
    });
    const relaying = { modelId: chat, image: relay, run: answerText };
    const fay = await this.#operator({
      ...relaying,
      name: "Fay",
      stake: 3_000n * OPG,
      pricePerUnit: USD / 20_000n,
      gap: [15, 120],
    });
    const gil = await this.#operator({
      ...relaying,
      name: "Gil",
      stake: 800n * OPG,
      pricePerUnit: USD / 50_000n,
      gap: [60, 480],
    });
    const requesters = [
      await this.#account(500n * USD),
      await this.#account(500n * USD),
      await this.#account(500n * USD),
    ];

    for (let day = 1; day < DAYS; day++) {
      // A little more each week, and less at its end.
      const weekend = new Date((this.#since + day * DAY) * 1_000).getUTCDay() % 6 === 0;
      const count = (weekend ? 1 : 3) + Math.floor(day / 8);
      for (let n = 0; n < count; n++) {
        const at = this.#at(day, 1 + 22 * this.#chance());
        const drawn = this.#chance();
        const operator = drawn < 0.5 ? eve : drawn < 0.8 || day >= 24 ? fay : gil;
        const requester = requesters[Math.floor(this.#chance() * requesters.length)];
        const own = operator === fay && this.#chance() < 0.3;
        if (requester) this.#request(at, operator, own ? fay.wallet : requester, this.#ending(operator, gil));
      }
    }
    await this.#batches(eve);
    this.#events(eve, fay, gil, relay);
    progress(`the month before: ${DAYS} days of requests, batches, defaults and stakes`);
    await this.#agenda.run(this.#chain);
    // To play it took a while.
    await this.#chain.reach(Math.floor(Date.now() / 1_000));
  }

  /** Seconds since 1970 of a day and hour of the history. */
  #at(day: number, hour: number): number {
    return this.#since + day * DAY + Math.floor(hour * HOUR);
  }

  #ending(operator: Operator, unreliable: Operator): Ending {
    const drawn = this.#chance();
    if (operator === unreliable) return drawn < 0.25 ? "defaulted" : drawn < 0.4 ? "refunded" : "settled";
    return drawn < 0.05 ? "declined" : drawn < 0.1 ? "open" : drawn < 0.3 ? "together" : "settled";
  }

  /** An account with gas, and with money that the protocol may take. */
  async #account(money: bigint): Promise<HDNodeWallet> {
    const wallet = this.#chain.wallet(this.#accounts++);
    const treasury = this.#chain.wallet(0);
    await (await treasury.sendTransaction({ to: wallet.address, value: 10n ** 18n })).wait();
    const token = new TypedContract(this.#token, testUsdAbi, treasury);
    if (money > 0n) await token.write("mint", wallet.address, money);
    const own = new TypedContract(this.#token, testUsdAbi, wallet);
    await own.write("approve", addressOf(this.#deployment, "Settlement"), MaxUint256);
    await own.write("approve", addressOf(this.#deployment, "BatchSettlement"), MaxUint256);
    return wallet;
  }

  /** A model that an attested relay serves: what runs behind it nobody knows. */
  async #publishRelay(image: string): Promise<string> {
    const models = new OpgModels({ signer: this.#chain.wallet(1), deployment: this.#deployment });
    const modelId = await models.register(id(image));
    await models.setRoute(modelId, {
      route: Route.TEE,
      verifierId: await models.verifierIdOf(addressOf(this.#deployment, "TeeVerifier")),
      outputCommitment: OutputCommitment.KECCAK256,
      parameters: encodeTeeParameters({
        trust: Trust.GATEWAY,
        backend: BACKEND,
        measurements: [new DemoEnclave(this.#root, image, ZeroHash).measurement],
      }),
    });
    return modelId;
  }

  async #operator(plan: Plan): Promise<Operator> {
    const { name, stake, modelId, image, pricePerUnit, gap, run } = plan;
    const wallet = await this.#account(200n * USD);
    const signer = await this.#account(0n);
    const payout = await this.#account(0n);
    await this.#contracts.opg.write("transfer", wallet.address, stake);
    const owner = new OpgOperator({ signer: wallet, deployment: this.#deployment });
    const node = new OpgOperator({ signer, deployment: this.#deployment });
    const endpoint = `https://${name.toLowerCase()}.example`;
    const nodeId = await owner.register({ signer: signer.address, payout: payout.address, endpoint });
    await owner.stake(nodeId, stake);
    const offer = await owner.postOffer({
      nodeId,
      modelId,
      route: Route.TEE,
      token: this.#token,
      pricePerRequest: USD / 1_000n,
      pricePerUnit,
      coverage: 100n * OPG,
      deliveryWindow: 600,
      proofWindow: 900,
    });
    const enclave = await this.#attest(signer, nodeId, image, `${name}'s first key`);
    return { wallet, signer, node, owner, nodeId, offer, enclave, gap, run };
  }

  /** Has a fresh enclave attested, now on the chain's clock. */
  async #attest(signer: HDNodeWallet, nodeId: string, image: string, seed: string): Promise<Operator["enclave"]> {
    const enclave = new DemoEnclave(this.#root, image, id(seed), await this.#chain.time());
    const { index } = await enclave.attest(this.#deployment, signer, nodeId);
    return { enclave, index };
  }

  /** Puts one request and all that becomes of it on the agenda. */
  #request(at: number, operator: Operator, requester: HDNodeWallet, ending: Ending): void {
    const n = Math.floor(this.#chance() * 10_000);
    const [least, more] = operator.gap;
    const answered = at + 1 + Math.floor(this.#chance() * 12);
    const proven = answered + least + Math.floor(this.#chance() ** 2 * more);
    this.#agenda.add(at, async () => {
      const { offer, nodeId, node } = operator;
      const client = new OpgClient({ signer: requester, deployment: this.#deployment });
      const { output, units } = await operator.run(n);
      const terms = await client.terms({
        offer: ending === "open" ? { ...offer, nodeId: ZeroHash, coverage: 0n, proofWindow: 0 } : offer,
        inputHash: id(`the month before's input ${n}, salted with ${randomSalt()}`),
        maxFee: offer.pricePerRequest + offer.pricePerUnit * (units + 2n),
      });
      await client.relay(terms, "0x");
      const outputHash = keccak256(output);
      const prove = () => this.#prove(operator, terms, outputHash, units);
      const answer = await node.answer(terms, outputHash, units, "0x");
      const then = (time: number, what: () => Promise<unknown>) => this.#agenda.add(time, what);
      switch (ending) {
        case "declined":
          return then(answered, () => node.decline(terms));
        case "refunded":
          return then(at + offer.deliveryWindow + 60, () => client.refund(terms));
        case "open":
        case "together":
          return then(answered, () => node.deliverAndSettle(terms, nodeId, answer, prove()));
        case "settled":
          then(answered, () => node.deliver(terms, answer));
          return then(proven, () => node.settle(terms, answer, prove()));
        case "defaulted":
          then(answered, () => node.deliver(terms, answer));
          return then(answered + offer.proofWindow + 120, async () => {
            await this.#chain.pass(0, terms.proofBlocks + 1);
            await client.claimDefault(terms);
          });
      }
    });
  }

  #prove({ enclave: { enclave, index }, node, nodeId }: Operator, terms: Terms, outputHash: string, units: bigint) {
    const requestId = hashTerms(node.domain, terms);
    const { modelId } = terms.offer;
    const claim = { requestId, modelId, nodeId, inputHash: terms.inputHash, outputHash, units };
    return enclave.sign(hashClaim(node.domain, claim), index);
  }

  /** Three payers, and a batch a day; the last payer's deposit does not last. */
  async #batches(operator: Operator): Promise<void> {
    const { nodeId, offer, enclave } = operator;
    const { modelId, routeVersion } = offer;
    const payers = [await this.#account(50n * USD), await this.#account(50n * USD), await this.#account(50n * USD)];
    const batches = batchContract(this.#deployment, operator.wallet);
    const domain = { chainId: this.#deployment.chainId, settlement: batches.address };
    const stream: Stream = {
      nodeId,
      modelId,
      routeVersion,
      token: this.#token,
      ledger: batches.address,
      key: enclave.enclave.address,
    };
    const place = [nodeId, modelId, routeVersion, this.#token] as const;
    const channels: { payer: HDNodeWallet; channelId: string; ceiling: bigint }[] = [];
    for (const [index, payer] of payers.entries()) {
      this.#agenda.add(this.#at(1 + index, 9), async () => {
        const own = batchContract(this.#deployment, payer);
        const deposit = (index === 2 ? 1n : 5n) * USD;
        const consent = payer.signingKey.sign(
          hashChannelKey(domain, { nodeId, modelId, routeVersion, token: this.#token, payer: payer.address }),
        ).serialized;
        await own.write("open", ...place, payer.address, HOUR, deposit, consent);
        channels.push({ payer, channelId: await own.read("channelIdOf", ...place, payer.address), ceiling: 0n });
      });
    }
    for (let day = 3; day < DAYS; day++) {
      this.#agenda.add(this.#at(day, 18), async () => {
        const first = await batches.read("nextSequence", streamIdOf(stream));
        const count = Math.floor((40 + 5 * day) * (0.5 + this.#chance()));
        const amount = offer.pricePerRequest + offer.pricePerUnit;
        const entries = Array.from({ length: count }, (_, n) => ({
          channelId: channels[n % channels.length]?.channelId ?? ZeroHash,
          sequence: first + BigInt(n),
          inputHash: id(`batched input ${day} ${n}`),
          outputHash: id(`batched output ${day} ${n}`),
          units: 1n,
          amount,
        }));
        const rows = nativeRows(batches.address).encodeRows(
          channels.map((channel) => {
            const drawn = amount * BigInt(entries.filter(({ channelId }) => channelId === channel.channelId).length);
            channel.ceiling += drawn;
            const voucher = { nodeId, modelId, routeVersion, token: this.#token, ceiling: channel.ceiling };
            const data = channel.payer.signingKey.sign(hashVoucher(domain, voucher)).serialized;
            return { channelId: channel.channelId, amount: drawn, voucher: { ceiling: channel.ceiling, data } };
          }),
        );
        const root = treeOf(leavesOf(stream, entries)).root;
        const batch: InferenceBatch = { ...stream, first, count: BigInt(count), root, rowsHash: keccak256(rows) };
        const proof = enclave.enclave.sign(hashBatch(domain, batch), enclave.index);
        await batches.write("settleBatch", batch, proof, rows);
      });
    }
  }

  /** What happens but once: stakes that move, a price that changes, a key that is replaced, one that signs twice. */
  #events(eve: Operator, fay: Operator, gil: Operator, relay: string): void {
    const { opg } = this.#contracts;
    this.#agenda.add(this.#at(8, 10), () => fay.owner.unbond(fay.nodeId, 400n * OPG));
    this.#agenda.add(this.#at(14, 11), async () => {
      fay.offer = await fay.owner.postOffer({ ...fay.offer, pricePerUnit: USD / 25_000n });
    });
    this.#agenda.add(this.#at(16, 12), async () => {
      await opg.write("transfer", eve.wallet.address, 500n * OPG);
      await eve.owner.stake(eve.nodeId, 500n * OPG);
    });
    this.#agenda.add(this.#at(19, 7), async () => {
      fay.enclave = await this.#attest(fay.signer, fay.nodeId, relay, "Fay's second key");
    });
    this.#agenda.add(this.#at(21, 15), async () => {
      const enclaves = new TypedContract(
        addressOf(this.#deployment, "TeeVerifier"),
        teeVerifierAbi,
        this.#chain.wallet(0),
      );
      await enclaves.write("banMeasurement", id("an image that leaked its key"));
    });
    this.#agenda.add(this.#at(25, 16), () => fay.owner.withdraw(fay.nodeId));
    this.#agenda.add(this.#at(26, 13), () => this.#equivocate(gil, eve.wallet));
  }

  /** The operator's enclave signs two batches for the same inferences; somebody reports it. */
  async #equivocate({ nodeId, offer, enclave: { enclave, index } }: Operator, reporter: HDNodeWallet): Promise<void> {
    const batches = batchContract(this.#deployment, reporter);
    const domain = { chainId: this.#deployment.chainId, settlement: batches.address };
    const { modelId, routeVersion, token } = offer;
    const stream = { nodeId, modelId, routeVersion, token, ledger: batches.address, key: enclave.address };
    const one = { ...stream, first: 0n, count: 3n, root: id("one root"), rowsHash: keccak256("0x") };
    const other = { ...one, root: id("another root") };
    const prove = (batch: InferenceBatch) => enclave.sign(hashBatch(domain, batch), index);
    await batches.write("reportEquivocation", one, prove(one), other, prove(other));
  }
}
