import {
  bigint,
  boolean,
  doublePrecision,
  hex,
  index,
  onchainEnum,
  onchainTable,
  onchainView,
  type PgColumnsBuilders,
  primaryKey,
  relations,
  sql,
  text,
} from "ponder";
import {
  ANY_ROW_FAULTS,
  BURN_CAUSES,
  CHANNEL_EVENTS,
  CREDIT_CAUSES,
  DEALINGS,
  DELIVERY_MODES,
  FUNDING_KINDS,
  GAP_SCOPES,
  GOVERNANCE_EVENTS,
  INFERENCE_EVENTS,
  INTERVALS,
  KEY_FAULTS,
  MODEL_EVENTS,
  NODE_EVENTS,
  NODE_STATUSES,
  OFFER_EVENTS,
  OUTPUT_COMMITMENTS,
  PROOF_MEANINGS,
  REQUEST_STATUSES,
  ROUTES,
  TRUSTS,
  VERIFIER_STATUSES,
} from "./src/mapping/enums.ts";

/*
 * Conventions. Amounts are base units of the token that they are in; those without a token are OPG. Times are seconds,
 * windows and gaps too. Every integer that a caller chooses is `bigint` (numeric(78) in SQL, a string in GraphQL): a
 * uint32 does not fit the `Int` of either. Ids of history rows are Ponder's event ids, which sort in chain order.
 */

export const route = onchainEnum("route_kind", ROUTES);
export const nodeStatus = onchainEnum("node_status", NODE_STATUSES);
export const outputCommitment = onchainEnum("output_commitment", OUTPUT_COMMITMENTS);
export const deliveryMode = onchainEnum("delivery_mode", DELIVERY_MODES);
export const requestStatus = onchainEnum("request_status", REQUEST_STATUSES);
export const verifierStatus = onchainEnum("verifier_status", VERIFIER_STATUSES);
export const trust = onchainEnum("trust", TRUSTS);
export const proofMeaning = onchainEnum("proof_meaning", PROOF_MEANINGS);
export const nodeEventKind = onchainEnum("node_event_kind", NODE_EVENTS);
export const offerEventKind = onchainEnum("offer_event_kind", OFFER_EVENTS);
export const modelEventKind = onchainEnum("model_event_kind", MODEL_EVENTS);
export const inferenceEventKind = onchainEnum("inference_event_kind", INFERENCE_EVENTS);
export const burnCause = onchainEnum("burn_cause", BURN_CAUSES);
export const channelEventKind = onchainEnum("channel_event_kind", CHANNEL_EVENTS);
export const rowFault = onchainEnum("row_fault", ANY_ROW_FAULTS);
export const creditCause = onchainEnum("credit_cause", CREDIT_CAUSES);
export const dealing = onchainEnum("dealing", DEALINGS);
export const fundingKind = onchainEnum("funding_kind", FUNDING_KINDS);
// Not "interval_…": Ponder takes a type whose name begins like one of PostgreSQL's own for that one.
export const interval = onchainEnum("period_kind", INTERVALS);
export const keyFaultKind = onchainEnum("key_fault_kind", KEY_FAULTS);
export const gapScope = onchainEnum("gap_scope", GAP_SCOPES);
export const governanceEventKind = onchainEnum("governance_event_kind", GOVERNANCE_EVENTS);

/** A sum or a count, from 0. */
const sum = (p: PgColumnsBuilders) =>
  p
    .bigint()
    .notNull()
    .$default(() => 0n);

/** Where on the chain a row comes from. */
const stamp = (p: PgColumnsBuilders) => ({
  blockNumber: p.bigint().notNull(),
  timestamp: p.bigint().notNull(),
  transactionHash: p.hex().notNull(),
});

/** What an offer says beyond what it is for. */
const offerTerms = (p: PgColumnsBuilders) => ({
  hash: p.hex().notNull(),
  routeVersion: p.bigint().notNull(),
  pricePerRequest: p.bigint().notNull(),
  pricePerUnit: p.bigint().notNull(),
  coverage: p.bigint().notNull(),
  deliveryWindow: p.bigint().notNull(),
  proofWindow: p.bigint().notNull(),
});

/** What is told apart by route, by model and by node. */
const breakdown = (p: PgColumnsBuilders) => ({
  requests: sum(p),
  /** Inferences that were settled: one by one, or in batches. */
  settlements: sum(p),
  settlementsNet: sum(p),
  defaults: sum(p),
  burned: sum(p),
  burnedNet: sum(p),
});

// --- the protocol as a whole ------------------------------------------------------------------------------------------

/** One row: what the protocol is and where it stands now. Sums over time are in {@link period} with interval TOTAL. */
export const protocol = onchainTable("protocol", (p) => ({
  chainId: p.bigint().primaryKey(),
  opg: p.hex().notNull(),
  settlement: p.hex().notNull(),
  nodeRegistry: p.hex().notNull(),
  /** Where OPG is sent that burns; null if the token burns by itself. */
  burnSink: p.hex(),
  startBlock: p.bigint().notNull(),

  /** What existed before the protocol burned anything. For an OPG of our own: what its constructor minted. */
  initialSupply: sum(p),
  /** What an OPG token that is not ours minted since. */
  minted: sum(p),
  /** What exists now and can be spent: initial + minted − destroyed. */
  supply: sum(p),
  /** What left the supply, by the token's Transfer events: to the zero address or the sink, by anyone. */
  destroyed: sum(p),
  /** The part of it that came from the node registry's burns. Law 3: equal to `burned`. */
  destroyedByRegistry: sum(p),
  /** The protocol's burn, by the registry's Burned events. */
  burned: sum(p),

  nodes: sum(p),
  models: sum(p),
  /** Σ of all nodes' accounts. */
  free: sum(p),
  bonded: sum(p),
  unbonding: sum(p),
  /** Collateral at risk now: Σ coverage of the requests in DELIVERED, whose answers are out and not proven. */
  coverageAtRisk: sum(p),

  /** Requests by status, now. REFUNDED is both what was declined and what nobody delivered. */
  requested: sum(p),
  delivered: sum(p),
  settled: sum(p),
  refunded: sum(p),
  defaulted: sum(p),
  voided: sum(p),
  /** Inferences that batches have settled; they are no requests. */
  batched: sum(p),
  batches: sum(p),
  channels: sum(p),

  /** Whether nodes can register. */
  open: p
    .boolean()
    .notNull()
    .$default(() => false),
  /** The longest windows, in seconds, with which the settlement takes a request; they never change. */
  maxDeliveryWindow: p.bigint().notNull(),
  maxProofWindow: p.bigint().notNull(),
  /** Whether new requests are refused. */
  paused: p
    .boolean()
    .notNull()
    .$default(() => false),
  parametersId: p.text(),
  /** The announced parameters; null if none wait. */
  scheduledParametersId: p.text(),
  /** Whether transfers of fee tokens are watched; otherwise funding is known from the protocol's own events alone. */
  tokensWatched: p.boolean().notNull(),
}));

/** Parameters that were announced or in force. The protocol's row names the current ones. */
export const parameterSet = onchainTable("parameter_set", (p) => ({
  id: p.text().primaryKey(),
  zkVerificationFee: p.bigint().notNull(),
  teeVerificationFee: p.bigint().notNull(),
  compensationBps: p.integer().notNull(),
  rewardBps: p.integer().notNull(),
  proofBlocks: p.integer().notNull(),
  /** Null for the parameters that the settlement was deployed with. */
  scheduledAt: p.bigint(),
  applicableAt: p.bigint(),
  appliedAt: p.bigint(),
}));

