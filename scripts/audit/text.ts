import { time } from "../../sdk/src/verify/time.ts";
import type { AuditReport } from "./audit.ts";
import { VERDICTS, Verdict } from "./verdict.ts";

const MARKS = ["ok", "NO", "??"] as const;

/** A report for people: each step with what was compared, the verdict, what to mind, and the blocks. */
export function reportText(report: AuditReport): string {
  const { of, id, verdict, summary, unproven, steps, blocks } = report;
  const width = Math.max(...steps.map(({ name }) => name.length));
  return [
    `${of} ${id}`,
    ...steps.flatMap(({ name, verdict, lines }) =>
      lines.map((line, index) =>
        index === 0 ? `  ${MARKS[verdict]}  ${name.padEnd(width)}  ${line}` : `${" ".repeat(width + 8)}${line}`,
      ),
    ),
    "",
    `${unproven ? "NOT SETTLED" : VERDICTS[verdict].toUpperCase()}: ${summary}.`,
    ...caveatLines([report]),
    ...(verdict === Verdict.DOES_NOT_HOLD || blocks.length === 0
      ? []
      : [
          "",
          "All of it is in these blocks; compare their hashes with a source that you trust:",
          ...blocks.map(({ number, hash, timestamp }) => `  ${number}  ${hash}  ${time(timestamp)}`),
        ]),
  ].join("\n");
}

/** A report as `--json` prints it. */
export const reportJson = (report: AuditReport): Readonly<Record<string, unknown>> => ({
  ...report,
  verdict: VERDICTS[report.verdict],
  steps: report.steps.map((step) => ({ ...step, verdict: VERDICTS[step.verdict] })),
});

/** What many audits found. */
export interface Tally {
  readonly holds: number;
  readonly doesNotHold: number;
  readonly cannotBeRead: number;
  readonly unproven: number;
}

/** Counts reports by what they found. */
export function tally(reports: readonly AuditReport[]): Tally {
  const count = (wanted: Verdict) => reports.filter(({ verdict, unproven }) => !unproven && verdict === wanted).length;
  return {
    holds: count(Verdict.HOLDS),
    doesNotHold: count(Verdict.DOES_NOT_HOLD),
    cannotBeRead: count(Verdict.CANNOT_BE_READ),
    unproven: reports.filter(({ unproven }) => unproven).length,
  };
}

/** A tally in a sentence. */
export const tallyText = ({ holds, doesNotHold, cannotBeRead, unproven }: Tally): string =>
  `${holds + doesNotHold + cannotBeRead} settled inferences: ${holds} hold, ${doesNotHold} do not hold, ${cannotBeRead} cannot be read. Requests without a proof (pending, refunded, defaulted or void): ${unproven}.`;

/** What to mind of some reports, each thing once. */
export function caveatLines(reports: readonly AuditReport[]): string[] {
  const caveats = new Set(reports.flatMap((report) => report.caveats));
  const blocks = new Map<string, Set<number>>();
  for (const block of reports.flatMap((report) => report.blocks)) {
    for (const caveat of block.caveats) blocks.set(caveat, (blocks.get(caveat) ?? new Set()).add(block.number));
  }
  const ofBlocks = [...blocks].map(([caveat, numbers]) => {
    const some = [...numbers].slice(0, 10).join(", ");
    return `${caveat}, of blocks ${some}${numbers.size > 10 ? ` and ${numbers.size - 10} more` : ""}`;
  });
  return [...caveats, ...ofBlocks].map((caveat) => `Mind: ${caveat}.`);
}
