import type { TypedDataDomain } from "ethers";

/** Where a settlement lives: all that its EIP-712 domain depends on. */
export interface SettlementDomain {
  readonly chainId: number;
  /** The Settlement contract; for vouchers and batches, the BatchSettlement contract. */
  readonly settlement: string;
}

/** The EIP-712 domain of a settlement. */
export const typedDataDomain = ({ chainId, settlement }: SettlementDomain): TypedDataDomain => ({
  name: "OPG Settlement",
  version: "1",
  chainId,
  verifyingContract: settlement,
});

/** The types of an offer's struct hash, and of `Terms`. */
export const OFFER_TYPES = {
  Offer: [
    { name: "nodeId", type: "bytes32" },
    { name: "modelId", type: "bytes32" },
    { name: "route", type: "uint8" },
    { name: "routeVersion", type: "uint32" },
    { name: "token", type: "address" },
    { name: "pricePerRequest", type: "uint128" },
    { name: "pricePerUnit", type: "uint128" },
    { name: "coverage", type: "uint128" },
    { name: "deliveryWindow", type: "uint32" },
    { name: "proofWindow", type: "uint32" },
  ],
};

/** What a requester signs for a relayed request; its digest is the `requestId`. */
export const TERMS_TYPES = {
  Terms: [
    { name: "requester", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint64" },
    { name: "maxFee", type: "uint128" },
    { name: "verificationFee", type: "uint96" },
    { name: "compensationBps", type: "uint16" },
    { name: "rewardBps", type: "uint16" },
    { name: "proofBlocks", type: "uint24" },
    { name: "inputHash", type: "bytes32" },
    { name: "mode", type: "uint8" },
    { name: "consumer", type: "address" },
    { name: "offer", type: "Offer" },
  ],
  ...OFFER_TYPES,
};

/** What a proof binds. */
export const CLAIM_TYPES = {
  InferenceClaim: [
    { name: "requestId", type: "bytes32" },
    { name: "modelId", type: "bytes32" },
    { name: "nodeId", type: "bytes32" },
    { name: "inputHash", type: "bytes32" },
    { name: "outputHash", type: "bytes32" },
    { name: "units", type: "uint64" },
  ],
};

/** What a node signs when it delivers. */
export const DELIVERY_TYPES = {
  Delivery: [
    { name: "requestId", type: "bytes32" },
    { name: "outputHash", type: "bytes32" },
    { name: "units", type: "uint64" },
  ],
};

/** What an enclave signs for many inferences at once. */
export const BATCH_TYPES = {
  InferenceBatch: [
    { name: "nodeId", type: "bytes32" },
    { name: "modelId", type: "bytes32" },
    { name: "routeVersion", type: "uint32" },
    { name: "token", type: "address" },
    { name: "ledger", type: "address" },
    { name: "key", type: "address" },
    { name: "first", type: "uint64" },
    { name: "count", type: "uint64" },
    { name: "root", type: "bytes32" },
    { name: "rowsHash", type: "bytes32" },
  ],
};

/** What an enclave signs for one inference, with the answer: the leaf that it will put into a batch. */
export const RECEIPT_TYPES = {
  BatchedInference: [
    { name: "requestId", type: "bytes32" },
    { name: "modelId", type: "bytes32" },
    { name: "nodeId", type: "bytes32" },
    { name: "inputHash", type: "bytes32" },
    { name: "outputHash", type: "bytes32" },
    { name: "units", type: "uint64" },
    { name: "amount", type: "uint128" },
  ],
};

/** What a payer signs: how much a node may draw from a channel. */
export const VOUCHER_TYPES = {
  Voucher: [
    { name: "nodeId", type: "bytes32" },
    { name: "modelId", type: "bytes32" },
    { name: "routeVersion", type: "uint32" },
    { name: "token", type: "address" },
    { name: "ceiling", type: "uint128" },
  ],
};

/** What a key signs that agrees to sign for a payer's channel. */
export const CHANNEL_KEY_TYPES = {
  ChannelKey: [
    { name: "nodeId", type: "bytes32" },
    { name: "modelId", type: "bytes32" },
    { name: "routeVersion", type: "uint32" },
    { name: "token", type: "address" },
    { name: "payer", type: "address" },
  ],
};