/** Everything that governance and its guardians did. Models and nodes are their owners': see their own histories. */
export const governanceEvent = onchainTable(
  "governance_event",
  (p) => ({
    id: p.text().primaryKey(),
    kind: governanceEventKind().notNull(),
    /** The contract that says so. */
    contract: p.hex().notNull(),
    /**
     * What it concerns: the token, module, verifier, measurement; the node of a revoked enclave; a revoked certificate's
     * issuer; the new authority; who has or had the role; the contract that an operation or a role's function is of. Null
     * for the protocol as a whole, a role by itself, and an operation that ends.
     */
    subject: p.hex(),
    /** The AccessManager's number of the role; 0 is its admin's. */
    role: p.bigint(),
    /**
     * What names it more closely: the id of the {@link parameterSet} or the verifier, the enclave's index, the
     * certificate's serial number, the role's label, admin or guardian, the function's selector, the operation's id.
     */
    reference: p.text(),
    /** From when it holds, or can be carried out; null for at once. */
    effectiveAt: p.bigint(),
    /** In seconds: of a role's member before it can act, of a role's grants, of changes to a contract's functions. */
    delay: p.bigint(),
    /** The call of a scheduled operation. */
    data: p.hex(),
    /** Who sent the transaction. */
    sender: p.hex().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byKind: index().on(table.kind), bySubject: index().on(table.subject) }),
);

/** A contract that may bond and burn for the node registry. */
export const settlementModule = onchainTable("settlement_module", (p) => ({
  address: p.hex().primaryKey(),
  activeAt: p.bigint().notNull(),
  addedAt: p.bigint().notNull(),
}));

// --- nodes ------------------------------------------------------------------------------------------------------------

export const node = onchainTable(
  "node",
  (p) => ({
    id: p.hex().primaryKey(),
    owner: p.hex().notNull(),
    pendingOwner: p.hex(),
    signer: p.hex().notNull(),
    payout: p.hex().notNull(),
    /** Everyone who is or was its owner, signer or payout, oldest first; at most 256. */
    parties: p.hex().array().notNull(),
    status: nodeStatus().notNull(),
    endpoint: p.text().notNull(),
    metadataURI: p.text().notNull(),
    registeredAt: p.bigint().notNull(),
    registeredBlock: p.bigint().notNull(),

    free: sum(p),
    bonded: sum(p),
    unbonding: sum(p),
    withdrawableAt: sum(p),

    /** OPG that burned from this account. */
    burned: sum(p),
    /** What became of the requests that named the node, or that it took. */
    requests: sum(p),
    deliveries: sum(p),
    /** Inferences that were settled: one by one, or in batches. */
    settlements: sum(p),
    declines: sum(p),
    defaults: sum(p),
  }),
  (table) => ({ byOwner: index().on(table.owner) }),
);

/** Every change of a node, with its account after it. */
export const nodeEvent = onchainTable(
  "node_event",
  (p) => ({
    id: p.text().primaryKey(),
    nodeId: p.hex().notNull(),
    kind: nodeEventKind().notNull(),
    /** OPG that moved. */
    amount: p.bigint(),
    /** The new owner, signer or payout; who staked; where a withdrawal went. */
    address: p.hex(),
    /** The new status. */
    status: nodeStatus(),
    /** What a bond or a burn is for: a request, or a batch's digest. */
    ref: p.hex(),
    free: p.bigint().notNull(),
    bonded: p.bigint().notNull(),
    unbonding: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byNode: index().on(table.nodeId, table.id), byRef: index().on(table.ref) }),
);

/** OPG bonded for a request, or for whatever else a settlement module names. */
export const bond = onchainTable(
  "bond",
  (p) => ({
    nodeId: p.hex().notNull(),
    ref: p.hex().notNull(),
    amount: p.bigint().notNull(),
    lockedAt: p.bigint().notNull(),
    /** Null while it is locked. */
    unlockedAt: p.bigint(),
    /** The transaction that unlocked it, and what that burned and paid. */
    unlockedBy: p.hex(),
    burned: sum(p),
    paid: sum(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.nodeId, table.ref] }) }),
);

/** A node's standing terms for one model, route and token; the latest, even if it is withdrawn. */
export const offer = onchainTable(
  "offer",
  (p) => ({
    nodeId: p.hex().notNull(),
    modelId: p.hex().notNull(),
    route: route().notNull(),
    token: p.hex().notNull(),
    /** False once it is withdrawn. */
    standing: p.boolean().notNull(),
    ...offerTerms(p),
    updatedAt: p.bigint().notNull(),
  }),
  (table) => ({
    key: primaryKey({ columns: [table.nodeId, table.modelId, table.route, table.token] }),
    byModel: index().on(table.modelId),
  }),
);

/** Every offer that was posted or withdrawn. A withdrawal repeats the terms that ended. */
export const offerEvent = onchainTable(
  "offer_event",
  (p) => ({
    id: p.text().primaryKey(),
    kind: offerEventKind().notNull(),
    nodeId: p.hex().notNull(),
    modelId: p.hex().notNull(),
    route: route().notNull(),
    token: p.hex().notNull(),
    ...offerTerms(p),
    ...stamp(p),
  }),
  (table) => ({ byNode: index().on(table.nodeId), byModel: index().on(table.modelId) }),
);

// --- models, routes, verifiers ------------------------------------------------------------------------------------------

export const model = onchainTable("model", (p) => ({
  id: p.hex().primaryKey(),
  owner: p.hex().notNull(),
  pendingOwner: p.hex(),
  contentHash: p.hex().notNull(),
  metadataURI: p.text().notNull(),
  registeredAt: p.bigint().notNull(),
  registeredBlock: p.bigint().notNull(),
  requests: sum(p),
  settlements: sum(p),
}));

/** Every change of a model. */
export const modelEvent = onchainTable(
  "model_event",
  (p) => ({
    id: p.text().primaryKey(),
    modelId: p.hex().notNull(),
    kind: modelEventKind().notNull(),
    /** The owner, or the owner-elect. */
    address: p.hex(),
    route: route(),
    version: p.bigint(),
    ...stamp(p),
  }),
  (table) => ({ byModel: index().on(table.modelId) }),
);

/** A route of a model: which of its versions new requests use. */
export const modelRoute = onchainTable(
  "model_route",
  (p) => ({
    modelId: p.hex().notNull(),
    route: route().notNull(),
    /** The version in force; 0 while the route is disabled. */
    version: p.bigint().notNull(),
    latestVersion: p.bigint().notNull(),
  }),
  (table) => ({ key: primaryKey({ columns: [table.modelId, table.route] }) }),
);

/** A version of a route's parameters. It never changes. */
export const routeVersion = onchainTable(
  "route_version",
  (p) => ({
    modelId: p.hex().notNull(),
    route: route().notNull(),
    version: p.bigint().notNull(),
    verifierId: p.bigint().notNull(),
    outputCommitment: outputCommitment().notNull(),
    parameters: p.hex().notNull(),
    /** The enclaves that a TEE route trusts; null on other routes. */
    measurementSetId: p.hex(),
    /** The Groth16 key of a ZK route's circuit; null on other routes, and where the parameters name none. */
    verifyingKeyId: p.hex(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.modelId, table.route, table.version] }) }),
);

export const verifier = onchainTable("verifier", (p) => ({
  id: p.bigint().primaryKey(),
  route: route().notNull(),
  address: p.hex().notNull(),
  /** ACTIVE is the contract's PENDING until `activeAt`. */
  status: verifierStatus().notNull(),
  activeAt: p.bigint().notNull(),
  addedAt: p.bigint().notNull(),
  frozenAt: p.bigint(),
  revokedAt: p.bigint(),
  /** The SHA-256 of the root certificate of a TEE verifier's attestations; null of others, or if it does not say. */
  rootHash: p.hex(),
}));

/** A Groth16 verifying key. It never changes; what it says of its ceremony is its registrant's word. */
export const verifyingKey = onchainTable(
  "verifying_key",
  (p) => ({
    /** The verifier that it was registered with. */
    verifier: p.hex().notNull(),
    /** The Keccak-256 of its bytes. */
    keyId: p.hex().notNull(),
    /** The contract whose code, after one byte, is the key, or its first 24,544 bytes. */
    pointer: p.hex().notNull(),
    /** Public signals of the circuit. */
    numPublic: p.bigint().notNull(),
    /** Whoever knows the setup's secrets can prove anything with it: for tests only. */
    development: p.boolean().notNull(),
    /** Parties of the ceremony's second phase; the public randomness that closed it, null for none; SHA-256 of its .zkey. */
    contributions: p.bigint().notNull(),
    beacon: p.hex(),
    zkeyHash: p.hex().notNull(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.verifier, table.keyId] }), byKey: index().on(table.keyId) }),
);

