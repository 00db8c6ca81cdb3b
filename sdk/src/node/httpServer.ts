import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { OpgError } from "../errors/OpgError.ts";
import { INFERENCES_PATH, type InferenceCall, type InferenceReply, parseInferenceCall, toJson } from "../wire.ts";
import { HttpError } from "./HttpError.ts";

/** The path at which a node says what it serves. */
export const NODE_PATH = "/v1/node";

/** Milliseconds in which a whole request has to arrive; the answer may take longer. */
const REQUEST_TIMEOUT = 30_000;

/** What the HTTP server asks of the node. */
export interface NodeService {
  /** Answers a request. @throws HttpError with the status to answer with. */
  infer(call: InferenceCall): Promise<InferenceReply>;
  /** What the node serves. */
  describe(): unknown;
}

/**
 * The HTTP side of a node, where requesters get their answers in the time that the model takes:
 *
 * - `POST /v1/inferences` with `{terms, input, salt}` answers 200 with `{requestId, nodeId, outputHash, units, output,
 *   signature, proof}`, or with `{error}` and 400 (malformed), 404 (not on chain yet: ask again), 409 (not open any more),
 *   413 (too long), 422 (not what the terms commit to), 503 (busy: ask again).
 * - `GET /v1/node` says chain, nodes and models.
 *
 * Bigints are decimal strings, bytes 0x-hex. Any web page may ask (CORS): there is nothing that a cookie would protect.
 *
 * @param maxBody The longest request body, in bytes.
 */
export function httpServer(service: NodeService, maxBody: number): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    answer(service, maxBody, request).then(
      (value) => send(response, value === undefined ? 204 : 200, value),
      (error: unknown) =>
        send(response, error instanceof HttpError ? error.status : error instanceof OpgError ? 400 : 500, {
          error: error instanceof OpgError ? error.message : "internal error",
        }),
    );
  });
}

async function answer(service: NodeService, maxBody: number, request: IncomingMessage): Promise<unknown> {
  const { pathname } = new URL(request.url ?? "/", "http://node");
  if (request.method === "OPTIONS") return undefined;
  if (request.method === "GET" && pathname === NODE_PATH) return service.describe();
  if (request.method === "POST" && pathname === INFERENCES_PATH) {
    const body = await readBody(request, maxBody);
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch {
      throw new HttpError(400, "the body is not JSON");
    }
    return service.infer(parseInferenceCall(json));
  }
  throw new HttpError(404, `there is no ${request.method} ${pathname} here`);
}

async function readBody(request: IncomingMessage, maxBody: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBody) throw new HttpError(413, `the body is longer than ${maxBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "content-type",
    "cache-control": "no-store",
    // What is left of a body that was refused is not read.
    ...(status === 413 ? { connection: "close" } : {}),
  });
  response.end(value === undefined ? undefined : toJson(value));
}
