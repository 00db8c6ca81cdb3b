import { createHmac } from "node:crypto";
import { AbiCoder, type Signer } from "ethers";
import type { Receipt } from "../../batch/receipt.ts";
import { TypedContract } from "../../chain/TypedContract.ts";
import { ContractError } from "../../errors/ContractError.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { x402BatchSettlementAbi, x402GateAbi } from "../../generated/abis.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import type { ModelCodec } from "../../model.ts";
import type { Stream } from "../../types.ts";
import type { BatchAccountant } from "../batch/BatchAccountant.ts";
import type { X402Voucher } from "./gateRows.ts";
import {
  isSigned,
  parseX402Payment,
  X402_ADDRESS,
  X402_ERC3009_COLLECTOR,
  X402_SCHEME,
  type X402Deposit,
  type X402Payment,
} from "./x402Payment.ts";

/** A model that x402 clients can pay for by the call. */
export interface PaidModel extends Pick<ModelCodec, "commitInput" | "commitOutput"> {
  /** Runs the model. @throws if the bytes are no input; nothing is charged then. */
  run(
    input: Uint8Array,
    limits: { readonly maxUnits: bigint },
  ): Promise<{ readonly output: Uint8Array; readonly units: bigint }>;
}

/** What a call costs, in base units of the stream's token: `perRequest + units × perUnit`. */
export interface X402Price {
  readonly perRequest: bigint;
  /** 0 if absent. */
  readonly perUnit?: bigint;
  /** What one call may use, and what a client has to sign for before; 0 if absent. */
  readonly maxUnits?: bigint;
}

/** How to take x402 payments. */
export interface X402Options {
  /** The node's signer, connected to a provider: it pays the gas of deposits and refunds. */
  readonly signer: Signer;
  readonly chainId: number;
  readonly accountant: BatchAccountant;
  /** What the calls are charged in; its ledger is the gate of its node, model and route version. */
  readonly stream: Stream;
  /** The token's EIP-712 domain, which ERC-3009 authorizations of deposits are signed in. */
  readonly token: { readonly name: string; readonly version: string };
  readonly price: X402Price;
  readonly model: PaidModel;
  /** What salts are made of: 32 bytes that nobody else knows, the same after a restart. */
  readonly secret: Uint8Array;
  /**
   * Seconds from announcing a withdrawal to making it: the batch that proves what was called before has to be settled
   * within. One day if absent; x402 allows 15 minutes to 30 days.
   */
  readonly withdrawDelay?: number;
  /** The least deposit, since the node pays its gas; 10 calls if absent. In base units. */
  readonly minDeposit?: bigint;
  /** Seconds that a client's authorization of a deposit is valid for; 300 if absent. */
  readonly timeout?: number;
  /** Milliseconds for which what was read of a channel is believed; 30,000 if absent. Far less than the delay. */
  readonly freshness?: number;
}

/** What a channel holds, and when that was read. */
interface ChannelState {
  readonly balance: bigint;
  readonly totalClaimed: bigint;
  /** When a withdrawal was announced, in seconds; zero if none is. */
  readonly withdrawRequestedAt: number;
  readonly readAt: number;
}

/** What a payer gets for a paid call. */
export interface PaidAnswer {
  readonly output: Uint8Array;
  /** The salt of the input's commitment. */
  readonly salt: string;
  readonly receipt: Receipt;
}

/** A payment that was taken: the `PAYMENT-RESPONSE`, and the answer unless it was a refund. */
export interface X402Settled {
  readonly response: object;
  readonly answer?: PaidAnswer;
}

/** A payment that was not taken. Nothing was charged. */
export class X402Refusal extends OpgError {
  override name = "X402Refusal";
  /** x402's code for it. */
  readonly code: string;
  /** What of the payment requirements' `extra` lets the client catch up with the node. */
  readonly state: object;