/** Enclave images that a model trusts, and what for: the parameters of its TEE route, which their hash names. */
export const measurementSet = onchainTable("measurement_set", (p) => ({
  id: p.hex().primaryKey(),
  trust: trust().notNull(),
  /** Where the images of a gateway relay to; empty for LOCAL. */
  backend: p.text().notNull(),
  measurements: p.hex().array().notNull(),
}));

/** An attestation of an enclave: its key signs for its node while it is valid. */
export const enclave = onchainTable(
  "enclave",
  (p) => ({
    /** The verifier of the TEE route that it was attested with. */
    verifier: p.hex().notNull(),
    nodeId: p.hex().notNull(),
    /** The node's attestations count from 0, for each verifier. */
    index: p.bigint().notNull(),
    key: p.hex().notNull(),
    /** keccak256(PCR0 ‖ PCR1 ‖ PCR2) of the image. */
    measurement: p.hex().notNull(),
    validFrom: p.bigint().notNull(),
    validUntil: p.bigint().notNull(),
    /** When the document was made, in milliseconds. */
    documentTime: p.bigint().notNull(),
    /** The enclave's name at AWS. */
    moduleId: p.text().notNull(),
    /** When its end was brought forward; an emergency may have put it before that. */
    revokedAt: p.bigint(),
    emergency: p
      .boolean()
      .notNull()
      .$default(() => false),
    ...stamp(p),
  }),
  (table) => ({
    key: primaryKey({ columns: [table.verifier, table.nodeId, table.index] }),
    byKey: index().on(table.key),
    byMeasurement: index().on(table.measurement),
  }),
);

/** An enclave's key that proves no batch for its node any more, and cannot be attested for it again. */
export const keyFault = onchainTable(
  "key_fault",
  (p) => ({
    verifier: p.hex().notNull(),
    nodeId: p.hex().notNull(),
    key: p.hex().notNull(),
    fault: keyFaultKind().notNull(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.verifier, table.nodeId, table.key] }) }),
);

/** A measurement that no new enclave can be attested with. */
export const bannedMeasurement = onchainTable(
  "banned_measurement",
  (p) => ({
    verifier: p.hex().notNull(),
    measurement: p.hex().notNull(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.verifier, table.measurement] }) }),
);

/** A path of certificates, from AWS's root down, whose signatures need no further check. */
export const certificate = onchainTable(
  "certificate",
  (p) => ({
    /** The verifier of attestation documents that remembers it. */
    nitroVerifier: p.hex().notNull(),
    /** keccak256(parentId ‖ what the last certificate's signature is over, hashed). */
    pathId: p.hex().notNull(),
    /** The path without its last certificate; of the root alone: its SHA-256. */
    parentId: p.hex().notNull(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.nitroVerifier, table.pathId] }) }),
);

/** A certificate that ends every path which it is on. */
export const revokedCertificate = onchainTable(
  "revoked_certificate",
  (p) => ({
    nitroVerifier: p.hex().notNull(),
    /** The issuer's name, hashed. */
    issuer: p.hex().notNull(),
    serial: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.nitroVerifier, table.issuer, table.serial] }) }),
);

// --- inferences ---------------------------------------------------------------------------------------------------------

export const inference = onchainTable(
  "inference",
  (p) => ({
    /** The requestId: the EIP-712 digest of the terms. */
    id: p.hex().primaryKey(),
    status: requestStatus().notNull(),
    /** Whether the request named no node. */
    open: p.boolean().notNull(),
    requester: p.hex().notNull(),
    /** The named node, or the one that took an open request; null before it. */
    nodeId: p.hex(),
    modelId: p.hex().notNull(),
    route: route().notNull(),
    token: p.hex().notNull(),
    /** What its proof shows, or would show; null if its route's measurement set is not known. */
    proves: proofMeaning(),
    /** What its route's enclaves are trusted for; null on other routes. */
    trust: trust(),
    /** How close the requester was to the node at the request, the delivery or the settlement, whichever is closest. */
    dealing: dealing().notNull(),
    /** Whether that is anything but ARMS_LENGTH. */
    selfDealing: p.boolean().notNull(),

    // The rest of the terms.
    nonce: p.bigint().notNull(),
    deadline: p.bigint().notNull(),
    maxFee: p.bigint().notNull(),
    verificationFee: p.bigint().notNull(),
    compensationBps: p.integer().notNull(),
    rewardBps: p.integer().notNull(),
    proofBlocks: p.integer().notNull(),
    inputHash: p.hex().notNull(),
    mode: deliveryMode().notNull(),
    consumer: p.hex(),
    routeVersion: p.bigint().notNull(),
    pricePerRequest: p.bigint().notNull(),
    pricePerUnit: p.bigint().notNull(),
    coverage: p.bigint().notNull(),
    deliveryWindow: p.bigint().notNull(),
    proofWindow: p.bigint().notNull(),
    /** coverage + verificationFee of a named node; 0 for an open request. */
    bond: p.bigint().notNull(),

    // The answer.
    outputHash: p.hex(),
    units: p.bigint(),
    /** The output bytes of an on-chain delivery. */
    output: p.hex(),

    // The clock. After its deadline a request can be refunded, or its default claimed (past `proofDeadlineBlock` too).
    requestedAt: p.bigint().notNull(),
    requestedBlock: p.bigint().notNull(),
    deliveryDeadline: p.bigint().notNull(),
    deliveredAt: p.bigint(),
    deliveredBlock: p.bigint(),
    proofDeadline: p.bigint(),
    proofDeadlineBlock: p.bigint(),
    /** When the request reached its terminal status. */
    endedAt: p.bigint(),
    endedBlock: p.bigint(),
    /** From delivery to settlement; null unless settled. */
    trustGapSeconds: p.bigint(),
    trustGapBlocks: p.bigint(),

    // The money: paid + returned = maxFee.
    /** To the node's payout; null unless settled. */
    fee: p.bigint(),
    payout: p.hex(),
    /** To the requester: the rest of maxFee, or all of it. */
    returned: p.bigint(),
    /** OPG that burned, at settlement or default. */
    burned: sum(p),
    burnId: p.text(),
    /** Of a default: OPG to the requester, OPG to the claimer. */
    compensation: p.bigint(),
    reward: p.bigint(),
    claimer: p.hex(),
    /** The declining of a request is a refund by the node itself. */
    declined: p
      .boolean()
      .notNull()
      .$default(() => false),
  }),
  (table) => ({
    byStatus: index().on(table.status, table.requestedAt),
    byNode: index().on(table.nodeId, table.requestedAt),
    byRequester: index().on(table.requester, table.requestedAt),
    byModel: index().on(table.modelId, table.requestedAt),
    byRequestTime: index().on(table.requestedAt),
  }),
);

/** Every event of an inference: its timeline. */
export const inferenceEvent = onchainTable(
  "inference_event",
  (p) => ({
    id: p.text().primaryKey(),
    requestId: p.hex().notNull(),
    kind: inferenceEventKind().notNull(),
    /** Who sent the transaction. */
    sender: p.hex().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byRequest: index().on(table.requestId), byTime: index().on(table.timestamp) }),
);

/** Every burn by the protocol. */
export const burn = onchainTable(
  "burn",
  (p) => ({
    id: p.text().primaryKey(),
    nodeId: p.hex().notNull(),
    /** What it was burned for: a request, or a batch's digest, of a settlement or a slashing. */
    ref: p.hex().notNull(),
    amount: p.bigint().notNull(),
    cause: burnCause().notNull(),
    /** Of the request or the batch; null at a slashing. */
    modelId: p.hex(),
    route: route(),
    selfDealing: p.boolean().notNull(),
    ...stamp(p),
  }),
  (table) => ({
    byNode: index().on(table.nodeId),
    byModel: index().on(table.modelId),
    byTime: index().on(table.timestamp),
  }),
);

/** Every proof that did not come in time. */
export const proofDefault = onchainTable(
  "proof_default",
  (p) => ({
    requestId: p.hex().primaryKey(),
    nodeId: p.hex().notNull(),
    requester: p.hex().notNull(),
    claimer: p.hex().notNull(),
    compensation: p.bigint().notNull(),
    reward: p.bigint().notNull(),
    burned: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byNode: index().on(table.nodeId), byTime: index().on(table.timestamp) }),
);

