import { Refuted, Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { Call, MinedTransaction } from "./chain.ts";
import type { Subject } from "./subject.ts";

/** What is shown as a proof. */
export interface Proof {
  readonly proof: string;
}

/** What is shown as a proof, and where. */
export type Shown<T extends Proof> = T & { readonly where: string };

/** Where to look for proofs in a transaction, and what of. */
export interface Sources<T> {
  readonly of: string;
  /** What its calldata has as proofs, wherever they stand: anybody may have put them there beside the one that counted. */
  readonly inCalldata: readonly T[];
  /** Whether its own call is all that can have used a proof: then that one is in the calldata. See `isOnlyCall`. */
  readonly isOnlyCall: boolean;
  /** What a call that was made has as proofs. */
  readonly inCall: (call: Call) => readonly T[];
}

/**
 * What a transaction shows as proofs, one after the other for as long as none convinces: what its calldata has; then, if
 * a contract may have used another, what calls were made with, by the RPC node's trace.
 *
 * @throws Refuted if there is none; Unreadable if the node cannot trace.
 */
export async function* shownProofs<T extends Proof>(
  { chain }: Subject,
  { hash }: MinedTransaction,
  { of, inCalldata, isOnlyCall, inCall }: Sources<T>,
): AsyncGenerator<Shown<T>> {
  const seen = new Set<string>();
  const isNew = ({ proof }: T) => !seen.has(proof) && seen.add(proof);
  for (const one of inCalldata.filter(isNew)) yield { ...one, where: "in the calldata" };
  if (!isOnlyCall) {
    const calls = await chain.calls(hash);
    if (calls === null) {
      const what = seen.size === 0 ? "its proof is not in the calldata" : "no proof in the calldata holds";
      throw new Unreadable(`a contract made the settlement, ${what}, and the RPC node cannot trace`);
    }
    for (const one of calls.flatMap(inCall).filter(isNew)) {
      yield { ...one, where: "in the calls, by the RPC node's trace," };
    }
  }
  if (seen.size === 0) throw new Refuted(`the settling transaction shows no proof of ${of}`);
}
