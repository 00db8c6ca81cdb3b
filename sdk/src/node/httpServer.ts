import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { OpgError } from "../errors/OpgError.ts";
import { toJson } from "../wire.ts";
import { HttpError } from "./HttpError.ts";
import { readBody } from "./readBody.ts";

/** The path at which a node says what it serves. */
export const NODE_PATH = "/v1/node";

/** Milliseconds in which a whole request has to arrive; the answer may take longer. */
const REQUEST_TIMEOUT = 30_000;

/** Something that a node answers. */
export interface HttpRoute {
  readonly method: "GET" | "POST";
  /** The path, or its beginning if it ends with a slash. */
  readonly path: string;
  /**
   * Answers a request with what is sent as JSON. @throws HttpError with the status to answer with; any other OpgError
   * answers 400.
   *
   * @param body What was posted; undefined for GET.
   * @param rest What follows after `path`.
   */
  answer(body: unknown, rest: string): unknown;
}

/**
 * The HTTP side of a node, where requesters get their answers in the time that the model takes. Errors are answered with
 * `{error}` and 400 (malformed), 413 (too long), or the route's own status.
 *
 * Bigints are decimal strings, bytes 0x-hex. Any web page may ask (CORS): there is nothing that a cookie would protect.
 *
 * @param maxBody The longest request body, in bytes.
 */
export function httpServer(routes: readonly HttpRoute[], maxBody: number): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    answer(routes, maxBody, request).then(
      (value) => send(response, value === undefined ? 204 : 200, value),
      (error: unknown) =>
        send(response, error instanceof HttpError ? error.status : error instanceof OpgError ? 400 : 500, {
          error: error instanceof OpgError ? error.message : "internal error",
        }),
    );
  });
}

async function answer(routes: readonly HttpRoute[], maxBody: number, request: IncomingMessage): Promise<unknown> {
  const { pathname } = new URL(request.url ?? "/", "http://node");
  if (request.method === "OPTIONS") return undefined;
  const found = routes.find(
    ({ method, path }) =>
      request.method === method && (path.endsWith("/") ? pathname.startsWith(path) : pathname === path),
  );
  if (found === undefined) throw new HttpError(404, `there is no ${request.method} ${pathname} here`);
  const rest = pathname.slice(found.path.length);
  if (found.method === "GET") return found.answer(undefined, rest);
  const body = (await readBody(request, maxBody)).toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
  return found.answer(json, rest);
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
