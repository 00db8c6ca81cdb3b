import type { NodeEventKind, ProofMeaning, Route, Trust } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import type { Attester, BannedMeasurement, Enclave, MeasurementSets } from "./enclaves.ts";
import type { InferenceStatus } from "./inferences.ts";
import text from "./Node.graphql?raw";
import type { NodeRow, Reputation } from "./nodes.ts";

/** A node's terms for a model, a route and a token. */
export interface Offer {
  readonly modelId: string;
  readonly route: Route;
  readonly routeVersion: string;
  readonly token: string;
  readonly standing: boolean;
  readonly pricePerRequest: string;
  readonly pricePerUnit: string;
  readonly coverage: string;
  readonly deliveryWindow: string;
  readonly proofWindow: string;
  readonly updatedAt: string;
}

/** A change of a node, with its account after it. */
export interface NodeEvent {
  readonly id: string;
  readonly kind: NodeEventKind;
  readonly amount: string | null;
  readonly address: string | null;
  readonly status: NodeRow["status"] | null;
  readonly free: string;
  readonly bonded: string;
  readonly unbonding: string;
  readonly timestamp: string;
  readonly transactionHash: string;
}

/** An inference, as lists of them show it. */
export interface InferenceLine {
  readonly id: string;
  readonly status: InferenceStatus;
  readonly route: Route;
  readonly proves: ProofMeaning | null;
  readonly trust: Trust | null;
  readonly requestedAt: string;
  readonly fee: string | null;
  readonly token: string;
  readonly trustGapSeconds: string | null;
}

/** A node's record on its own page. */
export interface NodeReputation extends Reputation {
  /** How often a key of its signed two batches over the same inferences. */
  readonly equivocations: string;
}

/** All about a node. */
export interface NodeDetail extends NodeRow {
  /** Whoever is or was its owner, signer or payout. */
  readonly parties: readonly string[];
  readonly pendingOwner: string | null;
  readonly signer: string;
  readonly payout: string;
  readonly metadataURI: string;
  readonly registeredAt: string;
  readonly withdrawableAt: string;
  readonly deliveries: string;
  readonly offers: { readonly items: readonly Offer[] };
  readonly enclaves: { readonly items: readonly Enclave[] };
  readonly events: { readonly items: readonly NodeEvent[] };
  readonly inferences: { readonly items: readonly InferenceLine[] };
}

/** An account that somebody behind the node has paid. */
export interface NodeFunding {
  readonly account: string;
  readonly funder: string;
  readonly payments: string;
  /** Of the first payment. */
  readonly timestamp: string;
  readonly transactionHash: string;
}

export const nodeQuery = defineQuery<
  {
    readonly node: NodeDetail | null;
    readonly measurementSets: MeasurementSets;
    readonly attesters: { readonly items: readonly Attester[] };
    readonly bannedMeasurements: { readonly items: readonly BannedMeasurement[] };
    readonly nodeReputations: { readonly items: readonly NodeReputation[] };
    readonly nodeFundings: { readonly items: readonly NodeFunding[] };
  },
  { readonly id: string }
>(text);
