import { TypedDataEncoder } from "ethers";
import type { Terms } from "../types.ts";
import { type SettlementDomain, TERMS_TYPES, typedDataDomain } from "./typedData.ts";

/** The `requestId`: the EIP-712 digest of a request's terms. */
export const hashTerms = (domain: SettlementDomain, terms: Terms): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), TERMS_TYPES, terms);
