import { defineQuery } from "../data/ask.ts";
import text from "./Laws.graphql?raw";

/** A sum that is counted twice, from different rows. */
export interface Law {
  readonly law: string;
  /** The token. */
  readonly subject: string;
  readonly left: string;
  readonly right: string;
  readonly holds: boolean;
}

/** What does not hold, first and of any token; the sums of OPG and of listed tokens. */
export const lawsQuery = defineQuery<
  { readonly laws: { readonly items: readonly Law[] } },
  { readonly listed: readonly string[] | undefined }
>(text);
