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

export const lawsQuery = defineQuery<{ readonly laws: { readonly items: readonly Law[] } }>(text);
