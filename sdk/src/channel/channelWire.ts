import { parseBatch, parseEntry, parseStream } from "../batch/leafSet.ts";
import type { Receipt } from "../batch/receipt.ts";
import type { InferenceBatch } from "../types.ts";
import { Fields } from "../wire.ts";

/** Where a node takes calls that a channel pays for. */
export const CHANNEL_CALLS_PATH = "/v1/channels/inferences";

/** Where a node tells a channel's signer what it was charged and is not settled. */
export const CHANNEL_RECEIPTS_PATH = "/v1/channels/receipts";

/** Where a node gives a leaf's path: this and the leaf. */
export const LEAVES_PATH = "/v1/leaves/";

/** Where a node says what it serves, and at what prices. */
export const QUOTE_PATH = "/v1/node";

/** One paid call: bigints as decimal strings, bytes as 0x-hex. */
export interface ChannelCall {
  readonly nodeId: string;
  readonly modelId: string;
  readonly routeVersion: number;
  readonly token: string;
  /** The channel's signer, which names the channel and signs the voucher. */
  readonly signer: string;
  /** The voucher: all that the node may draw in the channel's life, this call included. */
  readonly ceiling: bigint;
  readonly signature: string;
  /** The most that this call may cost, in base units of the token. */
  readonly maxAmount: bigint;
  readonly input: string;
  /** The salt of the input's commitment. */
  readonly salt: string;
}

/** What a node answers to a paid call. */
export interface ChannelReply {
  readonly output: string;
  readonly receipt: Receipt;
}

/** Asks for a channel's unsettled receipts. */
export interface ChannelQuery {
  readonly modelId: string;
  readonly routeVersion: number;
  readonly token: string;
  readonly signer: string;
  /** Seconds; the node answers for some minutes. */
  readonly time: bigint;
  /** The signer's, of `ChannelQuery(bytes32 channelId,uint64 time)`. */
  readonly signature: string;
}

/** What a channel signer signs to ask for its receipts. */
export const CHANNEL_QUERY_TYPES = {
  ChannelQuery: [
    { name: "channelId", type: "bytes32" },
    { name: "time", type: "uint64" },
  ],
};

/** What a node asks for calls of a model that a channel pays for. */
export interface ChannelOffer {
  readonly modelId: string;
  /** The version of the model's TEE route. */
  readonly routeVersion: number;
  readonly token: string;
  /** Base units of `token` per call. */
  readonly pricePerRequest: bigint;
  /** Base units of `token` per metered unit. */
  readonly pricePerUnit: bigint;
}

/** What a node says of the channels that it serves. */
export interface ChannelQuote {
  readonly nodeId: string;
  /** The enclave's signing key. */
  readonly key: string;
  /** The shortest withdrawal delay of the channels that it serves, in seconds. */
  readonly withdrawalDelay: number;
  readonly offers: readonly ChannelOffer[];
}

/** The batch that a leaf is in, and its path to the root. */
export interface LeafPath {
  readonly batch: InferenceBatch;
  readonly path: readonly string[];
}

/** @throws OpgError naming the field that is wrong. */
export function parseChannelCall(value: unknown): ChannelCall {
  const call = new Fields(value, "the call");
  return {
    nodeId: call.bytes("nodeId", 32),
    modelId: call.bytes("modelId", 32),
    routeVersion: Number(call.uint("routeVersion", 32)),
    token: call.address("token"),
    signer: call.address("signer"),
    ceiling: call.uint("ceiling", 128),
    signature: call.bytes("signature", 65),
    maxAmount: call.uint("maxAmount", 128),
    input: call.bytes("input"),
    salt: call.bytes("salt", 32),
  };
}

/** @throws OpgError naming the field that is wrong. */
export function parseChannelReply(value: unknown): ChannelReply {
  const reply = new Fields(value, "the node's answer");
  return { output: reply.bytes("output"), receipt: parseReceipt(reply.get("receipt")) };
}

/** @throws OpgError naming the field that is wrong. */
export function parseReceipt(value: unknown): Receipt {
  const receipt = new Fields(value, "the receipt");
  return {
    stream: parseStream(receipt.get("stream")),
    ...parseEntry(receipt),
    proof: receipt.bytes("proof"),
  };
}

/** @throws OpgError naming the field that is wrong. */
export const parseReceipts = (value: unknown): Receipt[] =>
  new Fields(value, "the node's answer").list("receipts", parseReceipt);

/** @throws OpgError naming the field that is wrong. */
export function parseChannelQuery(value: unknown): ChannelQuery {
  const query = new Fields(value, "the question");
  return {
    modelId: query.bytes("modelId", 32),
    routeVersion: Number(query.uint("routeVersion", 32)),
    token: query.address("token"),
    signer: query.address("signer"),
    time: query.uint("time", 64),
    signature: query.bytes("signature", 65),
  };
}

/** @throws OpgError naming the field that is wrong, or if the node serves no channels. */
export function parseChannelQuote(value: unknown): ChannelQuote {
  const quote = new Fields(new Fields(value, "the node's description").get("channels"), "the node's offer of channels");
  return {
    nodeId: quote.bytes("nodeId", 32),
    key: quote.address("key"),
    withdrawalDelay: Number(quote.uint("withdrawalDelay", 32)),
    offers: quote.list("offers", (item) => {
      const offer = new Fields(item, "the offer");
      return {
        modelId: offer.bytes("modelId", 32),
        routeVersion: Number(offer.uint("routeVersion", 32)),
        token: offer.address("token"),
        pricePerRequest: offer.uint("pricePerRequest", 128),
        pricePerUnit: offer.uint("pricePerUnit", 128),
      };
    }),
  };
}

/** @throws OpgError naming the field that is wrong. */
export function parseLeafPath(value: unknown): LeafPath {
  const path = new Fields(value, "the path");
  return {
    batch: parseBatch(path.get("batch")),
    path: path.list("path", (item) => new Fields({ item }, "the path").bytes("item", 32)),
  };
}
