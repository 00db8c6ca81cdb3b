import type { Dealing } from "../../../src/mapping/dealing.ts";
import type {
  DeliveryMode,
  InferenceEventKind,
  OutputCommitment,
  ProofMeaning,
  RequestStatus,
  Route,
  Trust,
} from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import one from "./Inference.graphql?raw";
import list from "./Inferences.graphql?raw";
import type { Listing, Place } from "./listing.ts";

/** Where an inference stands. NONE is what the contract says of none. */
export type InferenceStatus = Exclude<RequestStatus, "NONE">;

/** An inference in the list. Amounts are base units, times are seconds. */
export interface InferenceRow {
  readonly id: string;
  readonly status: InferenceStatus;
  readonly route: Route;
  /** What its proof shows, or would show. */
  readonly proves: ProofMeaning | null;
  /** What its enclaves are trusted for; null by zero knowledge. */
  readonly trust: Trust | null;
  readonly dealing: Dealing;
  readonly requester: string;
  readonly nodeId: string | null;
  readonly modelId: string;
  readonly token: string;
  readonly maxFee: string;
  readonly fee: string | null;
  readonly burned: string;
  readonly requestedAt: string;
  readonly requestedBlock: string;
  readonly deliveredAt: string | null;
  readonly deliveredBlock: string | null;
  readonly endedBlock: string | null;
  readonly trustGapSeconds: string | null;
}

/** An event of an inference's life. */
export interface InferenceEvent {
  readonly id: string;
  readonly kind: InferenceEventKind;
  readonly sender: string;
  readonly blockNumber: string;
  readonly timestamp: string;
  readonly transactionHash: string;
}

/** All that there is to say of an inference. */
export interface Inference extends InferenceRow {
  readonly open: boolean;
  readonly mode: DeliveryMode;
  readonly consumer: string | null;
  readonly routeVersion: string;
  readonly deadline: string;
  readonly verificationFee: string;
  readonly compensationBps: number;
  readonly rewardBps: number;
  readonly proofBlocks: number;
  readonly inputHash: string;
  readonly outputHash: string | null;
  readonly units: string | null;
  /** The bytes of a delivery on chain. */
  readonly output: string | null;
  /** Of the route's version that its terms name. */
  readonly parameters: { readonly outputCommitment: OutputCommitment } | null;
  readonly pricePerRequest: string;
  readonly pricePerUnit: string;
  readonly coverage: string;
  readonly deliveryWindow: string;
  readonly proofWindow: string;
  readonly bond: string;
  readonly deliveryDeadline: string;
  readonly proofDeadline: string | null;
  readonly proofDeadlineBlock: string | null;
  readonly trustGapBlocks: string | null;
  readonly payout: string | null;
  readonly returned: string | null;
  readonly compensation: string | null;
  readonly reward: string | null;
  readonly claimer: string | null;
  readonly events: { readonly items: readonly InferenceEvent[] };
}

/** Ponder's filter, as far as the list uses it. */
export interface InferenceFilter {
  readonly status?: InferenceStatus;
  readonly route?: Route;
  readonly trust?: Trust;
  readonly dealing?: Dealing;
  readonly requester?: string;
  readonly requestedAt_gte?: string;
  readonly OR?: readonly Readonly<Record<string, string>>[];
}

export const inferencesQuery = defineQuery<
  { readonly inferences: Listing<InferenceRow> },
  Place & { readonly where?: InferenceFilter }
>(list);

export const inferenceQuery = defineQuery<{ readonly inference: Inference | null }, { readonly id: string }>(one);
