import { defineQuery } from "../data/ask.ts";
import text from "./Alerts.graphql?raw";

/** What needs a look. */
export interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly severity: "INFO" | "WARNING" | "CRITICAL";
  readonly nodeId: string | null;
  /** A request, a batch, a key, a verifier, a measurement, a node or a token: by its kind. */
  readonly subject: string;
  readonly timestamp: string;
  readonly transactionHash: string | null;
}

/** How urgent alerts are, the most urgent first: what anybody raises for nothing must not hide what cost somebody money. */
export const URGENCY = ["critical", "defaults", "others", "lowStakes"] as const;

export const alertsQuery = defineQuery<
  Readonly<Record<(typeof URGENCY)[number], { readonly totalCount: number; readonly items: readonly Alert[] }>>,
  { readonly nodeId?: string; readonly limit?: number }
>(text);
