import { recoverAddress } from "ethers";
import type { BatchContract } from "../../chain/batchContract.ts";
import type { ChannelCall } from "../../channel/channelWire.ts";
import { channelIdOf } from "../../hash/channelIdOf.ts";
import { hashVoucher } from "../../hash/hashVoucher.ts";
import { streamIdOf } from "../../hash/streamIdOf.ts";
import type { SettlementDomain } from "../../hash/typedData.ts";
import { HttpError } from "../HttpError.ts";
import type { BatchAccountant } from "./BatchAccountant.ts";
import type { StoredVoucher } from "./BatchStore.ts";

/** A call that a channel can pay for. Its most is set aside until {@link release}. */
export interface Admission {
  readonly channelId: string;
  /** The channel's best voucher. */
  readonly voucher: StoredVoucher;
  release(): void;
}

/** What is known of a channel. */
interface Account {
  /** What calls at work may cost, in base units. */
  reserved: bigint;
  /** The best one so far. */
  voucher: StoredVoucher | undefined;
  snapshot: Snapshot | undefined;
  reading: Promise<Snapshot> | undefined;
}

/** A channel on chain at one moment. */
interface Snapshot {
  readonly exists: boolean;
  readonly withdrawalDelay: number;
  readonly withdrawableAt: bigint;
  /** What batches have proven in the channel's life, in base units. */
  readonly proven: bigint;
  /** What was deposited in the channel's life, less what was withdrawn. */
  readonly deposited: bigint;
  /** The next sequence numbers of the node's streams at the same moment. */
  readonly next: ReadonlyMap<string, number>;
  /** Milliseconds. */
  readonly readAt: number;
}

/** Milliseconds for which a channel's state is believed. A withdrawal's delay is longer by far. */
const FRESH = 30_000;

/** Milliseconds between two looks at a channel that does not suffice. */
const PATIENCE = 500;

/**
 * Decides which calls a native channel can pay for. What a node has proven, has charged and not proven yet, and is about
 * to charge has to be within the voucher and within the deposit, at every moment: then a settled batch pays in full.
 */
export class ChannelBook {
  readonly #batches: BatchContract;
  readonly #accountant: BatchAccountant;
  readonly #domain: SettlementDomain;
  readonly #minDelay: number;
  readonly #accounts = new Map<string, Account>();

  /** @param minDelay The shortest withdrawal delay, in seconds: longer than it takes to settle what was charged. */
  constructor(batches: BatchContract, accountant: BatchAccountant, domain: SettlementDomain, minDelay: number) {
    this.#batches = batches;
    this.#accountant = accountant;
    this.#domain = domain;
    this.#minDelay = minDelay;
  }

