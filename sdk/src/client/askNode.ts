import { sleep } from "../chain/sleep.ts";
import { OpgError } from "../errors/OpgError.ts";
import { toJson } from "../wire.ts";

/** The longest answer that is read, in bytes. */
const MAX_REPLY = 64 * 1024 * 1024;

/** A node's refusal, in its own words. */
export class NodeRefusal extends OpgError {
  override name = "NodeRefusal";
  readonly status: number;

  constructor(url: URL, status: number, words: string) {
    super(`${url} refused (${status}): ${words}`);
    this.status = status;
  }
}

/** How and where to ask. */
export interface AskOptions {
  /** The node's endpoint: http or https. */
  readonly endpoint: string;
  /** Whether an endpoint without TLS will do. The input is readable on the way then. */
  readonly insecure: boolean;
  /** Milliseconds after which to give up. */
  readonly timeout: number;
  readonly fetch: typeof fetch;
}

/** What to ask. */
export interface Question<T> {
  /** The path below the endpoint. */
  readonly path: string;
  /** What to post; GET if absent. */
  readonly body?: unknown;
  /** Statuses that may be other ones a moment later. */
  readonly retry: readonly number[];
  /** Reads the answer. @throws if it is none. */
  parse(json: unknown): T;
}

/**
 * Asks a node and reads its answer, which is not verified here. Asks again until the timeout while the node says so.
 *
 * @throws NodeRefusal if the node refuses; OpgError saying why else there is no answer.
 */
export async function askNode<T>({ path, body, retry, parse }: Question<T>, options: AskOptions): Promise<T> {
  const url = urlOf(options, path);
  const deadline = Date.now() + options.timeout;
  for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
    const left = deadline - Date.now();
    if (left <= 0) throw new OpgError(`${url} gave no answer in ${options.timeout} ms`);
    let response: Response;
    try {
      response = await options.fetch(url, {
        ...(body === undefined
          ? {}
          : { method: "POST", headers: { "content-type": "application/json" }, body: toJson(body) }),
        // The input is for this node, and for nobody that it names.
        redirect: "error",
        signal: AbortSignal.timeout(left),
      });
      if (response.ok) return parse(JSON.parse(await boundedText(response)));
    } catch (error) {
      if (error instanceof OpgError) throw error;
      throw new OpgError(`${url} cannot be reached: ${reason(error)}`, { cause: error });
    }
    const refusal = await boundedText(response).catch(() => "");
    if (!retry.includes(response.status) || Date.now() + wait > deadline) {
      throw new NodeRefusal(url, response.status, errorIn(refusal));
    }
    await sleep(wait);
  }
}

/**
 * Why an endpoint cannot be asked, before anything is sent; undefined if it can.
 *
 * @param insecure Whether an endpoint without TLS will do.
 */
export function endpointFault(endpoint: string, insecure: boolean): string | undefined {
  if (!URL.canParse(endpoint)) return `the node's endpoint is not a URL: "${endpoint}"`;
  const { protocol } = new URL(endpoint);
  if (protocol === "https:" || (insecure && protocol === "http:")) return undefined;
  return `the node's endpoint ${endpoint} is not https, so the input could be read on the way`;
}

function urlOf({ endpoint, insecure }: AskOptions, path: string): URL {
  const fault = endpointFault(endpoint, insecure);
  if (fault !== undefined) throw new OpgError(fault);
  const url = new URL(endpoint);
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  return url;
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_REPLY) throw new OpgError(`the node's answer is longer than ${MAX_REPLY} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The node's own words, `{"error": "..."}`, or the start of whatever came. */
function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text);
    if (typeof error === "string") return error.slice(0, 300);
  } catch {
    // Not a node's answer; shown as it is.
  }
  return text.slice(0, 300);
}

const reason = (error: unknown): string => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
};
