import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hexlify, isHexString } from "ethers";
import { LEAVES_PATH } from "../../channel/channelWire.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { toJson } from "../../wire.ts";
import type { BatchAccountant } from "../batch/BatchAccountant.ts";
import { HttpError } from "../HttpError.ts";
import { readBody } from "../readBody.ts";
import { type X402Cashier, X402Refusal } from "./X402Cashier.ts";
import { encodeX402Header } from "./x402Payment.ts";

/** The path at which x402 clients call the model. */
export const X402_PATH = "/v1/x402";

/** Milliseconds in which a whole request has to arrive; the answer may take longer. */
const REQUEST_TIMEOUT = 30_000;

/** What the server asks. */
export interface X402HttpOptions {
  readonly cashier: X402Cashier;
  readonly accountant: BatchAccountant;
  /** Throws if no call can be served now. */
  readonly admit: () => Promise<void>;
  /** The longest request body, in bytes. */
  readonly maxBody: number;
  /** Is told of errors that are not the client's. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The HTTP side of a node that x402 clients pay:
 *
 * - `POST /v1/x402` with the input as the body answers 402 with what to pay (PAYMENT-REQUIRED), and with a payment
 *   (PAYMENT-SIGNATURE) 200 with `{output, units, salt, receipt}` and PAYMENT-RESPONSE. `GET` takes refunds.
 * - `GET /v1/leaves/LEAF` hands out the batch that a receipt's leaf is in, and its path to the root.
 *
 * Errors are `{error}` and 400 (malformed), 404, 413 (too long), 503 (busy, or not able to settle). Bytes are 0x-hex. Any web
 * page may ask (CORS): there is nothing that a cookie would protect.
 */
export function x402HttpServer(options: X402HttpOptions): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    answer(options, request).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        const known = error instanceof OpgError;
        if (!known) options.onError?.(error);
        const status = error instanceof HttpError ? error.status : known ? 400 : 500;
        send(response, { status, body: { error: known ? error.message : "internal error" } });
      },
    );
  });
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function answer(options: X402HttpOptions, request: IncomingMessage): Promise<Reply> {
  const { cashier, accountant, admit, maxBody } = options;
  const { pathname } = new URL(request.url ?? "/", "http://node");
  if (request.method === "OPTIONS") return { status: 204, body: undefined };
  if (request.method === "GET" && pathname.startsWith(LEAVES_PATH)) {
    const leaf = pathname.slice(LEAVES_PATH.length).toLowerCase();
    const found = isHexString(leaf, 32) ? accountant.path(leaf) : undefined;
    if (found === undefined) throw new HttpError(404, "this leaf is in no batch yet");
    return { status: 200, body: found };
  }
  if (pathname !== X402_PATH || (request.method !== "POST" && request.method !== "GET")) {
    throw new HttpError(404, `there is no ${request.method} ${pathname} here`);
  }
  const input = await readBody(request, maxBody);
  const unpaid = (error: string, state?: object): Reply => {
    const resource = { url: `http://${request.headers.host ?? "node"}${pathname}` };
    const required = { x402Version: 2, error, resource, accepts: [cashier.requirements(state)] };
    return { status: 402, headers: { "PAYMENT-REQUIRED": encodeX402Header(required) }, body: { error } };
  };

  const payment = request.headers["payment-signature"];
  if (typeof payment !== "string") return unpaid("Payment required");
  try {
    const { response, answer } = await cashier.take(payment, input, admit);
    const body = answer && {
      output: hexlify(answer.output),
      units: answer.receipt.units,
      salt: answer.salt,
      receipt: answer.receipt,
    };
    return { status: 200, headers: { "PAYMENT-RESPONSE": encodeX402Header(response) }, body: body ?? {} };
  } catch (error) {
    if (error instanceof X402Refusal) return unpaid(error.code, error.state);
    throw error;
  }
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "content-type, payment-signature",
    "access-control-expose-headers": "payment-required, payment-response",
    // What is left of a body that was refused is not read.
    ...(status === 413 ? { connection: "close" } : {}),
    ...headers,
  });
  response.end(body === undefined ? undefined : toJson(body));
}
