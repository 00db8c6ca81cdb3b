import type { Hex } from "viem";
import type { GAP_SCOPES, Route } from "./enums.ts";

/** Bounds of the histogram's bars, in seconds: a bar is from one of them up to the next, and the last has no end. */
const BOUNDS = [0, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400] as const;

/** A bar of the histogram of the trust gap. */
export interface GapBar {
  readonly from: number;
  /** The first second beyond it; null for the last bar. */
  readonly to: number | null;
  readonly count: number;
  /** Without self-dealing. */
  readonly countNet: number;
}

/** Sums the exact distribution up to bars. */
export function gapBars(rows: readonly Readonly<Record<"seconds" | "count" | "countNet", bigint>>[]): GapBar[] {
  return BOUNDS.map((from, index) => {
    const to = BOUNDS[index + 1] ?? null;
    const inside = rows.filter(({ seconds }) => seconds >= from && (to === null || seconds < to));
    const total = (column: "count" | "countNet") => Number(inside.reduce((sum, row) => sum + row[column], 0n));
    return { from, to, count: total("count"), countNet: total("countNet") };
  });
}

/** The distributions of the trust gap that an inference counts in. */
export const gapSubjects = ({
  route,
  modelId,
  nodeId,
}: {
  readonly route: Route;
  readonly modelId: Hex;
  readonly nodeId: Hex;
}): { scope: (typeof GAP_SCOPES)[number]; subject: string }[] => [
  { scope: "OVERALL", subject: "" },
  { scope: "ROUTE", subject: route },
  { scope: "MODEL", subject: modelId },
  { scope: "NODE", subject: nodeId },
];
