import { getBytes, recoverAddress, Signature, TypedDataEncoder, ZeroAddress } from "ethers";
import { OpgError } from "../../errors/OpgError.ts";
import { Fields } from "../../wire.ts";
import type { X402ChannelConfig } from "./gateRows.ts";

/** x402's channel contract, on every chain that has it. */
export const X402_ADDRESS = "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003";
/** What pulls deposits by ERC-3009 authorizations into it. */
export const X402_ERC3009_COLLECTOR = "0x4020806089470a89826cB9fB1f4059150b550004";

/** The payment scheme that gates serve. */
export const X402_SCHEME = "batch-settlement";

const CHANNEL_TYPES = {
  ChannelConfig: [
    { name: "payer", type: "address" },
    { name: "payerAuthorizer", type: "address" },
    { name: "receiver", type: "address" },
    { name: "receiverAuthorizer", type: "address" },
    { name: "token", type: "address" },
    { name: "withdrawDelay", type: "uint40" },
    { name: "salt", type: "bytes32" },
  ],
};

const VOUCHER_TYPES = {
  Voucher: [
    { name: "channelId", type: "bytes32" },
    { name: "maxClaimableAmount", type: "uint128" },
  ],
};

const domainOn = (chainId: number) => ({
  name: "x402 Batch Settlement",
  version: "1",
  chainId,
  verifyingContract: X402_ADDRESS,
});

/** The id of an x402 channel on a chain: `getChannelId` of x402's contract. */
export const x402ChannelIdOf = (chainId: number, config: X402ChannelConfig): string =>
  TypedDataEncoder.hash(domainOn(chainId), CHANNEL_TYPES, config);

/** The digest of an x402 voucher: what the payer's side signs. */
export const hashX402Voucher = (chainId: number, channelId: string, maxClaimableAmount: bigint): string =>
  TypedDataEncoder.hash(domainOn(chainId), VOUCHER_TYPES, { channelId, maxClaimableAmount });

/** What an x402 client sends in its PAYMENT-SIGNATURE header, for the `batch-settlement` scheme. */
export interface X402Payment {
  readonly config: X402ChannelConfig;
  readonly channelId: string;
  /** The voucher's `maxClaimableAmount`, in base units. */
  readonly ceiling: bigint;
  /** The voucher's signature, 65 bytes. */
  readonly signature: string;
  /** A deposit that comes with the voucher. */
  readonly deposit?: X402Deposit;
  /** The payer asks for its money back: how much, or all of it. */
  readonly refund?: bigint | "all";
}

/** An ERC-3009 authorization of a deposit. */
export interface X402Deposit {
  readonly amount: bigint;
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly salt: bigint;
  readonly signature: string;
}

/** Reads a PAYMENT-SIGNATURE header. @throws OpgError saying what is wrong with it. */
export function parseX402Payment(header: string): X402Payment {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(header, "base64").toString("utf8"));
  } catch {
    throw new OpgError("The payment is not JSON in base64.");
  }
  const payload = new Fields(new Fields(json, "the payment").get("payload"), "the payment's payload");
  const voucher = new Fields(payload.get("voucher"), "the voucher");
  const channel = new Fields(payload.get("channelConfig"), "the channel's configuration");
  const payment = {
    config: {
      payer: channel.address("payer"),
      payerAuthorizer: channel.address("payerAuthorizer"),
      receiver: channel.address("receiver"),
      receiverAuthorizer: channel.address("receiverAuthorizer"),
      token: channel.address("token"),
      withdrawDelay: Number(channel.uint("withdrawDelay", 24)),
      salt: channel.bytes("salt", 32),
    },
    channelId: voucher.bytes("channelId", 32),
    ceiling: voucher.uint("maxClaimableAmount", 128),
    signature: voucher.bytes("signature", 65),
  };
  switch (payload.get("type")) {
    case "voucher":
      return payment;
    case "deposit":
      return { ...payment, deposit: parseDeposit(payload.get("deposit")) };
    case "refund":
      return { ...payment, refund: payload.get("amount") === undefined ? "all" : payload.uint("amount", 128) };
    default:
      throw new OpgError(`A payment is a voucher, a deposit or a refund, not ${JSON.stringify(payload.get("type"))}.`);
  }
}

function parseDeposit(value: unknown): X402Deposit {
  const deposit = new Fields(value, "the deposit");
  const kinds = new Fields(deposit.get("authorization"), "the deposit's authorization");
  const authorization = new Fields(kinds.get("erc3009Authorization"), "the deposit's ERC-3009 authorization");
  return {
    amount: deposit.uint("amount", 128),
    validAfter: authorization.uint("validAfter", 256),
    validBefore: authorization.uint("validBefore", 256),
    salt: BigInt(authorization.bytes("salt", 32)),
    signature: authorization.bytes("signature"),
  };
}

/** Whether a payment's channel is the one that it names, and its voucher signed by the channel's key. */
export function isSigned(chainId: number, { config, channelId, ceiling, signature }: X402Payment): boolean {
  if (config.payerAuthorizer === ZeroAddress || x402ChannelIdOf(chainId, config) !== channelId) return false;
  try {
    const digest = hashX402Voucher(chainId, channelId, ceiling);
    // As x402 has it: only v of 27 and 28, only low s.
    const { v } = Signature.from(signature);
    if (v !== getBytes(signature)[64]) return false;
    return recoverAddress(digest, signature).toLowerCase() === config.payerAuthorizer.toLowerCase();
  } catch {
    return false;
  }
}

/** What goes into x402's PAYMENT-REQUIRED and PAYMENT-RESPONSE headers. */
export const encodeX402Header = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