// --- fees and credits -----------------------------------------------------------------------------------------------------

/** A token that pays fees, and what the settlement owes in it. */
export const token = onchainTable("token", (p) => ({
  address: p.hex().primaryKey(),
  /** Whether it can pay for new requests. */
  listed: p
    .boolean()
    .notNull()
    .$default(() => false),
  /** Escrow of the requests that are REQUESTED or DELIVERED. */
  escrowed: sum(p),
  /** Σ of the credits. */
  credited: sum(p),
  /** What the batch settlement owes: Σ of the channels' balances, and Σ of its credits. */
  inChannels: sum(p),
  channelCredited: sum(p),
}));

/** What an account can withdraw. */
export const credit = onchainTable(
  "credit",
  (p) => ({
    token: p.hex().notNull(),
    account: p.hex().notNull(),
    balance: sum(p),
    /** Everything that was ever credited, and paid out. */
    received: sum(p),
    withdrawn: sum(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.token, table.account] }), byAccount: index().on(table.account) }),
);

/** Every credit and every withdrawal: the flow of fees, refunds, compensations and rewards. */
export const creditEvent = onchainTable(
  "credit_event",
  (p) => ({
    id: p.text().primaryKey(),
    token: p.hex().notNull(),
    account: p.hex().notNull(),
    cause: creditCause().notNull(),
    /** Never negative: the cause says in which direction. */
    amount: p.bigint().notNull(),
    /** Null for a withdrawal. */
    requestId: p.hex(),
    /** Where a withdrawal went. */
    to: p.hex(),
    ...stamp(p),
  }),
  (table) => ({
    byAccount: index().on(table.account),
    byRequest: index().on(table.requestId),
    byTime: index().on(table.timestamp),
  }),
);

// --- channels and batches ---------------------------------------------------------------------------------------------------

/** A payer's prepaid balance towards one node, for a version of a model's TEE route. */
export const channel = onchainTable(
  "channel",
  (p) => ({
    id: p.hex().primaryKey(),
    nodeId: p.hex().notNull(),
    modelId: p.hex().notNull(),
    routeVersion: p.bigint().notNull(),
    token: p.hex().notNull(),
    payer: p.hex().notNull(),
    /** The key that signs vouchers. */
    signer: p.hex().notNull(),
    withdrawalDelay: p.bigint().notNull(),
    /** When the announced withdrawal can be made; null if none is announced. */
    withdrawableAt: p.bigint(),
    /** deposited = claimed + withdrawn + balance. */
    deposited: sum(p),
    claimed: sum(p),
    withdrawn: sum(p),
    balance: sum(p),
    /** How often the node has drawn on it. */
    claims: sum(p),
    /** How close its payer or its signer was to the node at the opening, a deposit or a claim, whichever is closest. */
    dealing: dealing().notNull(),
    /** Whether that is anything but ARMS_LENGTH. */
    selfDealing: p.boolean().notNull(),
    ...stamp(p),
  }),
  (table) => ({
    byNode: index().on(table.nodeId),
    byPayer: index().on(table.payer),
    bySigner: index().on(table.signer),
  }),
);

/** Every change of a channel. */
export const channelEvent = onchainTable(
  "channel_event",
  (p) => ({
    id: p.text().primaryKey(),
    channelId: p.hex().notNull(),
    kind: channelEventKind().notNull(),
    /** Base units of the channel's token. */
    amount: p.bigint(),
    /** Who deposited; where a withdrawal went. */
    address: p.hex(),
    /** When an announced withdrawal can be made. */
    withdrawableAt: p.bigint(),
    /** The channel's balance after it. */
    balance: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byChannel: index().on(table.channelId) }),
);

/** Many inferences, settled at once by an enclave's signature. */
export const batchSettlement = onchainTable(
  "batch_settlement",
  (p) => ({
    /** The EIP-712 digest that the enclave signed. */
    id: p.hex().primaryKey(),
    streamId: p.hex().notNull(),
    nodeId: p.hex().notNull(),
    modelId: p.hex().notNull(),
    routeVersion: p.bigint().notNull(),
    token: p.hex().notNull(),
    /** The batch settlement for native channels, or the node's gate to x402. */
    ledger: p.hex().notNull(),
    /** The enclave's key. */
    key: p.hex().notNull(),
    /** The first inference's sequence number in its stream, and how many there are. */
    first: p.bigint().notNull(),
    count: p.bigint().notNull(),
    root: p.hex().notNull(),
    rowsHash: p.hex().notNull(),
    payout: p.hex().notNull(),
    /** To the node, in base units of the token. */
    paid: p.bigint().notNull(),
    /** OPG. */
    burned: p.bigint().notNull(),
    /** Rows, of channels that there are or not; null for those of a gate, which are in the transaction's calldata alone. */
    rows: p.bigint(),
    /** Rows that were not paid in full. */
    rowsNotPaid: p.bigint().notNull(),
    /** What these rows carry, too; null for a gate's batch that has none. */
    drawId: p.text(),
    /** What the proof shows; null if its route's measurement set is not known. */
    proves: proofMeaning(),
    /** What its route's enclaves are trusted for. */
    trust: trust(),
    /** Of the native channels that it draws on, the closest to the node; UNPAID without a payment that counts. */
    dealing: dealing().notNull(),
    /** Whether that is anything but ARMS_LENGTH. */
    selfDealing: p.boolean().notNull(),
    ...stamp(p),
  }),
  (table) => ({
    byStream: index().on(table.streamId),
    byNode: index().on(table.nodeId),
    byModel: index().on(table.modelId),
    byRoot: index().on(table.root),
    byDraw: index().on(table.drawId),
  }),
);

/** A row of a batch or of a claim that was not paid in full. */
export const rowNotPaid = onchainTable(
  "row_not_paid",
  (p) => ({
    id: p.text().primaryKey(),
    nodeId: p.hex().notNull(),
    /** The batch settlement for native channels, or the node's gate to x402. */
    ledger: p.hex().notNull(),
    /** The channel that the row names, whether there is one or not. */
    channelId: p.hex().notNull(),
    /** The key that signs its vouchers; null for a channel of x402, which does not say. */
    signer: p.hex(),
    /** The row's place, from 0. */
    index: p.bigint().notNull(),
    fault: rowFault().notNull(),
    /** What is proven and was not drawn. */
    missing: p.bigint().notNull(),
    /** Common to all that was drawn at once, by a batch or by a claim; no claim has a batch. */
    drawId: p.text().notNull(),
    ...stamp(p),
  }),
  (table) => ({
    byNode: index().on(table.nodeId),
    byChannel: index().on(table.channelId),
    byDraw: index().on(table.drawId),
  }),
);

/** A node's gate to the channels of x402, for a version of a model's TEE route. Anybody can make one. */
export const x402Gate = onchainTable(
  "x402_gate",
  (p) => ({
    address: p.hex().primaryKey(),
    nodeId: p.hex().notNull(),
    modelId: p.hex().notNull(),
    routeVersion: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byNode: index().on(table.nodeId) }),
);

/** A request that `settleMany` was given and did not settle. Anybody can try, with a bad proof: it says nothing of the node. */
export const rowSkipped = onchainTable(
  "row_skipped",
  (p) => ({
    id: p.text().primaryKey(),
    /** By the terms in the row; there need not be such a request. */
    requestId: p.hex().notNull(),
    /** The row's place, from 0. */
    index: p.bigint().notNull(),
    /** What the settlement reverted with; its first 100 bytes. */
    reason: p.hex().notNull(),
    /** The error's name; null for one that is not of the protocol's contracts. */
    error: p.text(),
    /** Who sent the transaction. */
    sender: p.hex().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byRequest: index().on(table.requestId) }),
);

/** A key that signed two batches for one inference, and what that cost its node. */
export const equivocation = onchainTable(
  "equivocation",
  (p) => ({
    id: p.text().primaryKey(),
    nodeId: p.hex().notNull(),
    key: p.hex().notNull(),
    reporter: p.hex().notNull(),
    digestA: p.hex().notNull(),
    digestB: p.hex().notNull(),
    /** OPG. */
    burned: p.bigint().notNull(),
    reward: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byNode: index().on(table.nodeId) }),
);

