import type { Dealing } from "../../../src/mapping/dealing.ts";
import type {
  AlertKind,
  ModelEventKind,
  NodeEventKind,
  OutputCommitment,
  Route,
  VerifierStatus,
} from "../../../src/mapping/enums.ts";
import type { RowNotPaid } from "../queries/batch.ts";
import type { InferenceStatus } from "../queries/inferences.ts";
import type { NodeRow } from "../queries/nodes.ts";

/** What a state means for whoever looks at it. */
export type Tone = "good" | "wait" | "bad" | "quiet" | "info" | "warn";

/** What a state is called, and what it means for whoever looks. */
export interface Words {
  readonly tone: Tone;
  readonly text: string;
}

/** States of a node. */
export const NODE_STATUS: Readonly<Record<NodeRow["status"], Words>> = {
  ACTIVE: { tone: "good", text: "Active" },
  PAUSED: { tone: "wait", text: "Paused" },
  RETIRED: { tone: "quiet", text: "Retired" },
};

/** States of an inference. */
export const REQUEST_STATUS: Readonly<Record<InferenceStatus, Words>> = {
  REQUESTED: { tone: "info", text: "Requested" },
  DELIVERED: { tone: "wait", text: "Not proven yet" },
  SETTLED: { tone: "good", text: "Settled" },
  REFUNDED: { tone: "quiet", text: "Refunded" },
  DEFAULTED: { tone: "bad", text: "Defaulted" },
  VOIDED: { tone: "warn", text: "Voided" },
};

/** Ways to prove. */
export const ROUTE: Readonly<Record<Route, string>> = { ZK: "Zero knowledge", TEE: "Enclave" };

/** States of a proof's verifier. */
export const VERIFIER_STATUS: Readonly<Record<VerifierStatus, Words>> = {
  ACTIVE: { tone: "good", text: "In force" },
  FROZEN: { tone: "wait", text: "Frozen: no new requests" },
  REVOKED: { tone: "bad", text: "Revoked" },
};

/** How final a block is. */
export const FINALITY: Readonly<Record<string, Words & { readonly meaning: string }>> = {
  PENDING: { tone: "wait", text: "pending", meaning: "The chain may still take back this block." },
  SAFE: { tone: "info", text: "safe", meaning: "The chain calls this block safe: it would be exceptional to lose it." },
  FINALISED: { tone: "good", text: "final", meaning: "The chain calls this block final: it stays." },
};

/** Why a payer's row was not paid in full. */
export const ROW_FAULT: Readonly<Record<RowNotPaid["fault"], string>> = {
  UNKNOWN_CHANNEL: "There is no such channel.",
  AMOUNT_TOO_LARGE: "The amount is larger than a channel can hold.",
  LOW_CEILING: "The payer's last voucher allows less; the rest can be claimed with a higher one.",
  REFUSED: "x402 refused the claim: the voucher's signature is wrong, for example.",
  LOW_BALANCE: "The channel's deposit is used up; the rest can be claimed after a deposit.",
};

/** What happened to a node. */
export const NODE_EVENT: Readonly<Record<NodeEventKind, string>> = {
  REGISTERED: "Registered",
  TRANSFER_STARTED: "Transfer offered",
  TRANSFERRED: "Transferred",
  SIGNER_CHANGED: "Signer changed",
  PAYOUT_CHANGED: "Payout changed",
  DESCRIBED: "Described anew",
  STATUS_CHANGED: "Status changed",
  STAKED: "Staked",
  UNBONDED: "Unbonding began",
  REBONDED: "Unbonding taken back",
  WITHDRAWN: "Withdrawn",
  BOND_LOCKED: "Bond locked",
  BOND_UNLOCKED: "Bond unlocked",
  BURNED: "Burned",
  SLASHED: "Slashed",
};

/** What happened to a model. */
export const MODEL_EVENT: Readonly<Record<ModelEventKind, string>> = {
  REGISTERED: "Registered",
  TRANSFER_STARTED: "Transfer offered",
  TRANSFERRED: "Transferred",
  ROUTE_SET: "Route set",
  ROUTE_DISABLED: "Route disabled",
};

/** What an output commitment gives whoever reads the chain. */
export const COMMITMENTS: Readonly<Record<OutputCommitment, string>> = {
  OPAQUE: "a commitment: who has the answer can show that it is the proven one",
  VALUE: "the answer itself, readable on chain",
  KECCAK256: "the Keccak-256 of the answer's bytes",
};

/** What an alert says, and what its subject is. */
export const ALERTS: Readonly<
  Record<AlertKind, { readonly text: string; readonly subject: string; readonly to?: string }>
> = {
  DEFAULT: { text: "A proof did not come in time", subject: "inference", to: "/inferences" },
  SLASHED: { text: "A node was slashed", subject: "batch" },
  EQUIVOCATED: { text: "A key signed two different batches", subject: "key" },
  VERIFIER_FROZEN: { text: "A verifier takes no new requests", subject: "verifier" },
  VERIFIER_REVOKED: { text: "A verifier was revoked", subject: "verifier" },
  ENCLAVE_REVOKED: { text: "An enclave's key was revoked", subject: "key" },
  KEY_FAULTED: { text: "A key was caught and counts no more", subject: "key" },
  MEASUREMENT_BANNED: { text: "A program was banned", subject: "program" },
  ENCLAVE_EXPIRING: { text: "An enclave's key ends within a day", subject: "key" },
  ENCLAVE_EXPIRED: { text: "An enclave's key has ended, its offer stands", subject: "key" },
  LOW_STAKE: { text: "An offer needs more free OPG than its node has", subject: "node", to: "/nodes" },
  LAW_BROKEN: { text: "The books do not balance", subject: "token" },
};

/** How a requester and a node are related, as far as the chain shows. */
export const DEALING: Readonly<Record<Dealing, Words>> = {
  ARMS_LENGTH: { tone: "quiet", text: "independent, as far as the chain shows" },
  UNPAID: { tone: "warn", text: "unpaid, so it may be the operator's own" },
  FUNDED: { tone: "warn", text: "paid by its operator before" },
  PARTY: { tone: "warn", text: "a party of the node itself" },
};
