import type { ProofJob, ProofResult } from "./DigitProver.ts";
import { loadDigits, proveDigit } from "./digits.ts";

/** The process that {@link DigitProver} starts: proves what it is sent, one after the other. */
const digits = loadDigits();
let last: Promise<void> = Promise.resolve();

process.on("message", ({ id, claim }: ProofJob) => {
  last = last.then(async () => {
    process.send?.(await resultOf(id, claim));
  });
});
// Whoever wanted proofs is gone.
process.on("disconnect", () => process.exit());

async function resultOf(id: number, claim: ProofJob["claim"]): Promise<ProofResult> {
  try {
    return { id, proof: (await proveDigit(await digits, claim)).proof };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