/** A slashing of a node: of all its free and unbonding OPG. */
export const slashing = onchainTable(
  "slashing",
  (p) => ({
    nodeId: p.hex().notNull(),
    /** What it was for: a batch's digest. */
    ref: p.hex().notNull(),
    burned: p.bigint().notNull(),
    /** To the reporter. */
    paid: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.nodeId, table.ref] }) }),
);

/** What an account can withdraw from the batch settlement, whose credits are its own. */
export const channelCredit = onchainTable(
  "channel_credit",
  (p) => ({
    token: p.hex().notNull(),
    account: p.hex().notNull(),
    balance: sum(p),
    received: sum(p),
    withdrawn: sum(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.token, table.account] }), byAccount: index().on(table.account) }),
);

/**
 * The last draw on native channels, or the last on x402's that left a row unpaid, of a batch or a claim: there is one row.
 * No draw begins before the last one has ended: a native one right before its batch, one through a gate with its batch.
 */
export const lastDraw = onchainTable("last_draw", (p) => ({
  chainId: p.bigint().primaryKey(),
  /** The first event of the draw. */
  id: p.text().notNull(),
  /** As those of a batch. */
  rows: sum(p),
  rowsNotPaid: sum(p),
  /** Of the native channels that it drew on, the closest to the node; ARMS_LENGTH until it has ended. */
  dealing: dealing().notNull(),
  /** Whether it has ended: a row that is told of next is another draw's. */
  ended: p.boolean().notNull(),
}));

/** The burn for what is no request, by what it is for. */
export const burnFor = onchainTable("burn_for", (p) => ({
  ref: p.hex().primaryKey(),
  burnId: p.text().notNull(),
}));

// --- who pays whom ------------------------------------------------------------------------------------------------------------

/** An account that is or was the owner, signer or payout of a node; it is stamped where it first became one. */
export const operatorAccount = onchainTable("operator_account", (p) => ({
  account: p.hex().primaryKey(),
  /** Of how many nodes. */
  nodes: sum(p),
  ...stamp(p),
}));

/** A party that paid another account; stamped where it first did. */
export const funding = onchainTable(
  "funding",
  (p) => ({
    funder: p.hex().notNull(),
    account: p.hex().notNull(),
    /** How often. */
    payments: sum(p),
    ...stamp(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.funder, table.account] }), byAccount: index().on(table.account) }),
);

/** Every such payment. */
export const fundingEvent = onchainTable(
  "funding_event",
  (p) => ({
    id: p.text().primaryKey(),
    funder: p.hex().notNull(),
    account: p.hex().notNull(),
    how: fundingKind().notNull(),
    token: p.hex().notNull(),
    /** Base units of the token. */
    amount: p.bigint().notNull(),
    ...stamp(p),
  }),
  (table) => ({ byFunder: index().on(table.funder), byAccount: index().on(table.account) }),
);

/** Whom the parties of a node have paid. */
export const nodeFunding = onchainView("node_funding", {
  nodeId: hex().notNull(),
  funder: hex().notNull(),
  account: hex().notNull(),
  payments: bigint().notNull(),
  blockNumber: bigint().notNull(),
  timestamp: bigint().notNull(),
  transactionHash: hex().notNull(),
}).as(sql`
  select ${node.id} as node_id, ${funding.funder}, ${funding.account}, ${funding.payments}, ${funding.blockNumber},
    ${funding.timestamp}, ${funding.transactionHash}
  from ${node} join ${funding} on ${funding.funder} = any(${node.parties})
`);

// --- per hour, day and week, and in total -----------------------------------------------------------------------------------

/**
 * What happened in an hour, a day or a week (UTC; weeks begin on Monday) that begins at `start`, or since the start block
 * (TOTAL, start 0). A period in which nothing happened has no row.
 */
export const period = onchainTable(
  "period",
  (p) => ({
    interval: interval().notNull(),
    start: p.bigint().notNull(),
    requests: sum(p),
    deliveries: sum(p),
    /** Inferences that were settled: one by one, or in batches. */
    settlements: sum(p),
    /** Without self-dealing, here and below. */
    settlementsNet: sum(p),
    /** After the delivery deadline. */
    refunds: sum(p),
    declines: sum(p),
    defaults: sum(p),
    voids: sum(p),
    /** Of the settlements, the inferences in batches; and these batches. */
    batched: sum(p),
    batches: sum(p),
    burned: sum(p),
    burnedNet: sum(p),
    compensation: sum(p),
    /** At the end of the period, here and below; of the latest one: now. */
    supply: sum(p),
    /**
     * Collateral at risk: see `coverageAtRisk` of {@link protocol}; and the most that stood when the period began or at the end
     * of a block of it. What that was before the last block with an event, and which block that is.
     */
    atRisk: sum(p),
    atRiskPeak: sum(p),
    peakBefore: sum(p),
    lastBlock: p.bigint().notNull(),
    /** All OPG in the nodes' accounts, and the bonded part of it. */
    staked: sum(p),
    bonded: sum(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.interval, table.start] }) }),
);

/** A period by route. */
export const periodRoute = onchainTable(
  "period_route",
  (p) => ({
    interval: interval().notNull(),
    start: p.bigint().notNull(),
    route: route().notNull(),
    ...breakdown(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.interval, table.start, table.route] }) }),
);

/** A period by model. */
export const periodModel = onchainTable(
  "period_model",
  (p) => ({
    interval: interval().notNull(),
    start: p.bigint().notNull(),
    modelId: p.hex().notNull(),
    ...breakdown(p),
  }),
  (table) => ({
    key: primaryKey({ columns: [table.interval, table.start, table.modelId] }),
    byModel: index().on(table.modelId, table.interval, table.start),
  }),
);

/** A period by node. Its burn is all that burned from the node's account, for whatever reason. */
export const periodNode = onchainTable(
  "period_node",
  (p) => ({
    interval: interval().notNull(),
    start: p.bigint().notNull(),
    nodeId: p.hex().notNull(),
    ...breakdown(p),
  }),
  (table) => ({
    key: primaryKey({ columns: [table.interval, table.start, table.nodeId] }),
    byNode: index().on(table.nodeId, table.interval, table.start),
  }),
);

/** A period by fee token. */
export const periodToken = onchainTable(
  "period_token",
  (p) => ({
    interval: interval().notNull(),
    start: p.bigint().notNull(),
    token: p.hex().notNull(),
    escrowed: sum(p),
    fees: sum(p),
    feesNet: sum(p),
    returned: sum(p),
    /** Inferences that were paid in the token, and the OPG that burned for them. */
    settlements: sum(p),
    settlementsNet: sum(p),
    burned: sum(p),
    burnedNet: sum(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.interval, table.start, table.token] }) }),
);

// --- the trust gap ----------------------------------------------------------------------------------------------------------

/**
 * The exact histogram of the trust gap: how many inferences had a gap of so many seconds. Inferences in batches have
 * none: their answers reach the chain with their proof, and when they left the node is not on chain.
 */
export const trustGap = onchainTable(
  "trust_gap",
  (p) => ({
    scope: gapScope().notNull(),
    /** The route, the modelId or the nodeId; empty for OVERALL. */
    subject: p.text().notNull(),
    seconds: p.bigint().notNull(),
    count: sum(p),
    /** Without self-dealing. */
    countNet: sum(p),
  }),
  (table) => ({ key: primaryKey({ columns: [table.scope, table.subject, table.seconds] }) }),
);

/**
 * The trust gap's distribution, in seconds, overall and per route, model and node. Percentiles are by nearest rank: the
 * smallest gap that at least so many per cent of the inferences did not exceed, which `width_bucket` finds among the
 * cumulative counts. Counted in double precision, which is exact up to 2^53, several times as fast as numeric, and
 * partitioned by what a reader filters by, who so reads that part only.
 */
