import { TypedDataEncoder } from "ethers";
import { DELIVERY_TYPES, type SettlementDomain, typedDataDomain } from "./typedData.ts";

/** What a node commits to: the output's commitment and what is metered. */
export interface Delivery {
  readonly requestId: string;
  readonly outputHash: string;
  readonly units: bigint;
}

/** The EIP-712 digest of a delivery: what the node signs. */
export const hashDelivery = (domain: SettlementDomain, delivery: Delivery): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), DELIVERY_TYPES, delivery);
