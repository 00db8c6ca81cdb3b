import { JsonRpcProvider } from "ethers";
import { type Evidence, parseEvidence } from "../../../../sdk/src/verify/evidence.ts";
import { gatherEvidence, pointersOf } from "../../../../sdk/src/verify/gatherEvidence.ts";
import { Unreadable } from "../../../../sdk/src/verify/refuted.ts";
import { type Verification, type VerificationStep, verifyEvidence } from "../../../../sdk/src/verify/verifyEvidence.ts";
import { toJson } from "../../../../sdk/src/wire.ts";
import { read } from "../data/ask.ts";
import { type RunningSnarkjs, startSnarkjs } from "./snarkjs.ts";

/** What is verified: whose evidence the indexer gives under this address. */
export interface Subject {
  readonly kind: "inferences" | "batches";
  readonly id: string;
}

/** What came of a verification, and the evidence for who wants to keep it. */
export interface Run {
  readonly found: Verification;
  readonly evidence: string;
}

/**
 * Fetches the evidence and verifies it in this browser.
 *
 * @param rpc Address of an RPC node to read the evidence from; of the indexer only where it is, then.
 * @param onStep Told of every step as it ends.
 * @throws Error in a sentence, if there is no evidence or the RPC node does not have it.
 */
export async function runVerification(
  { kind, id }: Subject,
  rpc: string,
  onStep: (step: VerificationStep) => void | Promise<void>,
): Promise<Run> {
  const told = await read<unknown>(`/${kind}/${id}/evidence`);
  if (told === null) throw new Error("There is no evidence: nothing was proven.");
  const served = parseEvidence(told);
  // Evidence of something else may well be true.
  if (served.id !== id) throw new Error(`The indexer gave evidence of something else: ${served.id}.`);
  const evidence = rpc === "" ? served : await readAgain(served, rpc);
  let snarkjs: RunningSnarkjs | undefined;
  try {
    const found = await verifyEvidence(evidence, {
      snarkjs: async () => {
        snarkjs = await startSnarkjs();
        return snarkjs;
      },
      readBy: rpc === "" ? "indexer" : "rpc",
      onStep,
    });
    return { found, evidence: toJson(evidence, 2) };
  } finally {
    await snarkjs?.end();
  }
}

/** Reads the places that the indexer names from another node. */
async function readAgain(served: Evidence, rpc: string): Promise<Evidence> {
  const provider = new JsonRpcProvider(rpc, served.chainId, { staticNetwork: false, batchMaxCount: 1 });
  try {
    return await gatherEvidence(provider, pointersOf(served));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new Error(
      `It could not be read from that node: ${error.message}. The node has to keep old transactions, and to let web pages ask it (CORS).`,
    );
  } finally {
    provider.destroy();
  }
}