export const trustGapStatistic = onchainView("trust_gap_statistic", {
  scope: gapScope().notNull(),
  subject: text().notNull(),
  count: bigint().notNull(),
  countNet: bigint().notNull(),
  p50: bigint().notNull(),
  p90: bigint().notNull(),
  p95: bigint().notNull(),
  p99: bigint().notNull(),
  max: bigint().notNull(),
  mean: doublePrecision().notNull(),
  /** Without self-dealing; null if nothing is left. */
  p50Net: bigint(),
  p95Net: bigint(),
}).as(sql`
  select scope, subject, total::numeric(78, 0) as count, total_net::numeric(78, 0) as count_net,
    seconds[width_bucket(ceil(total / 2) - 0.5, upto) + 1]::numeric(78, 0) as p50,
    seconds[width_bucket(ceil(total * 9 / 10) - 0.5, upto) + 1]::numeric(78, 0) as p90,
    seconds[width_bucket(ceil(total * 19 / 20) - 0.5, upto) + 1]::numeric(78, 0) as p95,
    seconds[width_bucket(ceil(total * 99 / 100) - 0.5, upto) + 1]::numeric(78, 0) as p99,
    max::numeric(78, 0) as max,
    seconds_in_all / total as mean,
    seconds[width_bucket(ceil(nullif(total_net, 0) / 2) - 0.5, upto_net) + 1]::numeric(78, 0) as p50_net,
    seconds[width_bucket(ceil(nullif(total_net, 0) * 19 / 20) - 0.5, upto_net) + 1]::numeric(78, 0) as p95_net
  from (
    select scope, subject, max(upto) as total, max(upto_net) as total_net, max(seconds) as max,
      sum(seconds * count) as seconds_in_all, array_agg(seconds order by gap) as seconds,
      array_agg(upto order by gap) as upto, array_agg(upto_net order by gap) as upto_net
    from (
      select scope, subject, seconds as gap, seconds::double precision, count::double precision,
        sum(count::double precision) over so_far as upto, sum(count_net::double precision) over so_far as upto_net
      from ${trustGap}
      window so_far as (partition by scope, subject order by seconds rows unbounded preceding)
    ) as cumulative
    group by scope, subject
  ) as distribution
`);

// --- the laws -------------------------------------------------------------------------------------------------------------

/**
 * Laws of the protocol (1, 3 and 4 of the design), recomputed as double entries: what is on the left and on the right
 * comes from different rows, and for 3 and 4 from events of different contracts.
 *
 * - ESCROW, per token: the escrow that the settlement owes; Σ maxFee of the open requests.
 * - CREDITS, per token: the credits that the settlement owes; Σ of the accounts' credits.
 * - CHANNELS, per token: the balances that the batch settlement owes; Σ of the channels' balances.
 * - CHANNEL_CREDITS, per token: the credits that the batch settlement owes; Σ of the accounts' credits there.
 * - BURN: Σ of the nodes' burns; what left the supply from the node registry, by the token's own transfers.
 * - BONDS: Σ bonded of the nodes; Σ bonds of the open requests.
 */
export const law = onchainView("law", {
  law: text().notNull(),
  /** The token. */
  subject: hex().notNull(),
  left: bigint().notNull(),
  right: bigint().notNull(),
  holds: boolean().notNull(),
}).as(sql`
  select law, subject, sum("left")::numeric(78, 0) as "left", sum("right")::numeric(78, 0) as "right",
    sum("left") = sum("right") as holds
  from (
    select 'ESCROW' as law, ${token.address} as subject, ${token.escrowed} as "left", 0 as "right" from ${token}
    union all select 'ESCROW', ${inference.token}, 0, ${inference.maxFee} from ${inference}
      where ${inference.status} in ('REQUESTED', 'DELIVERED')
    union all select 'CREDITS', ${token.address}, ${token.credited}, 0 from ${token}
    union all select 'CREDITS', ${credit.token}, 0, ${credit.balance} from ${credit}
    union all select 'CHANNELS', ${token.address}, ${token.inChannels}, 0 from ${token}
    union all select 'CHANNELS', ${channel.token}, 0, ${channel.balance} from ${channel}
    union all select 'CHANNEL_CREDITS', ${token.address}, ${token.channelCredited}, 0 from ${token}
    union all select 'CHANNEL_CREDITS', ${channelCredit.token}, 0, ${channelCredit.balance} from ${channelCredit}
    union all select 'BURN', ${protocol.opg}, ${node.burned}, 0 from ${node} cross join ${protocol}
    union all select 'BURN', ${protocol.opg}, 0, ${protocol.destroyedByRegistry} from ${protocol}
    union all select 'BONDS', ${protocol.opg}, ${node.bonded}, 0 from ${node} cross join ${protocol}
    union all select 'BONDS', ${protocol.opg}, 0, ${inference.bond} from ${inference} cross join ${protocol}
      where ${inference.status} in ('REQUESTED', 'DELIVERED')
  ) as entries
  group by law, subject
`);

/*
 * Ponder parses the views to know what they read. Its parser takes no subquery within an expression, no plain `distinct`,
 * and at most 5,000 characters.
 */

// --- what a node is chosen by, and what needs a look ------------------------------------------------------------------------

/** Now: this machine's clock, or the latest event's time if that is later. Ids of events begin with their time. */
export const clock = onchainView("clock", { now: bigint().notNull() }).as(sql`
  select greatest(floor(extract(epoch from clock_timestamp()))::numeric, nodes.latest, inferences.latest)::numeric(78, 0)
    as now
  from (select left(max(id), 10)::numeric as latest from ${nodeEvent}) as nodes
    cross join (select left(max(id), 10)::numeric as latest from ${inferenceEvent}) as inferences
`);

/** The offers that a request can name now unless requests are paused, and what each needs of its node. */
export const usableOffer = onchainView("usable_offer", {
  nodeId: hex().notNull(),
  modelId: hex().notNull(),
  route: route().notNull(),
  token: hex().notNull(),
  routeVersion: bigint().notNull(),
  /** The verifier's contract. */
  verifier: hex().notNull(),
  pricePerRequest: bigint().notNull(),
  pricePerUnit: bigint().notNull(),
  coverage: bigint().notNull(),
  /** OPG that a request locks: coverage and verification fee; what the node has; whether that is enough. */
  needed: bigint().notNull(),
  free: bigint().notNull(),
  covered: boolean().notNull(),
}).as(sql`
  select node_id, model_id, route, token, route_version, verifier, price_per_request, price_per_unit, coverage,
    coverage + fee as needed, free, free >= coverage + fee as covered
  from (
    select ${offer.nodeId}, ${offer.modelId}, ${offer.route}, ${offer.token}, ${offer.routeVersion},
      ${verifier.address} as verifier, ${offer.pricePerRequest}, ${offer.pricePerUnit}, ${offer.coverage}, ${node.free},
      case when ${offer.route} = 'ZK' then ${parameterSet.zkVerificationFee}
        else ${parameterSet.teeVerificationFee} end as fee
    from ${offer}
      join ${node} on ${node.id} = ${offer.nodeId}
      join ${token} on ${token.address} = ${offer.token}
      join ${modelRoute} on ${modelRoute.modelId} = ${offer.modelId} and ${modelRoute.route} = ${offer.route}
      join ${routeVersion} on ${routeVersion.modelId} = ${offer.modelId} and ${routeVersion.route} = ${offer.route}
        and ${routeVersion.version} = ${offer.routeVersion}
      join ${verifier} on ${verifier.id} = ${routeVersion.verifierId}
      cross join ${clock}
      cross join ${protocol}
      join ${parameterSet} on ${parameterSet.id} = ${protocol.parametersId}
    where ${offer.standing} and ${node.status} = 'ACTIVE' and ${token.listed}
      and ${offer.deliveryWindow} <= ${protocol.maxDeliveryWindow} and ${offer.proofWindow} <= ${protocol.maxProofWindow}
      and ${modelRoute.version} = ${offer.routeVersion} and ${verifier.status} = 'ACTIVE' and ${verifier.activeAt} <= now
  ) as standing
`);

