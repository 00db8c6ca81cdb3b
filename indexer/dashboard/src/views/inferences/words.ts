import type { Dealing } from "../../../../src/mapping/dealing.ts";
import type { InferenceEventKind } from "../../../../src/mapping/enums.ts";
import type { InferenceStatus } from "../../queries/inferences.ts";

/** What a status says of the answer. */
export const MEANINGS: Readonly<Record<InferenceStatus, string>> = {
  REQUESTED: "The fee is in escrow; there is no answer yet.",
  DELIVERED: "The answer is out and its proof is still to come.",
  SETTLED: "The proof was checked on chain and the node is paid.",
  REFUNDED: "No answer came; the requester has everything back.",
  DEFAULTED: "No proof came in time; the requester is compensated from the node's stake.",
  VOIDED: "What its proof would have rested on was revoked; everything went back.",
};

/** Why demand does not count net of self-dealing, in a word or two; null for what counts. */
export const DEALING_TAGS: Readonly<Record<Dealing, string | null>> = {
  ARMS_LENGTH: null,
  UNPAID: "unpaid",
  FUNDED: "funded by operator",
  PARTY: "own node",
};

/** An event of an inference's life, in plain words. */
export const EVENTS: Readonly<Record<InferenceEventKind, { readonly title: string; readonly meaning: string }>> = {
  REQUESTED: { title: "Requested", meaning: "The fee went into escrow, and the terms are fixed." },
  DELIVERED: { title: "Delivered", meaning: "The node committed to its answer. The user has it; it is not proven." },
  OUTPUT_PUBLISHED: { title: "Output published", meaning: "The answer itself is on chain." },
  SETTLED: { title: "Proven and settled", meaning: "The proof was checked on chain, the fee credited, OPG burned." },
  DECLINED: { title: "Declined", meaning: "The node declined. Everything went back." },
  REFUNDED: { title: "Refunded", meaning: "Nobody delivered in time. Everything went back." },
  DEFAULTED: { title: "Defaulted", meaning: "No proof came in time. The requester was compensated." },
  VOIDED: { title: "Voided", meaning: "What the proof would have rested on was revoked. Everything went back." },
  CALLBACK_FAILED: { title: "Callback failed", meaning: "The consumer's callback reverted. Nothing else changed." },
};
