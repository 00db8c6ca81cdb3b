import { TypedDataEncoder } from "ethers";
import { CHANNEL_KEY_TYPES, type SettlementDomain, typedDataDomain } from "./typedData.ts";

/** A key's agreement to sign for a payer's channel. */
export interface ChannelKey {
  readonly nodeId: string;
  readonly modelId: string;
  /** The version of the model's TEE route. */
  readonly routeVersion: number;
  readonly token: string;
  readonly payer: string;
}

/** The EIP-712 digest of a key's agreement. @param domain Of the BatchSettlement contract. */
export const hashChannelKey = (domain: SettlementDomain, key: ChannelKey): string =>
  TypedDataEncoder.hash(typedDataDomain(domain), CHANNEL_KEY_TYPES, key);
