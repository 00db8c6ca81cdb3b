import { classifierOf } from "./classifiers.ts";
import type { ProofJob, ProofResult } from "./DigitProver.ts";
import { loadProvable, proveClaim } from "./provable.ts";

/** The process that {@link DigitProver} starts, with a classifier's name and perhaps a proving key: proves what it is sent, one after the other. */
const classifier = classifierOf(process.argv[2] ?? "");
const zkey = process.argv[3];
const model = loadProvable(classifier).then((found) =>
  zkey === undefined ? found : { ...found, circuit: { ...found.circuit, zkey } },
);
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
    return { id, proof: (await proveClaim(classifier, await model, claim)).proof };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
