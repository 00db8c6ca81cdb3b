/** A GraphQL query with the types of its answer and variables. Its text is a file of `src/queries`. */
export interface Query<Data, Variables> {
  readonly name: string;
  readonly text: string;
  /** Only for the compiler: what it answers, and what it needs. */
  readonly types?: (variables: Variables) => Data;
}

/** Names a query of `src/queries`: the text is a file imported `?raw`, and begins with `query Name`. */
export function defineQuery<Data, Variables = Record<string, never>>(text: string): Query<Data, Variables> {
  const name = /^query (\w+)/.exec(text)?.[1];
  if (name === undefined) throw new Error(`A query file begins with "query Name": ${text.slice(0, 40)}`);
  return { name, text };
}

/** The indexer did not answer, or refused. `message` is a sentence for a person. */
export class IndexerUnavailable extends Error {
  override readonly name = "IndexerUnavailable";
}

/** Asks the indexer's GraphQL. @throws {@link IndexerUnavailable} */
export async function ask<Data, Variables>(
  { text }: Query<Data, Variables>,
  variables: NoInfer<Variables>,
  signal?: AbortSignal,
): Promise<Data> {
  const { data, errors } = await send<{ data?: Data | null; errors?: readonly { message: string }[] }>("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: text, variables }),
    signal: signal ?? null,
  });
  if (errors || data === undefined || data === null) {
    const reasons = errors?.map(({ message }) => message).join("; ") ?? "it gave no data";
    throw new IndexerUnavailable(`The indexer refuses this question: ${reasons}.`);
  }
  return data;
}

/** Reads a REST endpoint of the indexer; null where it says that there is no such thing (404). @throws {@link IndexerUnavailable} */
export function read<Data>(path: string, signal?: AbortSignal): Promise<Data | null> {
  return send<Data | null>(path, { signal: signal ?? null }, true);
}

async function send<Answer>(path: string, init: RequestInit, absentIsNull = false): Promise<Answer | never> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new IndexerUnavailable("The indexer does not answer. It may be restarting, or the connection is down.");
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (absentIsNull && response.status === 404) return null as Answer;
  const refusal = Object(body) as { error?: unknown; errors?: readonly { message?: unknown }[] };
  if (!response.ok || body === undefined) {
    const said = refusal.error ?? refusal.errors?.[0]?.message;
    throw new IndexerUnavailable(
      typeof said === "string"
        ? `The indexer says: ${said}.`
        : `The indexer answers with an error (${response.status}).`,
    );
  }
  return body as Answer;
}
