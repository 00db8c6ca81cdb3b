import { CHART_HEIGHT, ChartPanel, type ChartProps } from "../../charts/ChartPanel.tsx";
import { useNet } from "../../components/Net.tsx";
import { Empty } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useTokens } from "../../data/tokens.ts";
import { useAsk } from "../../data/useAsk.ts";
import { useNow } from "../../data/useNow.ts";
import { toNumber } from "../../format/amount.ts";
import { BUCKETS, type Bucket, fill } from "../../format/series.ts";
import { formatPeriod } from "../../format/time.ts";
import { type Period, type PeriodToken, seriesQuery } from "../../queries/series.ts";

const LIMIT = { hour: 72, day: 60, week: 52 } as const;
const AXES = { hour: "Hour", day: "Day", week: "Week from" } as const;

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const opg = (value: number) => `${exact.format(value)} OPG`;

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

  const rows = answer.data && periodsOf(answer.data.periods.items, bucket, now);
  const draw = (make: (rows: readonly Row[]) => ChartProps): ChartProps | undefined =>
    rows && rows.length > 0 ? make(rows) : undefined;
  const points = (from: readonly Row[], values: (row: Row) => Readonly<Record<string, number>>) =>
    from.map((row) => ({ label: formatPeriod(row.start, bucket), values: values(row) }));
  const amount = (value: string) => toNumber(BigInt(value), 18);

  const burnedIn = ({ burned, burnedNet }: Row) => amount(net ? burnedNet : burned);
  const settledIn = ({ settlements, settlementsNet }: Row) => Number(net ? settlementsNet : settlements);
  const without = net ? ", without self-dealing" : "";
  const fees = answer.data ? feesOf(answer.data.periodTokens.items, net) : [];
  return (
    <>
      <div className="columns">
        <ChartPanel
          title={`Burned per ${bucket}`}
          note={net ? "without self-dealing" : "by settlements, defaults and slashing"}
          axis={AXES[bucket]}
          says={rows ? `In ${rows.length} ${bucket}s, ${opg(sum(rows.map(burnedIn)))} burned${without}.` : ""}
          chart={draw((from) => ({
            kind: "bar",
            points: points(from, (row) => ({ burned: burnedIn(row) })),
            series: [{ key: "burned", name: "Burned", colour: "var(--opg-accent)" }],
            format: opg,
            tick: compact.format,
          }))}
          answer={answer}
          empty={<NothingYet what="burned" />}
        />
        <ChartPanel
          title="Supply"
          note={`OPG at the end of each ${bucket}; the axis does not begin at zero`}
          axis={AXES[bucket]}
          says={
            rows?.length
              ? `From ${opg(amount(rows[0]?.supply ?? "0"))} to ${opg(amount(rows.at(-1)?.supply ?? "0"))}.`
              : ""
          }
          chart={draw((from) => ({
            kind: "area",
            points: points(from, ({ supply }) => ({ supply: amount(supply) })),
            series: [{ key: "supply", name: "Supply", colour: "var(--opg-accent)" }],
            format: opg,
            tick: whole.format,
            fromZero: false,
          }))}
          answer={answer}
          empty={<NothingYet what="happened" />}
        />
      </div>
      <div className="columns">
        <ChartPanel
          title={`Inferences per ${bucket}`}
          note={net ? "settled, without self-dealing" : "what became of them"}
          axis={AXES[bucket]}
          says={
            rows
              ? `In ${rows.length} ${bucket}s, ${whole.format(sum(rows.map(settledIn)))} were settled${without}.`
              : ""
          }
          chart={draw((from) => ({
            kind: "bar",
            points: points(from, (row) => ({
              settled: settledIn(row),
              ...(net ? {} : { defaulted: Number(row.defaults) }),
            })),
            series: [
              { key: "settled", name: "Settled", colour: "var(--opg-accent)" },
              ...(net ? [] : [{ key: "defaulted", name: "Defaulted", colour: "var(--opg-bad)" }]),
            ],
            format: whole.format,
            tick: compact.format,
          }))}
          answer={answer}
          empty={<NothingYet what="settled" />}
        />
        <ChartPanel
          title={`Fees per ${bucket}`}
          note={`${fees.length === 1 ? `in ${tokenOf(fees[0]?.token ?? "").symbol}; ` : ""}all of it to the nodes: the protocol takes no cut`}
          axis={AXES[bucket]}
          chart={draw((from) => ({
            kind: "bar",
            points: points(from, ({ start }) =>
              Object.fromEntries(
                fees.map(({ token, byStart }) => [token, toNumber(byStart.get(start) ?? 0n, tokenOf(token).decimals)]),
              ),
            ),
            series: fees.map(({ token }, place) => ({
              key: token,
              name: tokenOf(token).symbol,
              colour: COLOURS[place % COLOURS.length] ?? "var(--opg-accent)",
            })),
            format: (value) =>
              `${exact.format(value)}${fees.length === 1 ? ` ${tokenOf(fees[0]?.token ?? "").symbol}` : ""}`,
            tick: compact.format,
          }))}
          answer={answer}
          empty={<NothingYet what="paid" />}
        />
      </div>
      <div className="columns">
        <ChartPanel
          title="Collateral at risk"
          note={
            <>
              the most within each {bucket}. <Term of="atRisk">What is it?</Term>
            </>
          }
          axis={AXES[bucket]}
          chart={draw((from) => ({
            kind: "bar",
            points: points(from, ({ atRiskPeak }) => ({ peak: amount(atRiskPeak) })),
            series: [{ key: "peak", name: "At risk at most", colour: "var(--opg-accent)" }],
            format: opg,
            tick: compact.format,
          }))}
          answer={answer}
          empty={<NothingYet what="been at risk" />}
        />
        <ChartPanel
          title="Staked by nodes"
          note={
            <>
              at the end of each {bucket}. <Term of="stake">What is it?</Term>
            </>
          }
          axis={AXES[bucket]}
          chart={draw((from) => ({
            kind: "area",
            points: points(from, ({ staked, bonded }) => ({ staked: amount(staked), bonded: amount(bonded) })),
            series: [
              { key: "staked", name: "Staked", colour: "var(--opg-accent)" },
              { key: "bonded", name: "of it bonded", colour: "var(--opg-quiet)" },
            ],
            format: opg,
            tick: compact.format,
          }))}
          answer={answer}
          empty={<NothingYet what="been staked" />}
        />
      </div>
    </>
  );
}

const INTERVALS = { hour: "HOUR", day: "DAY", week: "WEEK" } as const;
const COLOURS = ["var(--opg-accent)", "var(--opg-quiet)", "var(--opg-wait)", "var(--opg-good)"] as const;

function NothingYet({ what }: { readonly what: string }) {
  return (
    <Empty title={`Nothing has ${what} yet`} height={CHART_HEIGHT}>
      This chart begins with the first request that reaches the chain.
    </Empty>
  );
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
