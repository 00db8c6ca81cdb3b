import { stderr } from "node:process";
import type { StepProgress } from "../../circuits/src/snarkjsCall.ts";

const WIDTH = 24;

/**
 * Shows on standard error what is being done: a line for each step in a log; on a terminal one line that is rewritten, with
 * a bar where the share is known.
 */
export const showProgress: StepProgress = (step, share) => {
  if (!stderr.isTTY) {
    if (share === undefined) stderr.write(`${step}\n`);
    return;
  }
  const full = Math.round((share ?? 0) * WIDTH);
  stderr.write(`\r\x1b[K${step}${share === undefined ? "" : `  ${"█".repeat(full)}${"░".repeat(WIDTH - full)}`}`);
};

/** Clears what {@link showProgress} left on a terminal. */
export function endProgress(): void {
  if (stderr.isTTY) stderr.write("\r\x1b[K");
}
