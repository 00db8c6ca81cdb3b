import { sleep } from "../chain/sleep.ts";
import { OpgError } from "../errors/OpgError.ts";
import { INFERENCES_PATH, type InferenceCall, type InferenceReply, parseInferenceReply, toJson } from "../wire.ts";

/** The longest answer that is read, in bytes. */
const MAX_REPLY = 64 * 1024 * 1024;

/** Replies that may be other ones a moment later: the node has not seen the request yet, or is busy. */
const RETRY = new Set([404, 429, 503]);

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

/**
 * Sends the input to a node and reads its answer, which is not verified here. A node that does not know the request
 * yet is asked again until the timeout.
 *
 * @throws OpgError saying why there is no answer.
 */
export async function askNode(call: InferenceCall, options: AskOptions): Promise<InferenceReply> {
  const url = inferencesUrl(options);
  const deadline = Date.now() + options.timeout;
  for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
    const left = deadline - Date.now();
    if (left <= 0) throw new OpgError(`${url} gave no answer in ${options.timeout} ms`);
    let response: Response;
    try {
      response = await options.fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: toJson(call),
        // The input is for this node, and for nobody that it names.
        redirect: "error",
        signal: AbortSignal.timeout(left),
      });
      if (response.ok) return parseInferenceReply(JSON.parse(await boundedText(response)));
    } catch (error) {
      if (error instanceof OpgError) throw error;
      throw new OpgError(`${url} cannot be reached: ${reason(error)}`, { cause: error });
    }
    const refusal = await boundedText(response).catch(() => "");
    if (!RETRY.has(response.status) || Date.now() + wait > deadline) {
      throw new OpgError(`${url} refused (${response.status}): ${errorIn(refusal)}`);
    }
    await sleep(wait);
  }
}

function inferencesUrl({ endpoint, insecure }: AskOptions): URL {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw new OpgError(`the node's endpoint is not a URL: "${endpoint}"`);
  }
  if (url.protocol !== "https:" && !(insecure && url.protocol === "http:")) {
    throw new OpgError(`the node's endpoint ${endpoint} is not https, so the input could be read on the way`);
  }
  url.pathname = url.pathname.replace(/\/$/, "") + INFERENCES_PATH;
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
