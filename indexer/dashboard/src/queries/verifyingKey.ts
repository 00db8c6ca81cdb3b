import { defineQuery } from "../data/ask.ts";
import text from "./VerifyingKey.graphql?raw";

/** A Groth16 verifying key, and what it says of its ceremony: its registrant's word. */
export interface VerifyingKey {
  readonly keyId: string;
  readonly pointer: string;
  readonly development: boolean;
  readonly contributions: string;
  readonly beacon: string | null;
  readonly zkeyHash: string;
  readonly timestamp: string;
}

export const verifyingKeyQuery = defineQuery<
  { readonly verifyingKeys: { readonly items: readonly VerifyingKey[] } },
  { readonly keyId: string }
>(text);
