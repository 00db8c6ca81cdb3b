import type { Route } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import text from "./BurnShares.graphql?raw";

interface Breakdown {
  readonly settlements: string;
  readonly settlementsNet: string;
  readonly burned: string;
  readonly burnedNet: string;
}

/** What burned since the start, by route, and by the eight models that burned most. */
export const burnSharesQuery = defineQuery<{
  readonly byRoute: { readonly items: readonly (Breakdown & { readonly route: Route })[] };
  readonly byModel: { readonly items: readonly (Breakdown & { readonly modelId: string })[] };
}>(text);
