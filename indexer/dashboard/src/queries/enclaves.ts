import { defineQuery } from "../data/ask.ts";
import text from "./Enclaves.graphql?raw";

/** An attestation: a key in an enclave that signs for a node while it is valid. */
export interface Enclave {
  readonly verifier: string;
  readonly nodeId: string;
  readonly index: string;
  readonly key: string;
  readonly measurement: string;
  readonly validFrom: string;
  readonly validUntil: string;
  readonly revokedAt: string | null;
  readonly emergency: boolean;
  readonly moduleId: string;
}

/** Programs that a model's enclave route trusts, and what for. */
export interface MeasurementSet {
  readonly id: string;
  readonly trust: "NONE" | "LOCAL" | "GATEWAY";
  /** Where a gateway relays to. */
  readonly backend: string;
  readonly measurements: readonly string[];
}

/** The latest enclaves, and what says whether they count. */
export interface EnclavesAnswer {
  readonly enclaves: { readonly totalCount: number; readonly items: readonly Enclave[] };
  readonly measurementSets: { readonly items: readonly MeasurementSet[] };
  readonly bannedMeasurements: {
    readonly items: readonly { readonly verifier: string; readonly measurement: string; readonly timestamp: string }[];
  };
  readonly modelRoutes: {
    readonly items: readonly {
      readonly modelId: string;
      readonly current: { readonly measurementSetId: string | null; readonly verifierId: string } | null;
    }[];
  };
}

export const enclavesQuery = defineQuery<EnclavesAnswer>(text);