  constructor(code: string, message: string, state: object = {}) {
    super(message);
    this.code = `invalid_batch_settlement_evm_${code}`;
    this.state = state;
  }
}

/**
 * Takes the payments of x402 clients for one stream: checks vouchers, makes deposits for payers, runs the model, and
 * charges the accountant, whose books say what a channel was charged. Payments of one channel are taken one by one.
 *
 * A voucher has to allow exactly what was charged so far and the price of this call, out of a channel that pays this gate
 * and nobody else, holds as much, and has no withdrawal announced. Smart accounts name a key for vouchers
 * (`voucherSigner`): a contract's own word can change between a call and its settlement.
 */
export class X402Cashier {
  readonly #options: X402Options;
  readonly #x402: TypedContract<typeof x402BatchSettlementAbi>;
  readonly #gate: TypedContract<typeof x402GateAbi>;
  readonly #states = new Map<string, ChannelState>();
  readonly #charged = new Map<string, bigint>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: X402Options) {
    this.#options = options;
    this.#x402 = new TypedContract(X402_ADDRESS, x402BatchSettlementAbi, options.signer);
    this.#gate = new TypedContract(options.stream.ledger, x402GateAbi, options.signer);
  }

  /** The most that a call costs: what a client signs for. */
  get maxPrice(): bigint {
    const { perRequest, perUnit = 0n, maxUnits = 0n } = this.#options.price;
    return perRequest + perUnit * maxUnits;
  }

  /** x402's payment requirements. @param state What a refusal adds. */
  requirements(state: object = {}) {
    const { stream, token } = this.#options;
    return {
      scheme: X402_SCHEME,
      network: this.#network,
      amount: String(this.maxPrice),
      asset: stream.token,
      payTo: stream.ledger,
      maxTimeoutSeconds: this.#options.timeout ?? 300,
      extra: {
        receiverAuthorizer: stream.ledger,
        withdrawDelay: this.#withdrawDelay,
        name: token.name,
        version: token.version,
        minDeposit: String(this.#minDeposit),
        ...state,
      },
    };
  }

  /**
   * Takes a payment.
   *
   * @param header The PAYMENT-SIGNATURE header.
   * @param input What the model is called with.
   * @param admit Throws if no call can be served now.
   * @throws X402Refusal if the payment is not taken; any other error is the model's or the chain's. Nothing is charged.
   */
  async take(header: string, input: Uint8Array, admit: () => Promise<void>): Promise<X402Settled> {
    const payment = parseX402Payment(header);
    this.#check(payment);
    return this.#inTurn(payment.channelId, () =>
      payment.refund === undefined ? this.#answer(payment, input, admit) : this.#refund(payment, payment.refund),
    );
  }

  /** Resolves when no payment is being taken. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#turns.values());
  }

  /** What every payment has to be, whatever the chain says. */
  #check(payment: X402Payment): void {
    const { stream, chainId } = this.#options;
    const { config } = payment;
    const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    if (!same(config.receiver, stream.ledger)) throw new X402Refusal("receiver_mismatch", "This pays somebody else.");
    if (!same(config.receiverAuthorizer, stream.ledger)) {
      throw new X402Refusal("receiver_authorizer_mismatch", "The channel's receiverAuthorizer has to be the gate.");
    }
    if (!same(config.token, stream.token)) throw new X402Refusal("token_mismatch", "The channel is in another token.");
    if (config.withdrawDelay < this.#withdrawDelay) {
      throw new X402Refusal("withdraw_delay_mismatch", `The withdrawal delay is under ${this.#withdrawDelay} seconds.`);
    }
    if (!isSigned(chainId, payment)) {
      throw new X402Refusal("voucher_signature", "The voucher is not signed by the channel's payerAuthorizer, a key.");
    }
  }

  async #answer(payment: X402Payment, input: Uint8Array, admit: () => Promise<void>): Promise<X402Settled> {
    const { accountant, stream, model, price } = this.#options;
    const { channelId, ceiling } = payment;
    const salt = this.#saltOf(payment);
    const inputHash = model.commitInput(input, salt);
    // Who did not get the answer may ask for it with the same voucher again.
    const known = accountant.store.find(streamIdOf(stream), channelId, inputHash);
    if (known?.output !== undefined) {
      const receipt = await accountant.receipt(stream, known.entry);
      const state = await this.#state(channelId);
      return this.#settled(payment, "", known.entry.amount, state, { output: known.output, salt, receipt });
    }

    let state = await this.#state(channelId);
    const charged = this.#chargedOf(channelId, state);
    if (ceiling !== charged + this.maxPrice) throw this.#mismatch(channelId, charged, state);
    await admit();
    let transaction = "";
    if (payment.deposit !== undefined) {
      transaction = await this.#deposit(payment, payment.deposit);
      state = await this.#read(channelId);
    } else if (state.balance < ceiling) {
      // Payers can deposit without the node.
      state = await this.#read(channelId);
    }
    if (state.withdrawRequestedAt !== 0) {
      throw new X402Refusal("withdrawal_pending", "A withdrawal is announced: the channel is not served any more.");
    }
    if (state.balance < ceiling) {
      throw new X402Refusal("cumulative_exceeds_balance", `The channel holds ${state.balance}: deposit more.`);
    }

    const { perRequest, perUnit = 0n, maxUnits = 0n } = price;
    const { output, units } = await model.run(input, { maxUnits });
    const amount = perRequest + perUnit * (units < maxUnits ? units : maxUnits);
    const data = JSON.stringify({ config: payment.config, signature: payment.signature } satisfies X402Voucher);
    const receipt = await accountant.charge(stream, {
      channelId,
      inputHash,
      outputHash: model.commitOutput(output, salt),
      units,
      amount,
      output,
      voucher: { ceiling, data },
    });
    this.#charged.set(channelId, charged + amount);
    return this.#settled(payment, transaction, amount, state, { output, salt, receipt });
  }

  /** Makes the deposit that a payer has signed for. One that was made already is no obstacle. */
  async #deposit({ config, channelId, ceiling }: X402Payment, deposit: X402Deposit): Promise<string> {
    const { amount, validAfter, validBefore, salt, signature } = deposit;
    if (amount < this.#minDeposit) {
      throw new X402Refusal("deposit_below_min_deposit", `A deposit is at least ${this.#minDeposit} base units.`);
    }
    const types = ["uint256", "uint256", "uint256", "bytes"];
    const data = AbiCoder.defaultAbiCoder().encode(types, [validAfter, validBefore, salt, signature]);
    try {
      return (await this.#x402.write("deposit", config, amount, X402_ERC3009_COLLECTOR, data)).hash;
    } catch (error) {
      if (!(error instanceof ContractError)) throw error;
      if ((await this.#read(channelId)).balance >= ceiling) return "";
      throw new X402Refusal("deposit_transaction_failed", `The deposit is refused: ${error.message}`);
    }
  }

  /** Returns what is not charged. */
  async #refund(payment: X402Payment, wanted: bigint | "all"): Promise<X402Settled> {
    const { channelId, ceiling, config } = payment;
    const state = await this.#read(channelId);
    const charged = this.#chargedOf(channelId, state);
    if (ceiling !== charged) throw this.#mismatch(channelId, charged, state);
    const rest = state.balance > charged ? state.balance - charged : 0n;
    const amount = wanted === "all" || wanted > rest ? rest : wanted;
    if (amount === 0n) throw new X402Refusal("refund_no_balance", "Nothing is left to refund.");
    const { hash } = await this.#gate.write("refund", config, amount);
    return this.#settled(payment, hash, 0n, await this.#read(channelId));
  }

  #settled(payment: X402Payment, transaction: string, amount: bigint, state: ChannelState, answer?: PaidAnswer) {
    const { channelId, config } = payment;
    const chargedAmount = answer && String(amount);
    const response = {
      success: true,
      transaction,
      network: this.#network,
      payer: config.payer,
      extra: {
        ...(chargedAmount === undefined ? {} : { chargedAmount }),
        channelState: this.#stateExtra(channelId, this.#chargedOf(channelId, state), state),
      },
    };
    return answer === undefined ? { response } : { response, answer };
  }

  /** Lets a client that lost count catch up: with the last voucher, which it can verify. */
  #mismatch(channelId: string, charged: bigint, state: ChannelState): X402Refusal {
    const { accountant, stream } = this.#options;
    const voucher = accountant.store.voucher(channelId, stream.modelId, stream.routeVersion);
    const { signature } = voucher === undefined ? {} : (JSON.parse(voucher.data) as Partial<X402Voucher>);
    return new X402Refusal(
      "cumulative_amount_mismatch",
      `The channel was charged ${charged}: the voucher has to allow ${charged + this.maxPrice}.`,
      voucher === undefined
        ? {}
        : {
            channelState: this.#stateExtra(channelId, charged, state),
            voucherState: { signedMaxClaimable: String(voucher.ceiling), signature },
          },
    );
  }

  #stateExtra(channelId: string, charged: bigint, { balance, totalClaimed, withdrawRequestedAt }: ChannelState) {
    return {
      channelId,
      balance: String(balance),
      totalClaimed: String(totalClaimed),
      withdrawRequestedAt,
      chargedCumulativeAmount: String(charged),
    };
  }

  /** What a channel was charged in its life: by the books, under any key that the node has had. */
  #chargedOf(channelId: string, { totalClaimed }: ChannelState): bigint {
    const { accountant, stream } = this.#options;
    let charged = this.#charged.get(channelId);
    if (charged === undefined) {
      charged = accountant.store
        .streams()
        .filter(({ ledger }) => ledger.toLowerCase() === stream.ledger.toLowerCase())
        .reduce((sum, one) => sum + accountant.store.chargedSince(streamIdOf(one), channelId, 0), 0n);
      if (charged !== 0n) this.#charged.set(channelId, charged);
    }
    return charged > totalClaimed ? charged : totalClaimed;
  }

  async #state(channelId: string): Promise<ChannelState> {
    const state = this.#states.get(channelId);
    const fresh = state !== undefined && Date.now() - state.readAt <= (this.#options.freshness ?? 30_000);
    return fresh ? state : this.#read(channelId);
  }

  async #read(channelId: string): Promise<ChannelState> {
    const readAt = Date.now();
    const [{ balance, totalClaimed }, { initiatedAt }] = await Promise.all([
      this.#x402.read("channels", channelId),
      this.#x402.read("pendingWithdrawals", channelId),
    ]);
    const state = { balance, totalClaimed, withdrawRequestedAt: Number(initiatedAt), readAt };
    // A channel without money is nobody's yet: to remember it would let strangers fill the memory.
    if (balance === 0n) this.#states.delete(channelId);
    else this.#states.set(channelId, state);
    return state;
  }

  /** One payment of a channel after the other. */
  async #inTurn<T>(channelId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(channelId) ?? Promise.resolve()).then(work, work);
    this.#turns.set(channelId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(channelId) === turn) this.#turns.delete(channelId);
    }
  }

  /** The same for the same voucher, so that a repeated call is known again; nobody else can guess it. */
  #saltOf({ channelId, ceiling }: X402Payment): string {
    return `0x${createHmac("sha256", this.#options.secret).update(`${channelId} ${ceiling}`).digest("hex")}`;
  }

  get #network(): string {
    return `eip155:${this.#options.chainId}`;
  }

  get #withdrawDelay(): number {
    return this.#options.withdrawDelay ?? 86_400;
  }

  get #minDeposit(): bigint {
    return this.#options.minDeposit ?? this.maxPrice * 10n;
  }
}
