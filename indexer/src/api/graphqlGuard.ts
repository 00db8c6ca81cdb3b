import schema from "ponder:schema";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { every } from "hono/combine";
import { z } from "zod";
import { checkCost, QueryRefused, viewFields } from "./graphqlCost.ts";
import { IS_BUSY, line } from "./line.ts";

/** Bytes of a request: a query of a thousand tokens and its variables are far smaller. */
const MAX_BODY = 64 * 1_024;

const VIEWS = viewFields(schema);

/** A request, one query each. */
const Request = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

const refusal = (message: string) => ({ errors: [{ message }] });

/**
 * Lets only such queries through to GraphQL as cost little enough, see {@link checkCost}, and a few at a time. What it lets
 * through is written anew, so that nothing reaches GraphQL that was not looked at. A GET gets the editor, and no answer.
 */
export const graphqlGuard: MiddlewareHandler = every(
  bodyLimit({
    maxSize: MAX_BODY,
    onError: (context) => context.json(refusal(`A request has at most ${MAX_BODY} bytes.`), 413),
  }),
  async (context, next) => {
    if (context.req.method === "GET") return next();
    if (context.req.method !== "POST") return context.json(refusal("A query comes by POST."), 405);
    if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
      return context.json(refusal("A query comes as application/json."), 415);
    }
    const body: unknown = await context.req.json().catch(() => undefined);
    const request = Request.safeParse(body);
    if (!request.success) {
      const problem = Array.isArray(body)
        ? "A request has one query, and this is a list of them."
        : "A request is a JSON object with a query, and variables if it has any.";
      return context.json(refusal(problem), 400);
    }
    const { query, variables, operationName } = request.data;
    try {
      checkCost(query, VIEWS, variables ?? {});
    } catch (error) {
      if (error instanceof QueryRefused) return context.json(refusal(error.message), 200);
      throw error;
    }
    if (line.isFull) return context.json(refusal(IS_BUSY), 503);
    context.req.raw = new globalThis.Request(new URL("/graphql", context.req.url), {
      method: "POST",
      headers: { "content-type": "application/json", accept: context.req.header("accept") ?? "application/json" },
      body: JSON.stringify({ query, variables, operationName }),
    });
    return line.run(next);
  },
);
