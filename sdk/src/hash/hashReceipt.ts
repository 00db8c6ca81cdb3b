import { TypedDataEncoder } from "ethers";
import type { BatchedInference } from "../types.ts";
import { RECEIPT_TYPES, type SettlementDomain, typedDataDomain } from "./typedData.ts";

/**
 * The EIP-712 digest of a receipt: what the enclave signs when it answers a call that a channel pays. No contract reads
 * it; it lets the payer hold the enclave to what the batch will say. @param domain Of the BatchSettlement contract.
 */
export const hashReceipt = (domain: SettlementDomain, inference: BatchedInference): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), RECEIPT_TYPES, inference);
