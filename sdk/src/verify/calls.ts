import { AbiCoder, dataSlice } from "ethers";
import type { Abi } from "../chain/abiTypes.ts";
import { interfaceOf } from "../chain/interfaceOf.ts";
import { plainStruct } from "../chain/plainValue.ts";
import {
  batchSettlementAbi,
  groth16SettlerAbi,
  groth16VerifierAbi,
  settlementAbi,
  teeVerifierAbi,
} from "../generated/abis.ts";
import type { Answer, InferenceBatch, Terms } from "../types.ts";

/**
 * Finds calls wherever they stand in some calldata: as the whole of it, or verbatim inside what a multisig, a bundler or
 * a relayer was called with. Whether such a call was made does not matter to whom a proof in it convinces. One that does
 * not convince says nothing, unless the call was made: anybody may settle, and so write calldata around what settles.
 */

/** Where a call stands in the calldata: at 0 it is the transaction's own. */
export interface Posted {
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

/** A proof as it is posted to a Groth16 verifier among others, with the public signals that it is said to be of. */
export interface BatchedProof extends Posted {
  readonly signals: readonly bigint[];
  readonly proof: string;
}

/** The proofs in some calldata that are verified together, before they settle anything. */
export const batchedProofsIn = (calldata: string): BatchedProof[] =>
  findCalls<Posted & { readonly publicSignals: readonly bigint[][]; readonly proofs: readonly string[] }>(
    groth16VerifierAbi,
    "verifyBatch",
    calldata,
  ).flatMap(({ publicSignals, proofs, at }) =>
    proofs.map((proof, index) => ({ signals: publicSignals[index] ?? [], proof, at })),
  );

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

/** How many places that look like one function's calls are read: nobody posts more, and each is work for who looks. */
const MOST_PLACES = 32;
/** How much longer than the calldata what is decoded of it may be: parts that overlap would be read over and over. */
const MOST_INFLATION = 4;
/** What ethers allows by default. */
const DEFAULT_INFLATION = 1_024;

/** The arguments, by name, of the first calls of one function in some calldata; what does not decode is none. */
function findCalls<Args extends Posted>(abi: Abi, name: string, calldata: string): Args[] {
  const contract = interfaceOf(abi);
  const fragment = contract.getFunction(name);
  if (fragment === null) throw new TypeError(`this ABI has no function ${name}`);
  const found: Args[] = [];
  for (const at of placesOf(fragment.selector, calldata)) {
    try {
      AbiCoder._setDefaultMaxInflation(MOST_INFLATION);
      const values = contract.decodeFunctionData(fragment, dataSlice(calldata, at)).toArray();
      found.push({ ...plainStruct(fragment.inputs, values), at } as Args); // The inputs of this very function, by name.
    } catch {
      // These four bytes were not a selector.
    } finally {
      AbiCoder._setDefaultMaxInflation(DEFAULT_INFLATION);
    }
  }
  return found;
}

/** Where some bytes stand in others: the first places. Both are 0x-hex. */
function placesOf(sought: string, bytes: string): number[] {
  const [digits, all] = [sought.slice(2), bytes.slice(2).toLowerCase()];
  const places: number[] = [];
  for (let at = all.indexOf(digits); at >= 0 && places.length < MOST_PLACES; at = all.indexOf(digits, at + 1)) {
    if (at % 2 === 0) places.push(at / 2); // Not across two bytes.
  }
  return places;
}
