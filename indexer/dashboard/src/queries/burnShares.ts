import type { Route } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import text from "./BurnShares.graphql?raw";

/** OPG, in base units. */
export interface Burned {
  readonly burned: string;
  readonly burnedNet: string;
}

/** What burned since the start: all of it, by route, and by the eight models that burned most. Slashings have neither. */
export const burnSharesQuery = defineQuery<{
  /** Empty before the first event. */
  readonly total: { readonly items: readonly Burned[] };
  readonly byRoute: { readonly items: readonly (Burned & { readonly route: Route })[] };
  readonly byModel: { readonly totalCount: number; readonly items: readonly (Burned & { readonly modelId: string })[] };
}>(text);
