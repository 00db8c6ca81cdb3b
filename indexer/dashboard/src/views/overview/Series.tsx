import { CHART_HEIGHT, ChartPanel, type ChartProps } from "../../charts/ChartPanel.tsx";
import { useNet } from "../../components/Net.tsx";
import { Empty } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useTokens } from "../../data/tokens.ts";
import { useAsk } from "../../data/useAsk.ts";
import { useNow } from "../../data/useNow.ts";
import { formatNumber, toNumber } from "../../format/amount.ts";
import { BUCKETS, type Bucket, fill } from "../../format/series.ts";
import { count } from "../../format/text.ts";
import { formatPeriod } from "../../format/time.ts";
import { type Period, type PeriodToken, seriesQuery } from "../../queries/series.ts";

const LIMIT = { hour: 72, day: 60, week: 52 } as const;
const AXES = { hour: "Hour", day: "Day", week: "Week from" } as const;

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const opg = (value: number) => `${formatNumber(value)} OPG`;

interface Row extends Omit<Period, "start"> {
  readonly start: number;
}

/** What happened in each hour or day: supply, burn, inferences, fees. */
export function Series({ bucket }: { readonly bucket: Bucket }) {
  const net = useNet();
  const answer = useAsk(seriesQuery, { interval: INTERVALS[bucket], limit: LIMIT[bucket] });
  // Until the next hour begins, no period ends.
  const now = useNow((seconds) => seconds - (seconds % BUCKETS.hour));
  const tokenOf = useTokens();

  const rows = periodsOf(answer.data?.periods.items ?? [], bucket, now);
  const these = `In ${count(rows.length, bucket)}`;
  const points = (values: (row: Row) => Readonly<Record<string, number>>) =>
    rows.map((row) => ({ label: formatPeriod(row.start, bucket), values: values(row) }));
  const amount = (value: string) => toNumber(BigInt(value), 18);

  const burnedIn = ({ burned, burnedNet }: Row) => amount(net ? burnedNet : burned);
  const settledIn = ({ settlements, settlementsNet }: Row) => Number(net ? settlementsNet : settlements);
  const without = net ? ", without self-dealing" : "";
  const fees = feesOf(answer.data?.periodTokens.items ?? [], net).map(({ token, byStart }) => {
    const { symbol, decimals } = tokenOf(token);
    return { token, symbol, at: (start: number) => toNumber(byStart.get(start) ?? 0n, decimals) };
  });
  const unit = fees.length === 1 ? fees[0]?.symbol : undefined;
  const [first] = rows;
  const latest = rows.at(-1);
  return (
    <>
      <div className="columns">
        <ChartPanel
          title={`Burned per ${bucket}`}
          note={net ? "without self-dealing" : "by settlements, defaults and slashing"}
          axis={AXES[bucket]}
          says={`${these}, ${opg(sum(rows.map(burnedIn)))} burned${without}.`}
          chart={ifAny({
            kind: "bar",
            points: points((row) => ({ burned: burnedIn(row) })),
            series: [{ key: "burned", name: "Burned", colour: "var(--opg-accent)" }],
            format: opg,
            tick: compact.format,
          })}
          answer={answer}
          empty={
            <Nothing title={`Nothing has burned in these ${bucket}s`}>
              Each proof that settles burns a verification fee.
            </Nothing>
          }
        />
        <ChartPanel
          title="Supply"
          note={`OPG at the end of each ${bucket}; the axis does not begin at zero`}
          axis={AXES[bucket]}
          says={`From ${opg(amount(first?.supply ?? "0"))} to ${opg(amount(latest?.supply ?? "0"))}.`}
          chart={
            rows.some(({ supply, burned }) => supply !== first?.supply || burned !== "0")
              ? {
                  kind: "area",
                  points: points(({ supply }) => ({ supply: amount(supply) })),
                  series: [{ key: "supply", name: "Supply", colour: "var(--opg-accent)" }],
                  format: opg,
                  tick: tickOf(rows.map(({ supply }) => amount(supply))),
                  fromZero: false,
                }
              : undefined
          }
          answer={answer}
          empty={
            <Nothing title={latest ? `Unchanged at ${opg(amount(latest.supply))}` : "The protocol has not begun"}>
              It falls with each proof that settles.
            </Nothing>
          }
        />
      </div>
      <div className="columns">
        <ChartPanel
          title={`Inferences per ${bucket}`}
          note={net ? "settled, without self-dealing" : "what became of them"}
          axis={AXES[bucket]}
          says={`${these}, ${whole.format(sum(rows.map(settledIn)))} were settled${without}.`}
          chart={ifAny({
            kind: "bar",
            points: points((row) => ({
              settled: settledIn(row),
              ...(net ? {} : { defaulted: Number(row.defaults) }),
            })),
            series: [
              { key: "settled", name: "Settled", colour: "var(--opg-accent)" },
              ...(net ? [] : [{ key: "defaulted", name: "Defaulted", colour: "var(--opg-bad)" }]),
            ],
            format: whole.format,
            tick: compact.format,
          })}
          answer={answer}
          empty={
            <Nothing title={`Nothing was settled in these ${bucket}s`}>
              An inference counts once its proof is on chain, by itself or in a batch.
            </Nothing>
          }
        />
        <ChartPanel
          title={`Fees per ${bucket}`}
          note={`${unit === undefined ? "" : `in ${unit}; `}all of it to the nodes: the protocol takes no cut`}
          axis={AXES[bucket]}
          says={`${these}: ${fees
            .map(({ symbol, at }) => `${formatNumber(sum(rows.map(({ start }) => at(start))))} ${symbol}`)
            .join(", ")}${without}.`}
          chart={ifAny({
            kind: "bar",
            points: points(({ start }) => Object.fromEntries(fees.map(({ token, at }) => [token, at(start)]))),
            series: fees.map(({ token, symbol }, place) => ({
              key: token,
              name: symbol,
              colour: COLOURS[place % COLOURS.length] ?? "var(--opg-accent)",
            })),
            format: (value) => `${formatNumber(value)}${unit === undefined ? "" : ` ${unit}`}`,
            tick: compact.format,
          })}
          answer={answer}
          empty={
            <Nothing title={`No fee was paid in these ${bucket}s`}>A node is paid once its proof is on chain.</Nothing>
          }
        />
      </div>
      <div className="columns">
        <ChartPanel
          title="Collateral at risk"
          note={
            <>
              the most within each {bucket}. <Term of="atRisk">What is collateral at risk?</Term>
            </>
          }
          axis={AXES[bucket]}
          says={`${these}, ${opg(Math.max(0, ...rows.map(({ atRiskPeak }) => amount(atRiskPeak))))} at most.`}
          chart={ifAny({
            kind: "bar",
            points: points(({ atRiskPeak }) => ({ peak: amount(atRiskPeak) })),
            series: [{ key: "peak", name: "At risk at most", colour: "var(--opg-accent)" }],
            format: opg,
            tick: compact.format,
          })}
          answer={answer}
          empty={
            <Nothing title={`Nothing was at risk in these ${bucket}s`}>
              A node's collateral is, while an answer of it waits for its proof.
            </Nothing>
          }
        />
        <ChartPanel
          title="Staked by nodes"
          note={
            <>
              at the end of each {bucket}. <Term of="stake">What is stake?</Term>
            </>
          }
          axis={AXES[bucket]}
          says={`At the end ${opg(amount(latest?.staked ?? "0"))}, ${opg(amount(latest?.bonded ?? "0"))} of it bonded.`}
          chart={ifAny({
            kind: "area",
            points: points(({ staked, bonded }) => ({ staked: amount(staked), bonded: amount(bonded) })),
            series: [
              { key: "staked", name: "Staked", colour: "var(--opg-accent)" },
              { key: "bonded", name: "of it bonded", colour: "var(--opg-quiet)" },
            ],
            format: opg,
            tick: compact.format,
          })}
          answer={answer}
          empty={
            <Nothing title={`Nothing was staked in these ${bucket}s`}>
              A node stakes OPG before anybody can name it in a request.
            </Nothing>
          }
        />
      </div>
    </>
  );
}

