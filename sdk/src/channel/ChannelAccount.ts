import { type Signer, ZeroAddress } from "ethers";
import type { BatchContract } from "../chain/batchContract.ts";
import { payableWith } from "../chain/payableWith.ts";
import { OpgError } from "../errors/OpgError.ts";
import { channelIdOf } from "../hash/channelIdOf.ts";

/** Where a channel stands. Amounts are base units of its token, times are seconds. */
export interface ChannelState {
  readonly channelId: string;
  readonly payer: string;
  /** What is left in it on chain. */
  readonly balance: bigint;
  /** What the node has drawn. */
  readonly claimed: bigint;
  /** What is proven and not drawn yet. */
  readonly unpaid: bigint;
  readonly withdrawalDelay: number;
  /** When the announced withdrawal can be made; 0 if none is announced. */
  readonly withdrawableAt: bigint;
}

/** Which channel, and who owns it. */
export interface ChannelAccountOptions {
  readonly batches: BatchContract;
  readonly chainId: number;
  readonly nodeId: string;
  readonly modelId: string;
  /** The version of the model's TEE route. */
  readonly routeVersion: number;
  readonly token: string;
  /** The address of the key that signs the channel's vouchers. */
  readonly voucherSigner: string;
  /** The payer's account. */
  readonly payer: Signer;
}

/** A channel as the chain has it: the payer's money, which comes back without the node. */
export class ChannelAccount {
  readonly nodeId: string;
  readonly modelId: string;
  readonly routeVersion: number;
  readonly token: string;
  readonly channelId: string;
  readonly voucherSigner: string;
  readonly #batches: BatchContract;
  readonly #payer: Signer;
  readonly #chainId: number;

  constructor(options: ChannelAccountOptions) {
    const { nodeId, modelId, routeVersion, token, voucherSigner } = options;
    this.nodeId = nodeId.toLowerCase();
    this.modelId = modelId.toLowerCase();
    this.routeVersion = routeVersion;
    this.token = token;
    this.channelId = channelIdOf(nodeId, modelId, routeVersion, token, voucherSigner);
    this.voucherSigner = voucherSigner;
    this.#batches = options.batches;
    this.#payer = options.payer;
    this.#chainId = options.chainId;
  }

  /** Where the channel stands. @throws OpgError if there is none. */
  async state(): Promise<ChannelState> {
    const channel = await this.#batches.read("channelOf", this.channelId);
    if (channel.payer === ZeroAddress) {
      throw new OpgError(
        `Key ${this.voucherSigner} has no channel with node ${this.nodeId} for model ${this.modelId}, version ${this.routeVersion}, in token ${this.token}.`,
      );
    }
    return { channelId: this.channelId, ...channel };
  }

  /** Adds the payer's money to the channel, in base units: by the allowance, a permit, or an approval. */
  async topUp(amount: bigint): Promise<void> {
    const payment = { token: this.token, spender: this.#batches.address, amount, chainId: this.#chainId };
    const permit = await payableWith(this.#payer, payment);
    if (permit === undefined) await this.#batches.write("deposit", ...this.#name, amount);
    else await this.#batches.write("depositWithPermit", ...this.#name, amount, permit);
  }

  /**
   * Takes what is left back: announces the withdrawal, or makes it once its delay has passed.
   *
   * @returns the amount in base units, or when to call this again, in seconds.
   */
  async reclaim(to?: string): Promise<{ readonly amount: bigint } | { readonly withdrawableAt: bigint }> {
    const batches = this.#batches;
    const [{ withdrawableAt }, block] = await Promise.all([this.state(), batches.provider.getBlock("latest")]);
    if (withdrawableAt === 0n) {
      const { logs } = await batches.write("announceWithdrawal", this.channelId);
      const [announced] = batches.parse("ChannelWithdrawalAnnounced", logs);
      return { withdrawableAt: announced?.args.withdrawableAt ?? 0n };
    }
    const now = Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1000));
    if (now < withdrawableAt) return { withdrawableAt };
    const { logs } = await batches.write("withdrawChannel", ...this.#name, to ?? (await this.#payer.getAddress()));
    const amount = batches.parse("ChannelWithdrawn", logs).reduce((sum, { args }) => sum + args.amount, 0n);
    return { amount };
  }

  /** Takes an announced withdrawal back, so that the node serves the channel again. */
  async cancelReclaim(): Promise<void> {
    await this.#batches.write("cancelWithdrawal", this.channelId);
  }

  /** The channel's name as the contract's functions take it. */
  get #name() {
    return [this.nodeId, this.modelId, this.routeVersion, this.token, this.voucherSigner] as const;
  }
}
