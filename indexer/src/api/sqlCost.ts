import { z } from "zod";

/** What a statement may cost by the planner's estimate, whose unit is the reading of a page, and how much it may answer. */
export interface SqlBudget {
  readonly cost: number;
  readonly rows: number;
  readonly bytes: number;
}

const ANSWER = { rows: 10_000, bytes: 16 * 1_024 * 1_024 } as const;
/**
 * PGlite works in the indexer's own process, which stands still meanwhile, and nothing ends a statement that has begun:
 * about a second. PostgreSQL ends one itself, after Ponder's 30 seconds.
 */
export const BUDGETS = {
  pglite: { cost: 50_000, ...ANSWER },
  postgres: { cost: 1_000_000, ...ANSWER },
} as const satisfies Record<string, SqlBudget>;

/** A live query is carried out again with every block that changes what it reads, and nobody asks for its price then. */
export const LIVE_BUDGETS = {
  pglite: { cost: 500, ...ANSWER },
  postgres: { cost: 10_000, ...ANSWER },
} as const satisfies Record<keyof typeof BUDGETS, SqlBudget>;

/** What `EXPLAIN (FORMAT JSON)` answers, as far as it matters here. */
const Explained = z.object({
  "QUERY PLAN": z
    .array(
      z.object({ Plan: z.object({ "Total Cost": z.number(), "Plan Rows": z.number(), "Plan Width": z.number() }) }),
    )
    .min(1),
});

/**
 * Why a statement is not carried out; null if it may be.
 *
 * @param explained The row that `EXPLAIN (FORMAT JSON)` gives.
 * @throws ZodError if it is none.
 */
export function tooDear(explained: unknown, budget: SqlBudget): string | null {
  const [first] = Explained.parse(explained)["QUERY PLAN"];
  if (first === undefined) return null;
  const { "Total Cost": cost, "Plan Rows": rows, "Plan Width": width } = first.Plan;
  if (cost > budget.cost) {
    return `This statement would cost about ${Math.ceil(cost)} by the database's plan, and one may cost at most ${budget.cost}.`;
  }
  if (rows > budget.rows || rows * width > budget.bytes) {
    return `This statement would answer with about ${rows} rows, and one may have at most ${budget.rows} and ${budget.bytes} bytes: give it a limit.`;
  }
  return null;
}
