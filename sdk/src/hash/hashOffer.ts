import { TypedDataEncoder } from "ethers";
import type { Offer } from "../types.ts";
import { OFFER_TYPES } from "./typedData.ts";

/** The EIP-712 struct hash of an offer: what the node registry stores of it. */
export const hashOffer = (offer: Offer): string => TypedDataEncoder.hashStruct("Offer", OFFER_TYPES, offer);
