import { ChartPanel } from "../../charts/ChartPanel.tsx";
import { useNet } from "../../components/Net.tsx";
import { Empty, Failed, Loading } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useRead } from "../../data/useAsk.ts";
import { doublingBins } from "../../format/series.ts";
import { formatDuration } from "../../format/time.ts";

/** What `/metrics/gap` answers. */
interface GapAnswer {
  readonly statistic: {
    readonly count: number | string;
    readonly countNet: number | string;
    readonly p50: number | string | null;
    readonly p95: number | string | null;
    readonly p50Net: number | string | null;
    readonly p95Net: number | string | null;
  } | null;
  readonly histogram: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number | string;
    readonly countNet: number | string;
  }[];
}

const HEIGHT = 236;

/** How long answers wait for their proofs: of everything, or of one node, model or route. */
export function Gap({
  scope = "overall",
  subject,
}: {
  readonly scope?: "overall" | "node" | "model";
  readonly subject?: string;
}) {
  const net = useNet();
  const query = new URLSearchParams({ scope, ...(subject === undefined ? {} : { subject }) });
  const answer = useRead<GapAnswer>(`/metrics/gap?${query}`);
  const { data } = answer;
  const statistic = data?.statistic ?? null;
  const bins = doublingBins(
    data?.histogram.map(({ from, count, countNet }) => ({ seconds: from, count: Number(net ? countNet : count) })) ??
      [],
  );
  const p50 = net ? statistic?.p50Net : statistic?.p50;
  const p95 = net ? statistic?.p95Net : statistic?.p95;
  const says =
    p50 === null || p50 === undefined || p95 === null || p95 === undefined
      ? ""
      : `Half of them within ${formatDuration(Number(p50))}, 95 % within ${formatDuration(Number(p95))}`;
  return (
    <ChartPanel
      title="Trust gap"
      note={
        <>
          {says === "" ? "From answer to proof. " : `${says}. `}
          <Term of="gap">What is it?</Term>
        </>
      }
      axis="Gap"
      says={says}
      chart={
        bins.length === 0
          ? undefined
          : {
              kind: "bar",
              points: bins.map(({ from, to, count }) => ({ label: range(from, to), values: { count } })),
              series: [{ key: "count", name: "Inferences", colour: "var(--opg-accent)" }],
              format: (value) => value.toLocaleString("en"),
            }
      }
    >
      {data === undefined ? (
        answer.error ? (
          <Failed reason={answer.error.message} retry={() => void answer.refetch()} />
        ) : (
          <Loading height={HEIGHT} />
        )
      ) : (
        <Empty title="No gap has been measured" height={HEIGHT}>
          One is measured with each inference that is settled by itself. Batches have none on chain.
        </Empty>
      )}
    </ChartPanel>
  );
}

function range(from: number, to: number): string {
  return to <= 1 || from === to ? formatDuration(from) : `${formatDuration(from)} to ${formatDuration(to)}`;
}
