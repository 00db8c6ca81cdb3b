import type { KeyFault, Trust } from "../../../src/mapping/enums.ts";
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
  /** What its key was caught at, if it was. */
  readonly fault: { readonly fault: KeyFault } | null;
}

/** Programs that a model's enclave route trusts, and what for. */
export interface MeasurementSet {
  readonly id: string;
  readonly trust: Trust;
  /** Where a gateway relays to. */
  readonly backend: string;
  readonly measurements: readonly string[];
}

/** A verifier of enclaves, and the SHA-256 of the root certificate of their attestations, if it says that. */
export interface Attester {
  readonly address: string;
  readonly rootHash: string | null;
}

/** A program that no new enclave can be attested with. */
export interface BannedMeasurement {
  readonly verifier: string;
  readonly measurement: string;
  readonly timestamp: string;
}

/** Measurement sets: all of them, if there are `totalCount`. Anybody registers one. */
export interface MeasurementSets {
  readonly totalCount: number;
  readonly items: readonly MeasurementSet[];
}

/** The latest enclaves, and what says whether they count. */
export interface EnclavesAnswer {
  readonly enclaves: { readonly totalCount: number; readonly items: readonly Enclave[] };
  readonly measurementSets: MeasurementSets;
  readonly attesters: { readonly items: readonly Attester[] };
  readonly bannedMeasurements: { readonly items: readonly BannedMeasurement[] };
  readonly modelRoutes: {
    readonly items: readonly {
      readonly modelId: string;
      readonly current: { readonly measurementSetId: string | null } | null;
    }[];
  };
}

export const enclavesQuery = defineQuery<EnclavesAnswer>(text);
