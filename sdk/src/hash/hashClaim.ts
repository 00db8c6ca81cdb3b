import { TypedDataEncoder } from "ethers";
import type { InferenceClaim } from "../types.ts";
import { CLAIM_TYPES, type SettlementDomain, typedDataDomain } from "./typedData.ts";

/** The EIP-712 digest of a claim: what a proof has to bind. */
export const hashClaim = (domain: SettlementDomain, claim: InferenceClaim): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), CLAIM_TYPES, claim);
