import { CHART_HEIGHT, ChartPanel } from "../../charts/ChartPanel.tsx";
import { useNet } from "../../components/Net.tsx";
import { Empty, Failed, Loading } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { type Bin, gapBins } from "../../format/series.ts";
import { formatDuration } from "../../format/time.ts";
import { type GapScope, gapQuery } from "../../queries/gap.ts";

/** How long answers wait for their proofs: of everything, or of one node or model. */
export function Gap({ scope = "OVERALL", subject = "" }: { readonly scope?: GapScope; readonly subject?: string }) {
  const net = useNet();
  const answer = useAsk(gapQuery, { scope, scopeName: scope, subject });
  const { data } = answer;
  const statistic = data?.trustGapStatistics.items[0];
  const bins = gapBins(
    data?.trustGaps.items.map(({ seconds, count, countNet }) => ({
      seconds: Number(seconds),
      count: Number(net ? countNet : count),
    })) ?? [],
  );
  const p50 = (net ? statistic?.p50Net : statistic?.p50) ?? null;
  const p95 = (net ? statistic?.p95Net : statistic?.p95) ?? null;
  const says =
    p50 === null || p95 === null
      ? "From answer to proof"
      : `Half are proven within ${formatDuration(Number(p50))}, 95 % within ${formatDuration(Number(p95))}`;
  return (
    <ChartPanel
      title="Trust gap"
      note={
        <>
          {says}. <Term of="gap">What is it?</Term>
        </>
      }
      axis="Gap"
      says={says}
      chart={
        bins.length === 0
          ? undefined
          : {
              kind: "bar",
              points: bins.map((bin) => ({ label: range(bin), values: { count: bin.count } })),
              series: [{ key: "count", name: "Inferences", colour: "var(--opg-accent)" }],
              format: (value) => value.toLocaleString("en"),
            }
      }
    >
      {data ? (
        <Empty title="No gap has been measured" height={CHART_HEIGHT}>
          One is measured with each inference that is settled by itself. Batches have none on chain.
        </Empty>
      ) : answer.error ? (
        <Failed reason={answer.error.message} retry={() => void answer.refetch()} />
      ) : (
        <Loading height={CHART_HEIGHT} />
      )}
    </ChartPanel>
  );
}

/** A bar's name: the gaps that it counts. */
function range({ from, to }: Bin): string {
  if (to === 1) return "0 s";
  return Number.isFinite(to) ? `< ${formatDuration(to)}` : `≥ ${formatDuration(from)}`;
}
