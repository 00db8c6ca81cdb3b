/** How an inference is proven: `Route` in IVerifierRegistry.sol. */
export const Route = { ZK: 0, TEE: 1 } as const;
export type Route = (typeof Route)[keyof typeof Route];

/** How an output reaches the requester: `DeliveryMode` in ISettlement.sol. */
export const DeliveryMode = { DIRECT: 0, ONCHAIN: 1 } as const;
export type DeliveryMode = (typeof DeliveryMode)[keyof typeof DeliveryMode];

/** Where a request stands: `RequestStatus` in ISettlement.sol. */
export const RequestStatus = {
  NONE: 0,
  REQUESTED: 1,
  DELIVERED: 2,
  SETTLED: 3,
  REFUNDED: 4,
  DEFAULTED: 5,
  VOIDED: 6,
} as const;
export type RequestStatus = (typeof RequestStatus)[keyof typeof RequestStatus];

/** Where a node stands: `NodeStatus` in INodeRegistry.sol. */
export const NodeStatus = { NONE: 0, ACTIVE: 1, PAUSED: 2, RETIRED: 3 } as const;
export type NodeStatus = (typeof NodeStatus)[keyof typeof NodeStatus];

/** Where a verifier stands: `VerifierStatus` in IVerifierRegistry.sol. */
export const VerifierStatus = { NONE: 0, PENDING: 1, ACTIVE: 2, FROZEN: 3, REVOKED: 4 } as const;
export type VerifierStatus = (typeof VerifierStatus)[keyof typeof VerifierStatus];

/** How an `outputHash` commits to its output: `OutputCommitment` in IModelRegistry.sol. */
export const OutputCommitment = { OPAQUE: 0, VALUE: 1, KECCAK256: 2 } as const;
export type OutputCommitment = (typeof OutputCommitment)[keyof typeof OutputCommitment];

/** What a measured image is trusted for: `Trust` in ITeeVerifier.sol. */
export const Trust = { NONE: 0, LOCAL: 1, GATEWAY: 2 } as const;
export type Trust = (typeof Trust)[keyof typeof Trust];

/** Why a key of an enclave proves no batch for its node any more: `KeyFault` in IEnclaveRegistry.sol. */
export const KeyFault = { NONE: 0, COMPROMISED: 1, EQUIVOCATED: 2 } as const;
export type KeyFault = (typeof KeyFault)[keyof typeof KeyFault];

/** A node's standing terms for one model, route and fee token: `Offer` in INodeRegistry.sol. */
export interface Offer {
  /** The node; `ZeroHash` in an open request, which any node may take. */
  readonly nodeId: string;
  readonly modelId: string;
  readonly route: Route;
  /** The version of the route's parameters that the node can prove under. */
  readonly routeVersion: number;
  /** The fee token. */
  readonly token: string;
  /** Base units of `token` per request. */
  readonly pricePerRequest: bigint;
  /** Base units of `token` per metered unit. */
  readonly pricePerUnit: bigint;
  /** OPG (base units) that the node pledges for one request. */
  readonly coverage: bigint;
  /** Seconds from the request within which the node has to deliver. */
  readonly deliveryWindow: number;
  /** Seconds from the delivery within which the proof has to settle. */
  readonly proofWindow: number;
}

/** All that a request fixes: `Terms` in ISettlement.sol. Its EIP-712 digest is the `requestId`. */
export interface Terms {
  readonly requester: string;
  readonly nonce: bigint;
  /** The last second at which the request can be made. */
  readonly deadline: bigint;
  /** What is escrowed, in base units of the offer's token. */
  readonly maxFee: bigint;
  /** OPG (base units) burned at settlement. */
  readonly verificationFee: bigint;
  /** The requester's share of the coverage at default, in 1/10,000. */
  readonly compensationBps: number;
  /** The share of whoever claims the default, in 1/10,000. */
  readonly rewardBps: number;
  /** Blocks since the delivery before which no default can be claimed. */
  readonly proofBlocks: number;
  /** The salted commitment to the input, as the route defines it. */
  readonly inputHash: string;
  readonly mode: DeliveryMode;
  /** An IInferenceConsumer to call; the zero address for none. */
  readonly consumer: string;
  readonly offer: Offer;
}

/** A node's answer to a request: `Answer` in ISettlement.sol. */
export interface Answer {
  /** The commitment to the output. */
  readonly outputHash: string;
  /** What is metered. */
  readonly units: bigint;
  /** The output bytes (0x-hex) for an on-chain delivery; `0x` otherwise. */
  readonly output: string;
  /** The node's signature of the delivery; `0x` if the node's signer sends the transaction. */
  readonly signature: string;
}

/** The statement that a settlement proves: `InferenceClaim` in IProofVerifier.sol. */
export interface InferenceClaim {
  readonly requestId: string;
  readonly modelId: string;
  readonly nodeId: string;
  readonly inputHash: string;
  readonly outputHash: string;
  readonly units: bigint;
}

/** An ERC-2612 permit: `Permit` in ISettlement.sol. */
export interface Permit {
  readonly value: bigint;
  readonly deadline: bigint;
  readonly v: number;
  readonly r: string;
  readonly s: string;
}

/** A sequence of batched inferences, numbered from 0: see `InferenceBatch` in IBatchSettlement.sol. */
export interface Stream {
  readonly nodeId: string;
  readonly modelId: string;
  /** The version of the model's TEE route. */
  readonly routeVersion: number;
  /** What the payers pay in. */
  readonly token: string;
  /** Where the payers' money is: the batch settlement, or the node's gate to another protocol. */
  readonly ledger: string;
  /** The enclave's signing key, as an address. */
  readonly key: string;
}

/** What an enclave signs for many inferences at once: `InferenceBatch` in IBatchSettlement.sol. */
export interface InferenceBatch extends Stream {
  /** The sequence number of the first inference. */
  readonly first: bigint;
  readonly count: bigint;
  /** The root of the Merkle tree of the inferences. */
  readonly root: string;
  /** keccak256 of the rows. */
  readonly rowsHash: string;
}

/** One inference of a batch, a leaf: `BatchedInference` in IBatchSettlement.sol. */
export interface BatchedInference extends InferenceClaim {
  /** What the payer is charged, in base units of the batch's token. */
  readonly amount: bigint;
}

/** What a payer signs: see IChannels.sol. */
export interface Voucher {
  readonly nodeId: string;
  readonly modelId: string;
  readonly routeVersion: number;
  readonly token: string;
  /** All that the node may draw in the channel's life, in base units of `token`. */
  readonly ceiling: bigint;
}
