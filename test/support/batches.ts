import { concat, id, keccak256, MaxUint256, SigningKey, Wallet, ZeroHash } from "ethers";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { hashChannelKey } from "../../sdk/src/hash/hashChannelKey.ts";
import { hashVoucher } from "../../sdk/src/hash/hashVoucher.ts";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import type { SettlementDomain } from "../../sdk/src/hash/typedData.ts";
import { nativeRows } from "../../sdk/src/node/batch/nativeRows.ts";
import type { InferenceBatch, Voucher } from "../../sdk/src/types.ts";
import type { BatchSettlement } from "../../types/ethers-contracts/index.ts";
import { EnclaveRoute } from "./enclave.ts";
import { ethers, type Protocol, USD_UNIT } from "./fixtures.ts";

/** What one row says: whose voucher, over how much, and what is proven. `voucher` changes what is signed. */
export interface RowOf {
  signer: SigningKey;
  ceiling: bigint;
  amount: bigint;
  voucher?: Partial<Voucher> | undefined;
  domain?: SettlementDomain | undefined;
}

/** A batch with its proof and rows: the arguments of `settleBatch`. */
export type SignedBatch = [batch: InferenceBatch, proof: string, rows: string];

/** Why a row was not paid in full: see IChannels.sol. */
export const RowFault = {
  NONE: 0n,
  UNKNOWN_CHANNEL: 1n,
  AMOUNT_TOO_LARGE: 2n,
  LOW_CEILING: 3n,
  LOW_BALANCE: 4n,
} as const;

/** Seconds. */
export const WITHDRAWAL_DELAY = 3_600n;

/** The signer key of a test's channel number `index`; fixed, so that what a transaction's bytes cost is, too. */
export const channelKey = (index: number): SigningKey => new SigningKey(id(`channel ${index}`));

/** The address of a signer key. */
export const addressOfKey = (key: SigningKey): string => new Wallet(key).address;

/** The fixture's model and node under an attested enclave that signs batches, and channels towards the node in USD. */
export class BatchRoute {
  readonly protocol: Protocol;
  readonly route: EnclaveRoute;
  readonly contract: BatchSettlement;
  readonly domain: SettlementDomain;
  readonly address: string;
  readonly token: string;

  private constructor(route: EnclaveRoute, domain: SettlementDomain, token: string) {
    this.protocol = route.protocol;
    this.route = route;
    this.contract = route.protocol.contracts.batches;
    this.domain = domain;
    this.address = domain.settlement;
    this.token = token;
  }

  /** Opens the TEE route, and approves the requester's USD to the batch settlement. */
  static async open(protocol: Protocol): Promise<BatchRoute> {
    const route = await EnclaveRoute.open(protocol);
    const { batches, usd } = protocol.contracts;
    await usd.connect(protocol.accounts.requester).approve(batches, MaxUint256);
    const { chainId } = await ethers.provider.getNetwork();
    const domain = { chainId: Number(chainId), settlement: await batches.getAddress() };
    return new BatchRoute(route, domain, await usd.getAddress());
  }

  /** The requester opens a channel; the key consents. @returns the channel's identifier. */
  async openChannel(key: SigningKey, amount: bigint = 100n * USD_UNIT): Promise<string> {
    const { requester } = this.protocol.accounts;
    const args = [...this.place(key), WITHDRAWAL_DELAY, amount, this.consent(key)] as const;
    await this.contract.connect(requester).open(...args);
    return this.channelId(key);
  }

  channelId(key: SigningKey): string {
    return channelIdOf(...this.place(key));
  }

  /** What names a key's channel: node, model, route version, token, signer. */
  place(key: SigningKey): [nodeId: string, modelId: string, routeVersion: number, token: string, signer: string] {
    const { nodeId, modelId } = this.protocol;
    return [nodeId, modelId, Number(this.route.offer.routeVersion), this.token, addressOfKey(key)];
  }

  /** A key's consent to serve a payer's channel: the requester's, unless another is named. */
  consent(key: SigningKey, payer: string = this.protocol.accounts.requester.address): string {
    const [nodeId, modelId, routeVersion, token] = this.place(key);
    return key.sign(hashChannelKey(this.domain, { nodeId, modelId, routeVersion, token, payer })).serialized;
  }

  voucher(ceiling: bigint, change: Partial<Voucher> = {}): Voucher {
    const { nodeId, modelId } = this.protocol;
    const routeVersion = Number(this.route.offer.routeVersion);
    return { nodeId, modelId, routeVersion, token: this.token, ceiling, ...change };
  }

  /** Rows as the contract takes them. */
  rows(...rows: RowOf[]): string {
    const codec = nativeRows(this.address);
    return codec.encodeRows(
      rows.map(({ signer, ceiling, amount, voucher, domain = this.domain }) => ({
        channelId: ZeroHash,
        amount,
        voucher: { ceiling, data: signer.sign(hashVoucher(domain, this.voucher(ceiling, voucher))).serialized },
      })),
    );
  }

  /** The stream's next batch over these rows, unless something is changed: as many inferences as rows. */
  async batch(rows: string, change: Partial<InferenceBatch> = {}): Promise<InferenceBatch> {
    const stream = {
      nodeId: this.protocol.nodeId,
      modelId: this.protocol.modelId,
      routeVersion: Number(this.route.offer.routeVersion),
      token: this.token,
      ledger: this.address,
      key: this.route.enclave.address,
      ...change,
    };
    const first = await this.contract.nextSequence(streamIdOf(stream));
    const count = BigInt(Math.max(1, Math.floor((rows.length - 2) / 192)));
    return { first, count, root: id(`root from ${first}`), rowsHash: keccak256(rows), ...stream };
  }

  /** The enclave's proof of a batch, by its attestation number 0. */
  prove(batch: InferenceBatch): string {
    return this.route.enclave.prove(hashBatch(this.domain, batch), 0);
  }

  /** The stream's next batch over these rows, signed. */
  async signed(rows: string, change: Partial<InferenceBatch> = {}): Promise<SignedBatch> {
    const batch = await this.batch(rows, change);
    return [batch, this.prove(batch), rows];
  }

  /** Settles one batch over these rows. */
  async settle(...rows: RowOf[]) {
    return this.contract.settleBatch(...(await this.signed(this.rows(...rows))));
  }

  /** What a channel has: [claimed, balance, unpaid]. */
  async amounts(key: SigningKey): Promise<[bigint, bigint, bigint]> {
    const { claimed, balance, unpaid } = await this.contract.channelOf(this.channelId(key));
    return [claimed, balance, unpaid];
  }

  /** What the node's payout can withdraw. */
  async credit(): Promise<bigint> {
    return this.contract.creditOf(this.token, this.protocol.accounts.payout);
  }
}

/** The `claims` of `ChannelsClaimed`: who was drawn on, and what. */
export const packClaims = (...claims: [key: SigningKey, drawn: bigint][]): string =>
  concat(claims.map(([key, drawn]) => concat([addressOfKey(key), `0x${drawn.toString(16).padStart(24, "0")}`])));
