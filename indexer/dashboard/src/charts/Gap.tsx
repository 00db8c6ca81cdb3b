import type { GapBar } from "../../../src/mapping/gap.ts";
import { useNet } from "../components/Net.tsx";
import { Empty } from "../components/states.tsx";
import { Term } from "../components/Term.tsx";
import { useRead } from "../data/useAsk.ts";
import { trimmed } from "../format/series.ts";
import { formatDuration, formatRange } from "../format/time.ts";
import { CHART_HEIGHT, ChartPanel } from "./ChartPanel.tsx";

/** What `/metrics/gap` answers: all gaps that were measured, in bars. */
interface Gaps {
  /** Seconds; null where nothing was settled one by one. */
  readonly statistic: {
    readonly count: number;
    readonly countNet: number;
    readonly p50: number;
    readonly p95: number;
    readonly p50Net: number | null;
    readonly p95Net: number | null;
  } | null;
  readonly histogram: readonly GapBar[];
}

/** How long answers wait for their proofs: of everything, or of one node or model. */
export function Gap({
  scope = "overall",
  subject = "",
}: {
  readonly scope?: "overall" | "model" | "node";
  readonly subject?: string;
}) {
  const net = useNet();
  const counted = net ? "countNet" : "count";
  const answer = useRead<Gaps>(`/metrics/gap?scope=${scope}&subject=${subject}`);
  const { data } = answer;
  const statistic = data?.statistic;
  const bars = trimmed(data?.histogram ?? [], counted);
  const p50 = (net ? statistic?.p50Net : statistic?.p50) ?? null;
  const p95 = (net ? statistic?.p95Net : statistic?.p95) ?? null;
  const says =
    p50 === null || p95 === null
      ? "From answer to proof"
      : `Half are proven within ${formatDuration(p50)}, 95 % within ${formatDuration(p95)}`;
  return (
    <ChartPanel
      title="Trust gap"
      note={
        <>
          {says}
          {statistic &&
            `, of ${statistic[counted].toLocaleString("en")} requested one by one; batches have none on chain`}
          . <Term of="gap">What is the trust gap?</Term>
        </>
      }
      axis="Gap"
      says={says}
      answer={answer}
      empty={
        <Empty title="No gap has been measured" height={CHART_HEIGHT}>
          One is measured with each inference that is settled by itself. Batches have none on chain.
        </Empty>
      }
      chart={
        bars.length === 0
          ? undefined
          : {
              kind: "bar",
              points: bars.map((bar) => ({ label: range(bar), values: { count: bar[counted] } })),
              series: [{ key: "count", name: "Inferences", colour: "var(--opg-accent)" }],
              format: (value) => value.toLocaleString("en"),
              everyLabel: true,
            }
      }
    />
  );
}

/** A bar's name: the gaps that it counts. */
function range({ from, to }: GapBar): string {
  if (to === 1) return "0 s";
  return to === null ? `≥\u00a0${formatDuration(from)}` : formatRange(from, to);
}