/** Facts about a node that a requester may choose it by. None of them is a judgement. */
export const nodeReputation = onchainView("node_reputation", {
  nodeId: hex().notNull(),
  /** Inferences, those in batches too; without self-dealing. */
  settled: bigint().notNull(),
  settledNet: bigint().notNull(),
  /** Requests whose answer it delivered, whose proof did not come in time, and that it declined. */
  delivered: bigint().notNull(),
  defaulted: bigint().notNull(),
  declined: bigint().notNull(),
  /** settled / (settled + defaulted), from 0 to 1; null if there is neither. A default counts in both. */
  reliability: doublePrecision(),
  reliabilityNet: doublePrecision(),
  /** The trust gap of its requests, in seconds: see {@link trustGapStatistic}. */
  gapP50: bigint(),
  gapP95: bigint(),
  gapP50Net: bigint(),
  gapP95Net: bigint(),
  /** OPG that slashing took. */
  slashed: bigint().notNull(),
  equivocations: bigint().notNull(),
  /** Standing offers. */
  offers: bigint().notNull(),
  /** The lowest prices of them, if all are in one token; null otherwise. */
  priceToken: hex(),
  lowestPricePerRequest: bigint(),
  lowestPricePerUnit: bigint(),
  /** Until when its latest attestation that is not revoked holds; null if it has none. */
  attestedUntil: bigint(),
}).as(sql`
  select ${node.id} as node_id, ${node.settlements} as settled, net.settled as settled_net,
    ${node.deliveries} as delivered, ${node.defaults} as defaulted, ${node.declines} as declined,
    (${node.settlements} / nullif(${node.settlements} + ${node.defaults}, 0))::double precision as reliability,
    (net.settled / nullif(net.settled + ${node.defaults}, 0))::double precision as reliability_net,
    gap.p50 as gap_p_50, gap.p95 as gap_p_95, gap.p50_net as gap_p_50_net,
    gap.p95_net as gap_p_95_net,
    coalesce(loss.slashed, 0)::numeric(78, 0) as slashed, coalesce(lie.count, 0)::numeric(78, 0) as equivocations,
    coalesce(price.offers, 0)::numeric(78, 0) as offers, price.token as price_token,
    price.per_request as lowest_price_per_request, price.per_unit as lowest_price_per_unit,
    attested.until as attested_until
  from ${node}
    join (
      select ${node.id}, coalesce(${periodNode.settlementsNet}, 0)::numeric(78, 0) as settled
      from ${node} left join ${periodNode} on ${periodNode.interval} = 'TOTAL' and ${periodNode.start} = 0
        and ${periodNode.nodeId} = ${node.id}
    ) as net on net.id = ${node.id}
    left join ${trustGapStatistic} as gap on gap.scope = 'NODE' and gap.subject = ${node.id}
    left join (
      select node_id, sum(burned + paid) as slashed from ${slashing} group by node_id
    ) as loss on loss.node_id = ${node.id}
    left join (select node_id, count(*) as count from ${equivocation} group by node_id) as lie on lie.node_id = ${node.id}
    left join (
      select node_id, max(valid_until) as until from ${enclave} where revoked_at is null group by node_id
    ) as attested on attested.node_id = ${node.id}
    left join (
      select node_id, count(*) as offers, case when min(token) = max(token) then min(token) end as token,
        case when min(token) = max(token) then min(price_per_request) end as per_request,
        case when min(token) = max(token) then min(price_per_unit) end as per_unit
      from ${offer} where standing group by node_id
    ) as price on price.node_id = ${node.id}
`);

/**
 * What needs a look: what happened (DEFAULT … MEASUREMENT_BANNED, with its time), and what is so at the moment of asking.
 *
 * - ENCLAVE_EXPIRING: an active node's last valid attestation with a verifier ends within 24 hours. Its `timestamp` is
 *   24 hours before that end.
 * - ENCLAVE_EXPIRED: an active node has no valid attestation with a verifier any more, and an offer that needs one.
 * - LOW_STAKE: an offer that a request could name needs more free OPG than its node has; once per node.
 * - LAW_BROKEN: see {@link law}. It should never be there.
 *
 * The last two have {@link clock}'s time as their `timestamp`.
 *
 * Anybody can have an own node default or its own key equivocate. So a default is a WARNING only if as much burned as its
 * verification would have cost, and a slashing CRITICAL only if as much burned as the fee for a batch: else they are INFO.
 */
export const alert = onchainView("alert", {
  /** The same at every asking. */
  id: text().notNull(),
  kind: text().notNull(),
  /** INFO, WARNING or CRITICAL. */
  severity: text().notNull(),
  nodeId: hex(),
  /** A request, a batch, a key, a verifier's address, a measurement, a node or a token. */
  subject: hex().notNull(),
  timestamp: bigint().notNull(),
  transactionHash: hex(),
  /**
   * The more urgent, the greater; among equals, the later. What anybody raises for nothing comes last (LOW_STAKE, INFO),
   * with what is older than 30 days; defaults that cost their node something come right after what is critical.
   */
  urgency: bigint().notNull(),
}).as(sql`
  select raised.*, timestamp + 1000000000000 * case
    when severity = 'INFO' or kind = 'LOW_STAKE' or timestamp < now - 2592000 then 0
    when severity = 'CRITICAL' then 3 when kind = 'DEFAULT' then 2 else 1 end as urgency
  from (
  select 'DEFAULT-' || request_id as id, 'DEFAULT' as kind,
    case when d.burned >= greatest(1, verification_fee) then 'WARNING' else 'INFO' end as severity,
    d.node_id, request_id as subject, d.timestamp, d.transaction_hash
  from ${proofDefault} as d join ${inference} as i on i.id = request_id
  union all select kind || '-' || id, kind, case when lost < least then 'INFO' else 'CRITICAL' end, node_id, subject,
    timestamp, transaction_hash
  from (
    select 'SLASHED' as kind, node_id || '-' || ref as id, node_id, ref as subject, timestamp, transaction_hash,
      burned as lost
    from ${slashing}
    union all select 'EQUIVOCATED', id, node_id, key, timestamp, transaction_hash, burned from ${equivocation}
    union all select 'KEY_FAULTED', verifier || '-' || node_id || '-' || key, node_id, key, timestamp, transaction_hash,
      case when f.fault = 'EQUIVOCATED' then coalesce(burned, 0) end
    from ${keyFault} as f left join (
      select node_id, key, transaction_hash, max(burned) as burned from ${equivocation}
      group by node_id, key, transaction_hash
    ) as lie using (node_id, key, transaction_hash)
  ) as fault cross join (
    select greatest(1, max(tee_verification_fee)) as least
    from ${protocol} join ${parameterSet} as p on p.id = parameters_id
  ) as price
  union all select 'VERIFIER_FROZEN-' || id, 'VERIFIER_FROZEN', 'WARNING', null, address, frozen_at, null
  from ${verifier} where frozen_at is not null
  union all select 'VERIFIER_REVOKED-' || id, 'VERIFIER_REVOKED', 'CRITICAL', null, address, revoked_at, null
  from ${verifier} where revoked_at is not null
  union all select 'ENCLAVE_REVOKED-' || verifier || '-' || node_id || '-' || index, 'ENCLAVE_REVOKED',
    case when emergency then 'CRITICAL' else 'INFO' end, node_id, key, revoked_at, null
  from ${enclave} where revoked_at is not null
  union all select 'MEASUREMENT_BANNED-' || verifier || '-' || measurement, 'MEASUREMENT_BANNED', 'CRITICAL', null,
    measurement, timestamp, transaction_hash
  from ${bannedMeasurement}
  union all select kind || '-' || id, kind, 'WARNING', node_id, key, since, null
  from (
    select latest.*, needed.node_id is not null as needed, now,
      case when valid_until > now then 'ENCLAVE_EXPIRING' else 'ENCLAVE_EXPIRED' end as kind,
      case when valid_until > now then valid_until - 86400 else valid_until end as since
    from (
      select distinct on (verifier, node_id) verifier || '-' || node_id || '-' || index as id, verifier, node_id, key,
        valid_until
      from ${enclave} where revoked_at is null order by verifier, node_id, valid_until desc, index desc
    ) as latest
      join ${node} as n on n.id = latest.node_id and n.status = 'ACTIVE'
      left join (select node_id, verifier from ${usableOffer} group by node_id, verifier) as needed
        on needed.node_id = latest.node_id and needed.verifier = latest.verifier
      cross join ${clock}
  ) as attestation
  where since <= now and (needed or kind = 'ENCLAVE_EXPIRING')
  union all select 'LOW_STAKE-' || node_id, 'LOW_STAKE', 'WARNING', node_id, node_id, now, null
  from ${usableOffer} cross join ${clock} where not covered group by node_id, now
  union all select 'LAW_BROKEN-' || law || '-' || subject, 'LAW_BROKEN', 'CRITICAL', null, subject, now, null
  from ${law} cross join ${clock} where not holds
  ) as raised cross join ${clock}
`);