  /**
   * Takes a call on, if its channel can pay for it.
   *
   * @throws HttpError 402 saying what is missing; 409 if a withdrawal is announced.
   */
  async admit(call: ChannelCall): Promise<Admission> {
    const { nodeId, modelId, routeVersion, token, signer, maxAmount } = call;
    const channelId = channelIdOf(nodeId, modelId, routeVersion, token, signer);
    const asked = this.#accounts.get(channelId) ?? newAccount();
    const kept = asked.voucher ?? this.#accountant.store.voucher(channelId, modelId, routeVersion);
    const offered = this.#better(kept, call);

    let snapshot = asked.snapshot;
    if (snapshot === undefined || Date.now() - snapshot.readAt > FRESH) snapshot = await this.#read(asked, channelId);
    // Other calls, too, may have been the channel's first ones meanwhile: what counts is the account that is kept now.
    const now = () => {
      const { reserved, voucher } = this.#accounts.get(channelId) ?? asked;
      return { reserved, voucher: voucher !== undefined && voucher.ceiling > offered.ceiling ? voucher : offered };
    };
    const refusal = (state: Snapshot) => {
      const { reserved, voucher } = now();
      return this.#refusal(state, channelId, call, reserved + maxAmount, voucher);
    };
    let refused = refusal(snapshot);
    // A deposit may have made it good since.
    if (refused !== undefined && Date.now() - snapshot.readAt > PATIENCE) {
      refused = refusal(await this.#read(asked, channelId));
    }
    if (refused !== undefined) throw refused;

    // Nothing is awaited from here on: what was checked still holds.
    const { voucher } = now();
    const account = this.#accounts.get(channelId) ?? asked;
    this.#accounts.set(channelId, account);
    account.voucher = voucher;
    account.reserved += maxAmount;
    let held = maxAmount;
    const release = () => {
      account.reserved -= held;
      held = 0n;
    };
    return { channelId, voucher, release };
  }

  /** The better of the kept voucher and the call's, whose signature is checked if it is the better one. */
  #better(kept: StoredVoucher | undefined, call: ChannelCall): StoredVoucher {
    if (kept !== undefined && kept.ceiling >= call.ceiling) return kept;
    let signer: string | undefined;
    try {
      signer = recoverAddress(hashVoucher(this.#domain, call), call.signature);
    } catch {
      // Not a signature at all.
    }
    if (signer?.toLowerCase() !== call.signer.toLowerCase()) {
      throw new HttpError(402, `the voucher is not signed by ${call.signer}`);
    }
    return { ceiling: call.ceiling, data: call.signature };
  }

  #refusal(
    { exists, withdrawableAt, withdrawalDelay, proven, deposited, next }: Snapshot,
    channelId: string,
    { signer }: ChannelCall,
    wanted: bigint,
    { ceiling }: StoredVoucher,
  ): HttpError | undefined {
    if (!exists) return new HttpError(402, `signer ${signer} has no channel with this node in this token`);
    if (withdrawableAt !== 0n) return new HttpError(409, "a withdrawal from the channel is announced");
    if (withdrawalDelay < this.#minDelay) {
      return new HttpError(
        402,
        `the channel's withdrawal delay is ${withdrawalDelay} s, and this node needs ${this.#minDelay}`,
      );
    }
    const needed = proven + this.#unsettled(channelId, next) + wanted;
    if (ceiling < needed) return new HttpError(402, `the voucher allows ${ceiling}, and ${needed} are needed`);
    if (deposited < needed) return new HttpError(402, `the channel holds ${deposited}, and ${needed} are needed`);
    return undefined;
  }

  /**
   * What the channel was charged since the streams' numbers, in base units. What another key did not sign is lost to the
   * node: the payer owes nothing for it, and could not even learn of it.
   */
  #unsettled(channelId: string, next: ReadonlyMap<string, number>): bigint {
    const { store, key } = this.#accountant;
    return store.streams().reduce((sum, stream) => {
      const streamId = streamIdOf(stream);
      const end = stream.key.toLowerCase() === key.toLowerCase() ? undefined : store.signedEnd(streamId);
      return sum + store.chargedSince(streamId, channelId, next.get(streamId) ?? 0, end);
    }, 0n);
  }

  #read(account: Account, channelId: string): Promise<Snapshot> {
    account.reading ??= this.#snapshot(channelId).finally(() => {
      account.reading = undefined;
    });
    return account.reading.then((snapshot) => {
      account.snapshot = snapshot;
      return snapshot;
    });
  }

  /** Reads channel and streams as they are at one moment: what a batch has just proven must not count twice, or never. */
  async #snapshot(channelId: string): Promise<Snapshot> {
    for (let attempts = 5; ; --attempts) {
      const before = await this.#next();
      const channel = await this.#batches.read("channelOf", channelId);
      const after = await this.#next();
      if ([...after].every(([streamId, next]) => before.get(streamId) === next)) {
        return {
          exists: BigInt(channel.payer) !== 0n,
          withdrawalDelay: channel.withdrawalDelay,
          withdrawableAt: channel.withdrawableAt,
          proven: channel.claimed + channel.unpaid,
          deposited: channel.claimed + channel.balance,
          next: after,
          readAt: Date.now(),
        };
      }
      if (attempts === 1) throw new HttpError(503, "the channel is changing: ask again");
    }
  }

  async #next(): Promise<Map<string, number>> {
    const streamIds = this.#accountant.store.streams().map(streamIdOf);
    const next = await Promise.all(streamIds.map((streamId) => this.#batches.read("nextSequence", streamId)));
    return new Map(streamIds.map((streamId, index) => [streamId, Number(next[index])]));
  }
}

const newAccount = (): Account => ({
  reserved: 0n,
  voucher: undefined,
  snapshot: undefined,
  reading: undefined,
});
