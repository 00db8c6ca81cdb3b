/**
 * Names of the contracts' enums, in the order of their values. Solidity's ABI carries the numbers only, so these follow
 * the declarations in contracts/interfaces/; an integration test compares each with the compiler's own output.
 */

/** `Route` in IVerifierRegistry.sol. */
export const ROUTES = ["ZK", "TEE"] as const;
export type Route = (typeof ROUTES)[number];
/** `NodeStatus` in INodeRegistry.sol. */
export const NODE_STATUSES = ["NONE", "ACTIVE", "PAUSED", "RETIRED"] as const;
export type NodeStatus = (typeof NODE_STATUSES)[number];
/** `OutputCommitment` in IModelRegistry.sol. */
export const OUTPUT_COMMITMENTS = ["OPAQUE", "VALUE", "KECCAK256"] as const;
export type OutputCommitment = (typeof OUTPUT_COMMITMENTS)[number];
/** `DeliveryMode` in ISettlement.sol. */
export const DELIVERY_MODES = ["DIRECT", "ONCHAIN"] as const;
export type DeliveryMode = (typeof DELIVERY_MODES)[number];
/** `KeyFault` in IEnclaveRegistry.sol. */
export const KEY_FAULTS = ["NONE", "COMPROMISED", "EQUIVOCATED"] as const;
export type KeyFault = (typeof KEY_FAULTS)[number];
/** `Trust` in ITeeVerifier.sol. */
export const TRUSTS = ["NONE", "LOCAL", "GATEWAY"] as const;
export type Trust = (typeof TRUSTS)[number];
/** `RequestStatus` in ISettlement.sol. */
export const REQUEST_STATUSES = [
  "NONE",
  "REQUESTED",
  "DELIVERED",
  "SETTLED",
  "REFUNDED",
  "DEFAULTED",
  "VOIDED",
] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/**
 * The name of an enum's value.
 *
 * @throws RangeError if the enum has no such value; Solidity never emits one.
 */
export function nameOf<const Names extends readonly string[]>(names: Names, value: number): Names[number] {
  const name = names[value];
  if (name === undefined) throw new RangeError(`no value ${value} among ${names.join(", ")}`);
  return name;
}

/** Where a verifier stands. The contract's PENDING is ACTIVE before its time. */
export const VERIFIER_STATUSES = ["ACTIVE", "FROZEN", "REVOKED"] as const;
export type VerifierStatus = (typeof VERIFIER_STATUSES)[number];

export const NODE_EVENTS = [
  "REGISTERED",
  "TRANSFER_STARTED",
  "TRANSFERRED",
  "SIGNER_CHANGED",
  "PAYOUT_CHANGED",
  "DESCRIBED",
  "STATUS_CHANGED",
  "STAKED",
  "UNBONDED",
  "REBONDED",
  "WITHDRAWN",
  "BOND_LOCKED",
  "BOND_UNLOCKED",
  "BURNED",
  "SLASHED",
] as const;
export type NodeEventKind = (typeof NODE_EVENTS)[number];

export const OFFER_EVENTS = ["POSTED", "WITHDRAWN"] as const;

export const MODEL_EVENTS = ["REGISTERED", "TRANSFER_STARTED", "TRANSFERRED", "ROUTE_SET", "ROUTE_DISABLED"] as const;
export type ModelEventKind = (typeof MODEL_EVENTS)[number];

export const INFERENCE_EVENTS = [
  "REQUESTED",
  "DELIVERED",
  "OUTPUT_PUBLISHED",
  "SETTLED",
  "DECLINED",
  "REFUNDED",
  "DEFAULTED",
  "VOIDED",
  "CALLBACK_FAILED",
] as const;
export type InferenceEventKind = (typeof INFERENCE_EVENTS)[number];

/** Why OPG burned; OTHER is a burn that no settlement, default, batch or slashing explains. */
export const BURN_CAUSES = ["SETTLEMENT", "DEFAULT", "BATCH", "SLASH", "OTHER"] as const;

/**
 * Why a credit changed. FEE: to the node's payout. RETURN: what a settlement left of `maxFee`. REFUND: all of `maxFee`.
 * COMPENSATION and REWARD: of a default. WITHDRAWAL: paid out.
 */
export const CREDIT_CAUSES = ["FEE", "RETURN", "REFUND", "COMPENSATION", "REWARD", "WITHDRAWAL"] as const;

/**
 * What a proof of an inference shows. EXECUTION: the model ran on the input and gave the output. RELAY: an attested
 * gateway sent this prompt to a named backend and relayed its answer; what ran there, nobody knows. DEVELOPMENT: nothing to
 * others, since the circuit's verifying key is not one for production, or the enclaves' attestations end at another root
 * than AWS's: whoever made it can prove anything.
 */