// --- relations, for GraphQL -------------------------------------------------------------------------------------------------

export const protocolRelations = relations(protocol, ({ one }) => ({
  parameters: one(parameterSet, { fields: [protocol.parametersId], references: [parameterSet.id] }),
  scheduledParameters: one(parameterSet, {
    fields: [protocol.scheduledParametersId],
    references: [parameterSet.id],
  }),
}));

export const governanceEventRelations = relations(governanceEvent, ({ one }) => ({
  parameters: one(parameterSet, { fields: [governanceEvent.reference], references: [parameterSet.id] }),
}));

export const operatorAccountRelations = relations(operatorAccount, ({ many }) => ({ fundings: many(funding) }));

export const fundingRelations = relations(funding, ({ one, many }) => ({
  operator: one(operatorAccount, { fields: [funding.funder], references: [operatorAccount.account] }),
  events: many(fundingEvent),
}));

export const fundingEventRelations = relations(fundingEvent, ({ one }) => ({
  funding: one(funding, {
    fields: [fundingEvent.funder, fundingEvent.account],
    references: [funding.funder, funding.account],
  }),
}));

export const channelRelations = relations(channel, ({ one, many }) => ({
  node: one(node, { fields: [channel.nodeId], references: [node.id] }),
  model: one(model, { fields: [channel.modelId], references: [model.id] }),
  events: many(channelEvent),
}));

export const channelEventRelations = relations(channelEvent, ({ one }) => ({
  channel: one(channel, { fields: [channelEvent.channelId], references: [channel.id] }),
}));

export const batchSettlementRelations = relations(batchSettlement, ({ one, many }) => ({
  node: one(node, { fields: [batchSettlement.nodeId], references: [node.id] }),
  model: one(model, { fields: [batchSettlement.modelId], references: [model.id] }),
  notPaid: many(rowNotPaid),
}));

export const rowNotPaidRelations = relations(rowNotPaid, ({ one }) => ({
  batch: one(batchSettlement, { fields: [rowNotPaid.drawId], references: [batchSettlement.drawId] }),
  node: one(node, { fields: [rowNotPaid.nodeId], references: [node.id] }),
}));

export const x402GateRelations = relations(x402Gate, ({ one }) => ({
  node: one(node, { fields: [x402Gate.nodeId], references: [node.id] }),
  model: one(model, { fields: [x402Gate.modelId], references: [model.id] }),
}));

export const rowSkippedRelations = relations(rowSkipped, ({ one }) => ({
  inference: one(inference, { fields: [rowSkipped.requestId], references: [inference.id] }),
}));

export const nodeRelations = relations(node, ({ many }) => ({
  batches: many(batchSettlement),
  channels: many(channel),
  offers: many(offer),
  events: many(nodeEvent),
  inferences: many(inference),
  enclaves: many(enclave),
  bonds: many(bond),
  burns: many(burn),
  proofDefaults: many(proofDefault),
  slashings: many(slashing),
  equivocations: many(equivocation),
  keyFaults: many(keyFault),
  periods: many(periodNode),
}));

export const enclaveRelations = relations(enclave, ({ one }) => ({
  node: one(node, { fields: [enclave.nodeId], references: [node.id] }),
  fault: one(keyFault, {
    fields: [enclave.verifier, enclave.nodeId, enclave.key],
    references: [keyFault.verifier, keyFault.nodeId, keyFault.key],
  }),
}));

export const keyFaultRelations = relations(keyFault, ({ one }) => ({
  node: one(node, { fields: [keyFault.nodeId], references: [node.id] }),
}));

export const verifyingKeyRelations = relations(verifyingKey, ({ many }) => ({ routeVersions: many(routeVersion) }));

export const nodeEventRelations = relations(nodeEvent, ({ one }) => ({
  node: one(node, { fields: [nodeEvent.nodeId], references: [node.id] }),
}));

export const offerRelations = relations(offer, ({ one }) => ({
  node: one(node, { fields: [offer.nodeId], references: [node.id] }),
  model: one(model, { fields: [offer.modelId], references: [model.id] }),
}));

export const modelRelations = relations(model, ({ many }) => ({
  routes: many(modelRoute),
  offers: many(offer),
  events: many(modelEvent),
  inferences: many(inference),
  batches: many(batchSettlement),
  channels: many(channel),
  periods: many(periodModel),
}));

export const modelEventRelations = relations(modelEvent, ({ one }) => ({
  model: one(model, { fields: [modelEvent.modelId], references: [model.id] }),
}));

export const modelRouteRelations = relations(modelRoute, ({ one, many }) => ({
  model: one(model, { fields: [modelRoute.modelId], references: [model.id] }),
  current: one(routeVersion, {
    fields: [modelRoute.modelId, modelRoute.route, modelRoute.version],
    references: [routeVersion.modelId, routeVersion.route, routeVersion.version],
  }),
  versions: many(routeVersion),
}));

export const routeVersionRelations = relations(routeVersion, ({ one }) => ({
  modelRoute: one(modelRoute, {
    fields: [routeVersion.modelId, routeVersion.route],
    references: [modelRoute.modelId, modelRoute.route],
  }),
  verifier: one(verifier, { fields: [routeVersion.verifierId], references: [verifier.id] }),
  measurementSet: one(measurementSet, {
    fields: [routeVersion.measurementSetId],
    references: [measurementSet.id],
  }),
  verifyingKey: one(verifyingKey, {
    fields: [routeVersion.verifyingKeyId],
    references: [verifyingKey.keyId],
  }),
}));

export const inferenceRelations = relations(inference, ({ one, many }) => ({
  node: one(node, { fields: [inference.nodeId], references: [node.id] }),
  model: one(model, { fields: [inference.modelId], references: [model.id] }),
  parameters: one(routeVersion, {
    fields: [inference.modelId, inference.route, inference.routeVersion],
    references: [routeVersion.modelId, routeVersion.route, routeVersion.version],
  }),
  burn: one(burn, { fields: [inference.burnId], references: [burn.id] }),
  events: many(inferenceEvent),
  skips: many(rowSkipped),
  credits: many(creditEvent),
}));

export const inferenceEventRelations = relations(inferenceEvent, ({ one }) => ({
  inference: one(inference, { fields: [inferenceEvent.requestId], references: [inference.id] }),
}));

export const creditEventRelations = relations(creditEvent, ({ one }) => ({
  inference: one(inference, { fields: [creditEvent.requestId], references: [inference.id] }),
}));

export const burnRelations = relations(burn, ({ one }) => ({
  inference: one(inference, { fields: [burn.ref], references: [inference.id] }),
  node: one(node, { fields: [burn.nodeId], references: [node.id] }),
}));

export const proofDefaultRelations = relations(proofDefault, ({ one }) => ({
  inference: one(inference, { fields: [proofDefault.requestId], references: [inference.id] }),
  node: one(node, { fields: [proofDefault.nodeId], references: [node.id] }),
}));

export const bondRelations = relations(bond, ({ one }) => ({
  node: one(node, { fields: [bond.nodeId], references: [node.id] }),
  inference: one(inference, { fields: [bond.ref], references: [inference.id] }),
}));

export const slashingRelations = relations(slashing, ({ one }) => ({
  node: one(node, { fields: [slashing.nodeId], references: [node.id] }),
}));

export const equivocationRelations = relations(equivocation, ({ one }) => ({
  node: one(node, { fields: [equivocation.nodeId], references: [node.id] }),
}));

export const periodNodeRelations = relations(periodNode, ({ one }) => ({
  node: one(node, { fields: [periodNode.nodeId], references: [node.id] }),
}));

export const periodModelRelations = relations(periodModel, ({ one }) => ({
  model: one(model, { fields: [periodModel.modelId], references: [model.id] }),
}));
