import { getBytes, hexlify } from "ethers";
import type { Abi } from "../../sdk/src/chain/abiTypes.ts";
import { plainStruct } from "../../sdk/src/chain/plainValue.ts";
import { settlementAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import type { Answer, Terms } from "../../sdk/src/types.ts";
import { interfaceOf } from "./chain.ts";

/**
 * Finds calls wherever they stand in some calldata: as the whole of it, or verbatim inside what a multisig, a bundler or
 * a relayer was called with. Whether such a call was made does not matter to whom a proof in it convinces.
 */

/** A delivery as it is posted. */
export interface PostedDelivery {
  readonly terms: Terms;
  readonly answer: Answer;
}

/** A proof as it is posted, with what it is said to prove. */
export interface PostedProof {
  readonly terms: Terms;
  readonly outputHash: string;
  readonly units: bigint;
  readonly proof: string;
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
    ({ terms, answer: { outputHash, units }, proof }) => ({ terms, outputHash, units, proof }),
  ),
];

/** The attestation documents in some calldata, with the nodes that they are for. */
export const documentsIn = (calldata: string): { readonly nodeId: string; readonly document: string }[] =>
  findCalls(teeVerifierAbi, "attest", calldata);

/** The arguments, by name, of every call of one function in some calldata; what does not decode is none. */
function findCalls<Args>(abi: Abi, name: string, calldata: string): Args[] {
  const contract = interfaceOf(abi);
  const fragment = contract.getFunction(name);
  if (fragment === null) throw new TypeError(`this ABI has no function ${name}`);
  const bytes = Buffer.from(getBytes(calldata));
  const selector = getBytes(fragment.selector);
  const found: Args[] = [];
  for (let at = bytes.indexOf(selector); at >= 0; at = bytes.indexOf(selector, at + 1)) {
    try {
      const values = contract.decodeFunctionData(fragment, hexlify(bytes.subarray(at))).toArray();
      found.push(plainStruct(fragment.inputs, values) as Args); // The inputs of this very function, by name.
    } catch {
      // These four bytes were not a selector.
    }
  }
  return found;
}