const INTERVALS = { hour: "HOUR", day: "DAY", week: "WEEK" } as const;
const COLOURS = ["var(--opg-accent)", "var(--opg-quiet)", "var(--opg-wait)", "var(--opg-good)"] as const;

function Nothing({ title, children }: { readonly title: string; readonly children: string }) {
  return (
    <Empty title={title} height={CHART_HEIGHT}>
      {children}
    </Empty>
  );
}

/** A chart that has something to show. */
function ifAny(chart: ChartProps): ChartProps | undefined {
  return chart.points.some(({ values }) => Object.values(values).some((value) => value > 0)) ? chart : undefined;
}

/** Writes the ticks of an axis that fits these values with as many digits as tell them apart: `999.9951M`. */
function tickOf(values: readonly number[]): (value: number) => string {
  const most = Math.max(...values) || 1;
  const range = most - Math.min(...values) || most;
  const digits = Math.floor(Math.log10(most)) - Math.floor(Math.log10(range)) + 2;
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: Math.min(digits, 15) }).format;
}

/** The periods in order, those without a row too: nothing happened in them, and the supply stayed. */
function periodsOf(latestFirst: readonly Period[], bucket: Bucket, now: number): Row[] {
  const rows = latestFirst.map((row) => ({ ...row, start: Number(row.start) })).reverse();
  return fill(rows, { bucket, now, limit: LIMIT[bucket] }, (before, start) => ({
    ...before,
    start,
    requests: "0",
    settlements: "0",
    settlementsNet: "0",
    defaults: "0",
    burned: "0",
    burnedNet: "0",
    atRiskPeak: before.atRisk,
  }));
}

/** Fees by token, of the tokens that had any. */
function feesOf(items: readonly PeriodToken[], net: boolean) {
  const byToken = new Map<string, Map<number, bigint>>();
  for (const { start, token, fees, feesNet } of items) {
    const value = BigInt(net ? feesNet : fees);
    if (value === 0n) continue;
    byToken.set(token, (byToken.get(token) ?? new Map<number, bigint>()).set(Number(start), value));
  }
  return [...byToken].map(([token, byStart]) => ({ token, byStart }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
