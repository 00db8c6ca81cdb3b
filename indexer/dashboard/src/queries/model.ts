import type { ModelEventKind, OutputCommitment, Route, VerifierStatus } from "../../../src/mapping/enums.ts";
import { defineQuery } from "../data/ask.ts";
import type { MeasurementSet } from "./enclaves.ts";
import text from "./Model.graphql?raw";
import type { ModelRow, ModelUsage, VerifyingKey } from "./models.ts";
import type { UsableOffer } from "./nodes.ts";

/** A route of a model, and the version of it that new requests use. */
export interface ModelRoute {
  readonly route: Route;
  readonly version: string;
  readonly latestVersion: string;
  readonly current: {
    readonly version: string;
    readonly outputCommitment: OutputCommitment;
    readonly parameters: string;
    readonly timestamp: string;
    readonly verifier: {
      readonly address: string;
      readonly status: VerifierStatus;
      readonly rootHash: string | null;
    } | null;
    /** Null on other routes, and where the key is not registered. */
    readonly verifyingKey: VerifyingKey | null;
    readonly measurementSet: MeasurementSet | null;
  } | null;
}

/** Terms that a request for the model can name now. */
export interface ModelOffer extends UsableOffer {
  readonly routeVersion: string;
  /** OPG that the node locks. */
  readonly coverage: string;
}

/** All about a model. */
export interface ModelDetail extends Omit<ModelRow, "routes"> {
  readonly pendingOwner: string | null;
  readonly routes: { readonly items: readonly ModelRoute[] };
  readonly events: {
    readonly items: readonly {
      readonly id: string;
      readonly kind: ModelEventKind;
      readonly address: string | null;
      readonly route: Route | null;
      readonly version: string | null;
      readonly timestamp: string;
      readonly transactionHash: string;
    }[];
  };
}

export const modelQuery = defineQuery<
  {
    readonly model: ModelDetail | null;
    readonly usableOffers: { readonly totalCount: number; readonly items: readonly ModelOffer[] };
    readonly usage: { readonly items: readonly (ModelUsage & { readonly requests: string })[] };
    readonly days: {
      readonly items: readonly {
        readonly start: string;
        readonly settlements: string;
        readonly settlementsNet: string;
      }[];
    };
  },
  { readonly id: string }
>(text);
