import type { AlertKind, Severity } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import text from "./Alerts.graphql?raw";

/** What needs a look. */
export interface Alert {
  readonly id: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly nodeId: string | null;
  /** A request, a batch, a key, a verifier, a measurement, a node or a token: by its kind. */
  readonly subject: string;
  readonly timestamp: string;
  readonly transactionHash: string | null;
}

export const alertsQuery = defineQuery<
  { readonly alerts: { readonly items: readonly Alert[] } },
  { readonly where?: { readonly nodeId: string }; readonly limit?: number }
>(text);
