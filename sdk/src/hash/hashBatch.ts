import { TypedDataEncoder } from "ethers";
import type { InferenceBatch } from "../types.ts";
import { BATCH_TYPES, type SettlementDomain, typedDataDomain } from "./typedData.ts";

/** The EIP-712 digest of a batch: what the enclave signs. @param domain Of the BatchSettlement contract. */
export const hashBatch = (domain: SettlementDomain, batch: InferenceBatch): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), BATCH_TYPES, batch);
