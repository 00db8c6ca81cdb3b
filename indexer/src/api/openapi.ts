import { OpenAPIHono, z } from "@hono/zod-openapi";

/** An answer's parts, which the description of the API names. */
export const Amount = z
  .string()
  .regex(/^\d+$/)
  .openapi("Amount", { description: "Base units of a token, in decimal.", example: "1500000000000000000" });
export const Whole = z
  .string()
  .regex(/^\d+$/)
  .openapi("Whole", { description: "A whole number, in decimal.", example: "12" });
export const Seconds = z
  .int()
  .min(0)
  .openapi("Seconds", { description: "Seconds; of a time, since 1970-01-01 00:00 UTC.", example: 1_790_000_000 });
export const Block = z.int().min(0).openapi("Block", { description: "Number of a block.", example: 21_000_000 });
export const Count = z.int().min(0).openapi("Count", { example: 12 });
export const Hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .openapi("Hash", { description: "32 bytes in lower-case hex.", example: `0x${"5a".repeat(32)}` });
export const Address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/)
  .openapi("Address", { description: "Lower-case hex.", example: `0x${"ab".repeat(20)}` });
export const Share = z
  .number()
  .min(0)
  .openapi("Share", { description: "A share of a whole: 0.01 is one per cent.", example: 0.01 });

/** What may be absent. zod's own `nullable` would make the named part itself nullable, wherever it stands. */
export const orNull = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);

/** Why there is no answer. */
export const Refusal = z.object({ error: z.string().openapi({ description: "One sentence." }) }).openapi("Refusal");

/** An id in a path: 32 bytes in hex, in any case. */
export const idParameter = (what: string) =>
  z.object({
    id: z
      .string()
      .regex(/^0x[0-9a-fA-F]{64}$/, { error: ({ input }) => `${what} is 0x and 64 digits of hex, not ${input}` })
      .toLowerCase()
      .openapi({ param: { name: "id", in: "path" }, example: `0x${"5a".repeat(32)}` }),
  });

/** One of some words; the first if it is absent. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(name: string, words: Words) =>
  z.enum(words, { error: ({ input }) => `${name} is ${listed(words)}, not ${input}` });

const listed = (words: readonly string[]) =>
  words.length === 1 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** How many rows to answer with. */
export const limitOf = (byDefault: number, most: number) => {
  const error = ({ input }: { input?: unknown }) => `limit is a whole number from 1 to ${most}, not ${input}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .refine((text) => Number(text) >= 1 && Number(text) <= most, { error })
    .transform(Number)
    .default(byDefault)
    .openapi({ type: "integer", minimum: 1, maximum: most, default: byDefault });
};

/** A route's answer in JSON. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** Answers that routes have in common. */
export const BAD_QUESTION = json(Refusal, "The question is wrong, and how.");
export const NOT_FOUND = json(Refusal, "There is no such thing on the chain, as far as it is read.");
export const STARTING = json(Refusal, "The indexer is starting, and has not read the whole history; ask again.");

/** Why there is no answer yet. */
export const IS_STARTING = { error: "the indexer is starting; try again" };

/** Routes whose parameters are checked by their schemas; the first that is wrong is said. */
export function routes(): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, context) => {
      if (result.success) return;
      return context.json({ error: result.error.issues[0]?.message ?? "the question is wrong" }, 400);
    },
  });
  // Ponder's own answer would tell a stranger where the indexer's files are.
  app.onError((error, context) => {
    console.error(`${context.req.method} ${context.req.path} failed: ${error.message}`);
    return context.json({ error: "the indexer cannot answer this now; try again" }, 503);
  });
  return app;
}

/** What the description says of the API as a whole. */
export const DESCRIPTION = {
  openapi: "3.1.0",
  info: {
    title: "OPG Settlement: indexer",
    version: "1.0.0",
    license: { name: "MIT", identifier: "MIT" },
    description:
      "Where inferences stand, who is paid, how much OPG burns. Amounts are base units as decimal strings; times are " +
      "seconds; ids, hashes and addresses are lower-case hex. `net` leaves out self-dealing. Everything else can be " +
      "asked at /graphql, and, if the operator lets it, by SQL at /sql.",
  },
  servers: [{ url: "/" }],
};

/** Routes that are no part of REST: GraphQL, SQL, the dashboard, and the description itself. */
const OTHERS = ["/graphql", "/sql/*", "/sql/:path{db|live}", "/*", "/", "/openapi.json"];

/**
 * Routes of an app that its description does not have.
 *
 * @param app Its routes, as Hono knows them.
 * @param document The description's paths.
 */
export function undescribed(
  app: { readonly routes: readonly { readonly path: string }[] },
  document: { readonly paths?: Readonly<Record<string, unknown>> },
): string[] {
  const described = new Set(Object.keys(document.paths ?? {}).map((path) => path.replace(/\{(\w+)\}/g, ":$1")));
  const paths = new Set(app.routes.map(({ path }) => path));
  return [...paths].filter((path) => !described.has(path) && !OTHERS.includes(path));
}
