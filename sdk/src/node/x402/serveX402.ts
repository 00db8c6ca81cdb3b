import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hexlify } from "ethers";
import { OpgError } from "../../errors/OpgError.ts";
import { toJson } from "../../wire.ts";
import { X402Cashier, type X402Options, X402Refusal } from "./X402Cashier.ts";
import { encodeX402Header } from "./x402Payment.ts";

/** The path at which x402 clients call the model. */
export const X402_PATH = "/v1/x402";

/** How to serve x402 clients. */
export interface ServeX402Options extends Omit<X402Options, "secret"> {
  /** Where the accountant keeps its books: the secret of the salts is kept there too. */
  readonly directory: string;
  /** The HTTP port; a free one if absent. */
  readonly port?: number;
  /** The address to listen on; this machine only (127.0.0.1) if absent. */
  readonly host?: string;
  /** The longest HTTP body, in bytes; 1 MiB if absent. */
  readonly maxBody?: number;
  /** How many HTTP connections are open at once; 128 if absent. */
  readonly maxConnections?: number;
  /** Is told of errors that are not the client's. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves a model to x402 clients, by the call: `POST /v1/x402` with the input as the body answers 402 with what to pay
 * (PAYMENT-REQUIRED), and with a payment (PAYMENT-SIGNATURE) 200 with `{output, units, salt, receipt}`, bytes as 0x-hex,
 * and PAYMENT-RESPONSE. `GET` takes refunds, and says what a call costs. See https://www.x402.org, version 2.
 */
export async function serveX402(options: ServeX402Options) {
  const cashier = new X402Cashier({ ...options, secret: secretIn(options.directory) });
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    answer(cashier, request, options.maxBody ?? 1024 * 1024).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        const known = error instanceof OpgError;
        if (!known) options.onError?.(error);
        send(response, { status: known ? 400 : 500, body: { error: known ? error.message : "internal error" } });
      },
    );
  });
  server.maxConnections = options.maxConnections ?? 128;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    /** Where to call. */
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}${X402_PATH}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function answer(cashier: X402Cashier, request: IncomingMessage, maxBody: number): Promise<Reply> {
  const { pathname } = new URL(request.url ?? "/", "http://node");
  if (pathname !== X402_PATH || (request.method !== "POST" && request.method !== "GET")) {
    return { status: 404, body: { error: `there is no ${request.method} ${pathname} here` } };
  }
  const input = await readBody(request, maxBody);
  if (input === undefined) return { status: 413, body: { error: `the body is longer than ${maxBody} bytes` } };
  const unpaid = (error: string, state?: object): Reply => {
    const resource = { url: `http://${request.headers.host ?? "node"}${pathname}` };
    const required = { x402Version: 2, error, resource, accepts: [cashier.requirements(state)] };
    return { status: 402, headers: { "PAYMENT-REQUIRED": encodeX402Header(required) }, body: { error } };
  };

  const payment = request.headers["payment-signature"];
  if (typeof payment !== "string") return unpaid("Payment required");
  try {
    const { response, answer } = await cashier.take(payment, input);
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

async function readBody(request: IncomingMessage, maxBody: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(toJson(body));
}

/** The secret of the salts, made once. */
function secretIn(directory: string): Uint8Array {
  const file = join(directory, "x402.secret");
  try {
    writeFileSync(file, randomBytes(32), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const secret = readFileSync(file);
  if (secret.length !== 32) throw new OpgError(`${file} is damaged: it has to hold 32 bytes.`);
  return secret;
}
