import { isAddress, isHexString } from "ethers";
import { OpgError } from "./errors/OpgError.ts";
import { type Answer, DeliveryMode, Route, type Terms } from "./types.ts";

/** Where a node takes requests for inferences: this path below its endpoint. */
export const INFERENCES_PATH = "/v1/inferences";

/** What a requester posts to a node: bigints as decimal strings, bytes as 0x-hex. */
export interface InferenceCall {
  readonly terms: Terms;
  readonly input: string;
  /** The salt of the input's commitment: who does not know it gets no answer. */
  readonly salt: string;
}

/** What a node answers: its signed delivery, and the output. */
export interface InferenceReply {
  readonly requestId: string;
  readonly nodeId: string;
  readonly outputHash: string;
  readonly units: bigint;
  readonly output: string;
  /** The node's signature of `Delivery(requestId, outputHash, units)`. */
  readonly signature: string;
  /** The proof, on the TEE route: the enclave's signature; `0x` where it takes longer than the answer. */
  readonly proof: string;
}

/** JSON text, with bigints as decimal strings. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), indent);

/** Reads what a requester posted. @throws OpgError naming the field that is wrong. */
export function parseInferenceCall(value: unknown): InferenceCall {
  const call = new Fields(value, "the request");
  return { terms: parseTerms(call.get("terms")), input: call.bytes("input"), salt: call.bytes("salt", 32) };
}

/** Reads what a node answered. @throws OpgError naming the field that is wrong. */
export function parseInferenceReply(value: unknown): InferenceReply {
  const reply = new Fields(value, "the node's answer");
  return {
    requestId: reply.bytes("requestId", 32),
    nodeId: reply.bytes("nodeId", 32),
    outputHash: reply.bytes("outputHash", 32),
    units: reply.uint("units", 64),
    output: reply.bytes("output"),
    signature: reply.bytes("signature", 65),
    proof: reply.bytes("proof"),
  };
}

/** Reads an answer as it is posted on chain. @throws OpgError naming the field that is wrong. */
export function parseAnswer(value: unknown): Answer {
  const answer = new Fields(value, "the answer");
  return {
    outputHash: answer.bytes("outputHash", 32),
    units: answer.uint("units", 64),
    output: answer.bytes("output"),
    signature: answer.bytes("signature"),
  };
}

/** Reads terms from their JSON form. @throws OpgError naming the field that is wrong. */
export function parseTerms(value: unknown): Terms {
  const terms = new Fields(value, "the terms");
  const offer = new Fields(terms.get("offer"), "the offer");
  return {
    requester: terms.address("requester"),
    nonce: terms.uint("nonce", 256),
    deadline: terms.uint("deadline", 64),
    maxFee: terms.uint("maxFee", 128),
    verificationFee: terms.uint("verificationFee", 96),
    compensationBps: Number(terms.uint("compensationBps", 16)),
    rewardBps: Number(terms.uint("rewardBps", 16)),
    proofBlocks: Number(terms.uint("proofBlocks", 24)),
    inputHash: terms.bytes("inputHash", 32),
    mode: terms.oneOf("mode", DeliveryMode),
    consumer: terms.address("consumer"),
    offer: {
      nodeId: offer.bytes("nodeId", 32),
      modelId: offer.bytes("modelId", 32),
      route: offer.oneOf("route", Route),
      routeVersion: Number(offer.uint("routeVersion", 32)),
      token: offer.address("token"),
      pricePerRequest: offer.uint("pricePerRequest", 128),
      pricePerUnit: offer.uint("pricePerUnit", 128),
      coverage: offer.uint("coverage", 128),
      deliveryWindow: Number(offer.uint("deliveryWindow", 32)),
      proofWindow: Number(offer.uint("proofWindow", 32)),
    },
  };
}

/** The fields of an untrusted object, checked as they are read. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new OpgError(`${what} is not a JSON object`);
    }
    this.#fields = { ...value };
    this.#what = what;
  }

  get(name: string): unknown {
    return this.#fields[name];
  }

  /** 0x-hex of `length` bytes, or of any number of whole bytes. */
  bytes(name: string, length?: number): string {
    const value = this.get(name);
    if (isHexString(value, length ?? true)) return value.toLowerCase();
    throw this.#wrong(name, length === undefined ? "0x-hex bytes" : `${length} bytes of 0x-hex`);
  }

  address(name: string): string {
    const value = this.get(name);
    if (isAddress(value)) return value;
    throw this.#wrong(name, "an address");
  }

  /** A decimal string or a whole number. */
  uint(name: string, bits: number): bigint {
    const value = this.get(name);
    const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
    if (typeof text === "string" && /^\d{1,78}$/.test(text)) {
      const number = BigInt(text);
      if (number >> BigInt(bits) === 0n) return number;
    }
    throw this.#wrong(name, `a whole number of at most ${bits} bits, as a decimal string`);
  }

  list<T>(name: string, read: (item: unknown) => T): T[] {
    const value = this.get(name);
    if (Array.isArray(value)) return value.map(read);
    throw this.#wrong(name, "a list");
  }

  oneOf<V extends number>(name: string, values: Readonly<Record<string, V>>): V {
    const value = Object.values(values).find((candidate) => candidate === this.get(name));
    if (value !== undefined) return value;
    throw this.#wrong(name, `one of ${Object.values(values).join(", ")}`);
  }

  #wrong(name: string, wanted: string): OpgError {
    return new OpgError(`${this.#what}: "${name}" has to be ${wanted}`);
  }
}