export const PROOF_MEANINGS = ["EXECUTION", "RELAY", "DEVELOPMENT"] as const;
export type ProofMeaning = (typeof PROOF_MEANINGS)[number];

export const CHANNEL_EVENTS = [
  "OPENED",
  "DEPOSITED",
  "CLAIMED",
  "WITHDRAWAL_ANNOUNCED",
  "WITHDRAWAL_CANCELLED",
  "WITHDRAWN",
] as const;

/** `RowFault` in IChannels.sol. */
export const ROW_FAULTS = ["NONE", "UNKNOWN_CHANNEL", "AMOUNT_TOO_LARGE", "LOW_CEILING", "LOW_BALANCE"] as const;

/** `X402RowFault` in IX402Gate.sol. */
export const X402_ROW_FAULTS = ["NONE", "AMOUNT_TOO_LARGE", "LOW_CEILING", "LOW_BALANCE", "REFUSED"] as const;

/** Why a row of any ledger was not paid in full. */
export const ANY_ROW_FAULTS = [...ROW_FAULTS, "REFUSED"] as const;
export type RowFault = (typeof ANY_ROW_FAULTS)[number];

/**
 * How close a payer is to the node that it pays, the closer the later. UNPAID: nobody pays anything, so the operator itself
 * may have asked under any name. FUNDED: one of the node's parties had paid it something. PARTY: it is or was the node's
 * owner, signer or payout.
 */
export const DEALINGS = ["ARMS_LENGTH", "UNPAID", "FUNDED", "PARTY"] as const;

/**
 * How a party's money came to another account: by a transfer of a fee token, out of a credit of the party's, into or out
 * of a channel, or out of the node's stake.
 */
export const FUNDING_KINDS = [
  "TOKEN_TRANSFER",
  "CREDIT_WITHDRAWAL",
  "CHANNEL_DEPOSIT",
  "CHANNEL_WITHDRAWAL",
  "STAKE_WITHDRAWAL",
] as const;

/**
 * What governance, or one of its guardians, did. AUTHORITY_CHANGED: a contract obeys another AccessManager. Those from
 * ROLE_GRANTED on are the AccessManager's own: who has which role, and which role may call what.
 */
export const GOVERNANCE_EVENTS = [
  "REQUESTS_PAUSED",
  "REQUESTS_UNPAUSED",
  "TOKEN_LISTED",
  "TOKEN_DELISTED",
  "PARAMETERS_SCHEDULED",
  "PARAMETERS_APPLIED",
  "REGISTRATION_OPENED",
  "MODULE_ADDED",
  "VERIFIER_ADDED",
  "VERIFIER_FROZEN",
  "VERIFIER_REVOKED",
  "ENCLAVE_REVOKED",
  "MEASUREMENT_BANNED",
  "CERTIFICATE_REVOKED",
  "AUTHORITY_CHANGED",
  "ROLE_GRANTED",
  "ROLE_REVOKED",
  "ROLE_LABELLED",
  "ROLE_ADMIN_CHANGED",
  "ROLE_GUARDIAN_CHANGED",
  "ROLE_GRANT_DELAY_CHANGED",
  "FUNCTION_ROLE_CHANGED",
  "TARGET_CLOSED",
  "TARGET_OPENED",
  "TARGET_ADMIN_DELAY_CHANGED",
  "OPERATION_SCHEDULED",
  "OPERATION_EXECUTED",
  "OPERATION_CANCELLED",
] as const;

/** What the view of alerts says: see ponder.schema.ts. */
export const ALERTS = [
  "DEFAULT",
  "SLASHED",
  "EQUIVOCATED",
  "VERIFIER_FROZEN",
  "VERIFIER_REVOKED",
  "ENCLAVE_REVOKED",
  "KEY_FAULTED",
  "MEASUREMENT_BANNED",
  "ENCLAVE_EXPIRING",
  "ENCLAVE_EXPIRED",
  "LOW_STAKE",
  "LAW_BROKEN",
] as const;
export type AlertKind = (typeof ALERTS)[number];

/** How bad an alert is, by the same view. */
export const SEVERITIES = ["INFO", "WARNING", "CRITICAL"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** TOTAL is since the start block. */
export const INTERVALS = ["HOUR", "DAY", "WEEK", "TOTAL"] as const;
export type Interval = (typeof INTERVALS)[number];

/** What a distribution of the trust gap is of: everything, a route, a model, or a node. */
export const GAP_SCOPES = ["OVERALL", "ROUTE", "MODEL", "NODE"] as const;
