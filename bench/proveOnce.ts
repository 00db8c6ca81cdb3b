/** Proves one image by the classifier of the given name, and tells the parent process what it took. */
import { classifierOf } from "../circuits/src/classifiers.ts";
import { loadProvable, proveClaim } from "../circuits/src/provable.ts";

export interface ProvingCost {
  /** From the input to the proof, witness included, in seconds. */
  readonly seconds: number;
  /** Processor time for it, of all threads, in seconds: what other work on the machine hardly changes. */
  readonly processorSeconds: number;
  /** The most memory that the process had at once, in bytes. */
  readonly memory: number;
}

const classifier = classifierOf(process.argv[2] ?? "");
const model = await loadProvable(classifier);
const pixels = Array.from({ length: classifier.pixels }, (_, i) => i % 16);
const started = performance.now();
const before = process.cpuUsage();
await proveClaim(classifier, model, { claimHash: `0x${"c1".repeat(32)}`, pixels, salt: 1n });
const { user, system } = process.cpuUsage(before);
const cost: ProvingCost = {
  seconds: (performance.now() - started) / 1000,
  processorSeconds: (user + system) / 1e6,
  memory: process.resourceUsage().maxRSS * 1024,
};
process.send?.(cost);
