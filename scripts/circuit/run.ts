import { CeremonyError } from "../../circuits/src/ceremony.ts";
import { printable } from "../../sdk/src/verify/printable.ts";
import type { Report } from "../cli/command.ts";
import { isUnreadable } from "../cli/InputError.ts";
import { endProgress } from "../cli/progress.ts";

/**
 * Runs a command without a network, and prints its report: exit code 0; 1 if something does not hold or is refused; 2 for
 * unreadable input.
 *
 * @param failed What to report of a ceremony that does not hold; if absent, that is an error like others.
 */
export async function runOffline(
  json: boolean,
  task: () => Promise<Report>,
  failed?: (reason: string) => Report,
): Promise<number> {
  const print = (report: Report) => console.log(json ? JSON.stringify(report.json) : report.text);
  try {
    const report = await task();
    endProgress();
    print(report);
    return report.exitCode ?? 0;
  } catch (error) {
    endProgress();
    if (error instanceof CeremonyError && failed !== undefined) {
      print(failed(printable(error.message)));
      return 1;
    }
    const lines = String(error instanceof Error ? error.message : error).split("\n");
    console.error(`opg: ${lines.map(printable).join("\n")}`);
    return isUnreadable(error) ? 2 : 1;
  }
}
