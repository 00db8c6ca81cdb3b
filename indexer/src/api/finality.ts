import { createRoute, z } from "@hono/zod-openapi";
import { FINALITIES, finalityOf, MAX_BLOCKS } from "../mapping/finality.ts";
import { readHeads } from "./now.ts";
import { BAD_QUESTION, Block, json, orNull, routes } from "./openapi.ts";

export const Finality = z.enum(FINALITIES).openapi("Finality", {
  description: "How certain it is that a block stays: the chain may still take back one that is PENDING.",
});

const blocks = z
  .string()
  .default("")
  .transform((text) => (text === "" ? [] : text.split(",")))
  .superRefine((parts, { addIssue }) => {
    const wrong = parts.find((part) => !/^\d{1,18}$/.test(part));
    if (parts.length > MAX_BLOCKS) addIssue(`blocks has ${parts.length} numbers, and at most ${MAX_BLOCKS} go`);
    else if (wrong !== undefined) addIssue(`this is not the number of a block: ${wrong}`);
  })
  .openapi({
    type: "string",
    description: `Numbers of up to ${MAX_BLOCKS} blocks, with commas between them.`,
    example: "12,15",
  });

export const finality = routes();

/** How certain blocks are, by the numbers that rows carry: nothing is written again as a chain goes on. */
finality.openapi(
  createRoute({
    method: "get",
    path: "/finality",
    operationId: "getFinality",
    tags: ["Finality"],
    summary: "How certain blocks are, by the chain's own word",
    request: { query: z.object({ blocks }) },
    responses: {
      200: json(
        z
          .object({
            safe: orNull(Block).openapi({
              description: "The last block that the chain calls safe; null if it does not.",
            }),
            finalised: orNull(Block).openapi({ description: "The last one that it calls final; null if it does not." }),
            instant: z.boolean().openapi({ description: "Whether every block is final as it comes." }),
            blocks: z.record(z.string(), Finality),
          })
          .openapi("FinalityOfBlocks"),
        "What is certain, and how certain each block is.",
      ),
      400: BAD_QUESTION,
    },
  }),
  async (context) => {
    const heads = await readHeads();
    const instant = heads === "instant";
    const { safe, finalised } = instant ? { safe: null, finalised: null } : heads;
    const asked = context.req.valid("query").blocks;
    return context.json(
      {
        safe: safe === null ? null : Number(safe),
        finalised: finalised === null ? null : Number(finalised),
        instant,
        blocks: Object.fromEntries(asked.map((block) => [block, finalityOf(BigInt(block), heads)])),
      },
      200,
    );
  },
);
