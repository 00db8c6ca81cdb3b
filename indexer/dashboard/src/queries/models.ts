import type { OutputCommitment, Route, Trust, VerifierStatus } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import text from "./Models.graphql?raw";

/** What a Groth16 verifying key says of the ceremony that made it: its registrant's word. */
export interface VerifyingKey {
  readonly development: boolean;
  readonly contributions: string;
  readonly beacon: string | null;
}

/** A model and the routes that its inferences can be proven by. */
export interface ModelRow {
  readonly id: string;
  readonly owner: string;
  readonly metadataURI: string;
  readonly registeredAt: string;
  readonly requests: string;
  readonly settlements: string;
  readonly routes: {
    readonly items: readonly {
      readonly route: Route;
      readonly version: string;
      readonly current: {
        readonly outputCommitment: OutputCommitment;
        readonly measurementSet: { readonly trust: Trust; readonly backend: string } | null;
        readonly verifyingKey: VerifyingKey | null;
        readonly verifier: {
          readonly id: string;
          readonly status: VerifierStatus;
          readonly rootHash: string | null;
        } | null;
      } | null;
    }[];
  };
}

/** What became of a model's inferences since the start. */
export interface ModelUsage {
  readonly modelId: string;
  readonly settlements: string;
  readonly settlementsNet: string;
  readonly defaults: string;
  readonly burned: string;
  readonly burnedNet: string;
}

export const modelsQuery = defineQuery<{
  readonly models: { readonly totalCount: number; readonly items: readonly ModelRow[] };
  readonly usage: { readonly items: readonly ModelUsage[] };
}>(text);
