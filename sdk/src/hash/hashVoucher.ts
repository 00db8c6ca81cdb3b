import { TypedDataEncoder } from "ethers";
import type { Voucher } from "../types.ts";
import { type SettlementDomain, typedDataDomain, VOUCHER_TYPES } from "./typedData.ts";

/** The EIP-712 digest of a voucher: what a channel's signer signs. @param domain Of the BatchSettlement contract. */
export const hashVoucher = (domain: SettlementDomain, voucher: Voucher): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), VOUCHER_TYPES, voucher);
