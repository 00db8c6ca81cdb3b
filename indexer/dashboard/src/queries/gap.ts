import { defineQuery } from "../data/ask.ts";
import text from "./Gap.graphql?raw";

/** What gaps are counted of. */
export type GapScope = "OVERALL" | "ROUTE" | "MODEL" | "NODE";

/** The exact histogram of the trust gap, and what follows from it. Views of the database know a scope as text. */
export const gapQuery = defineQuery<
  {
    readonly trustGaps: {
      readonly items: readonly { readonly seconds: string; readonly count: string; readonly countNet: string }[];
    };
    readonly trustGapStatistics: {
      readonly items: readonly {
        readonly count: string;
        readonly countNet: string;
        readonly p50: string;
        readonly p95: string;
        readonly max: string;
        readonly p50Net: string | null;
        readonly p95Net: string | null;
      }[];
    };
  },
  { readonly scope: GapScope; readonly scopeName: GapScope; readonly subject: string }
>(text);
