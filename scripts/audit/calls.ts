import { getBytes, hexlify } from "ethers";
import type { Abi } from "../../sdk/src/chain/abiTypes.ts";
import { plainStruct } from "../../sdk/src/chain/plainValue.ts";
import { batchSettlementAbi, groth16SettlerAbi, settlementAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import type { Answer, InferenceBatch, Terms } from "../../sdk/src/types.ts";
import { eventsIn, interfaceOf, type MinedTransaction } from "./chain.ts";

/**
 * Finds calls wherever they stand in some calldata: as the whole of it, or verbatim inside what a multisig, a bundler or
 * a relayer was called with. Whether such a call was made does not matter to whom a proof in it convinces.
 */

/** Where a call stands in the calldata: at 0 it is the transaction's own. */
interface Posted {
  readonly at: number;
}

/** A delivery as it is posted. */
export interface PostedDelivery extends Posted {
  readonly terms: Terms;
  readonly answer: Answer;
}

/** A proof as it is posted, with what it is said to prove. */
export interface PostedProof extends Posted {
  readonly terms: Terms;
  readonly outputHash: string;
  readonly units: bigint;
  readonly proof: string;
}

/** An attestation document as it is posted, with the node that it is for. */
export interface PostedDocument extends Posted {
  readonly nodeId: string;
  readonly document: string;
}

/**
 * Whether a transaction's own call is all that can have made the only event of one kind in it. It is not where a consumer
 * of the settlement's was called, which may have settled something else.
 */
export const isOnlyCall = (
  transaction: MinedTransaction,
  settlement: string,
  event: "Delivered" | "Settled",
  posted: readonly Posted[],
): boolean =>
  transaction.to === settlement.toLowerCase() &&
  posted.some(({ at }) => at === 0) &&
  eventsIn(transaction, settlement, settlementAbi, event).length === 1;

/** The deliveries in some calldata. */
export const deliveriesIn = (calldata: string): PostedDelivery[] => [
  ...findCalls<PostedDelivery>(settlementAbi, "deliver", calldata),
  ...findCalls<PostedDelivery>(settlementAbi, "deliverAndSettle", calldata),
];

/** The proofs in some calldata. */
export const proofsIn = (calldata: string): PostedProof[] => [
  ...findCalls<PostedProof>(settlementAbi, "settle", calldata),
  ...findCalls<PostedDelivery & { readonly proof: string }>(settlementAbi, "deliverAndSettle", calldata).map(
    ({ terms, answer: { outputHash, units }, proof, at }) => ({ terms, outputHash, units, proof, at }),
  ),
  ...findCalls<Posted & { readonly rows: readonly Omit<PostedProof, "at">[] }>(
    groth16SettlerAbi,
    "settleMany",
    calldata,
  ).flatMap(({ rows, at }) => rows.map((row) => ({ ...row, at }))),
];

/** A batch as it is posted. */
export interface PostedBatch extends Posted {
  readonly batch: InferenceBatch;
  readonly proof: string;
  readonly rows: string;
}

/** The batches in some calldata. */
export const batchesIn = (calldata: string): PostedBatch[] => findCalls(batchSettlementAbi, "settleBatch", calldata);

/** The attestation documents in some calldata, in order. */
export const documentsIn = (calldata: string): PostedDocument[] => findCalls(teeVerifierAbi, "attest", calldata);

/** The arguments, by name, of every call of one function in some calldata; what does not decode is none. */
function findCalls<Args extends Posted>(abi: Abi, name: string, calldata: string): Args[] {
  const contract = interfaceOf(abi);
  const fragment = contract.getFunction(name);
  if (fragment === null) throw new TypeError(`this ABI has no function ${name}`);
  const bytes = Buffer.from(getBytes(calldata));
  const selector = getBytes(fragment.selector);
  const found: Args[] = [];
  for (let at = bytes.indexOf(selector); at >= 0; at = bytes.indexOf(selector, at + 1)) {
    try {
      const values = contract.decodeFunctionData(fragment, hexlify(bytes.subarray(at))).toArray();
      found.push({ ...plainStruct(fragment.inputs, values), at } as Args); // The inputs of this very function, by name.
    } catch {
      // These four bytes were not a selector.
    }
  }
  return found;
}
