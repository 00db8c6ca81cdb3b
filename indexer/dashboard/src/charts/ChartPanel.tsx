import { ActionIcon, Tooltip } from "@mantine/core";
import { IconChartHistogram, IconTable } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, Suspense, useState } from "react";
import { Panel } from "../components/Panel.tsx";
import { Loaded, Loading } from "../components/states.tsx";
import { retrying } from "../data/retrying.ts";

const Chart = retrying(() => import("./Chart.tsx").then((chart) => chart.Chart));

/** A place on a chart's axis, and what is drawn there. */
export interface Point {
  readonly label: string;
  /** By the series' keys. */
  readonly values: Readonly<Record<string, number>>;
}

/** What a chart draws. */
export interface ChartProps {
  readonly kind: "area" | "bar" | "line";
  readonly points: readonly Point[];
  readonly series: readonly { readonly key: string; readonly name: string; readonly colour: string }[];
  /** A value with its unit. */
  readonly format: (value: number) => string;
  /** A value on the axis, where the unit would be too much. */
  readonly tick?: (value: number) => string;
  /** Whether the axis begins at zero; else it goes from the least value to the greatest. */
  readonly fromZero?: boolean;
  /** Whether each bar has its label, not only as many as there is room for in a line. */
  readonly everyLabel?: boolean;
}

/** The height of every chart, in pixels: that of its skeleton, its table and its empty state too. */
export const CHART_HEIGHT = 236;

/**
 * A chart that can be read as a table, too.
 *
 * @param axis What the labels are: "Day".
 * @param says What a person sees at a glance, for one who does not see.
 * @param answer What the chart is drawn of, if it may not be there yet.
 * @param empty In the place of the chart, if there is nothing to draw.
 */
export function ChartPanel({
  title,
  note,
  aside,
  axis,
  says,
  answer,
  chart,
  empty,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly aside?: ReactNode;
  readonly axis: string;
  readonly says: string;
  readonly answer?: UseQueryResult<unknown>;
  readonly chart: ChartProps | undefined;
  readonly empty: ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  const Icon = asTable ? IconChartHistogram : IconTable;
  const other = asTable ? "Show as a chart" : "Show as a table";
  return (
    <Panel
      title={title}
      note={note}
      aside={
        <div className="panel-aside">
          {chart && chart.series.length > 1 && !asTable && (
            <ul className="legend">
              {chart.series.map(({ key, name, colour }) => (
                <li key={key}>
                  <span style={{ background: colour }} aria-hidden="true" />
                  {name}
                </li>
              ))}
            </ul>
          )}
          {aside}
          {chart && (
            <Tooltip label={other}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`${title}: ${other.toLowerCase()}`}
                onClick={() => setAsTable(!asTable)}
              >
                <Icon size={16} stroke={1.75} />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      }
    >
      {chart === undefined ? (
        <div style={{ minHeight: CHART_HEIGHT }}>
          {answer ? (
            <Loaded answer={answer} height={CHART_HEIGHT}>
              {() => empty}
            </Loaded>
          ) : (
            empty
          )}
        </div>
      ) : asTable ? (
        <Values of={chart} axis={axis} title={title} />
      ) : (
        <figure className="chart" style={{ height: CHART_HEIGHT }} aria-label={`${title}. ${says}`}>
          <Suspense fallback={<Loading height={CHART_HEIGHT} />}>
            <Chart {...chart} />
          </Suspense>
        </figure>
      )}
    </Panel>
  );
}

/** The chart's points as a table, the latest first. */
function Values({ of, axis, title }: { readonly of: ChartProps; readonly axis: string; readonly title: string }) {
  const { points, series, format } = of;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be in reach of a keyboard
    // biome-ignore lint/a11y/useSemanticElements: the panel is the section; this is what scrolls in it
    <div className="chart-values" role="region" aria-label={title} tabIndex={0} style={{ height: CHART_HEIGHT }}>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{axis}</th>
            {series.map(({ key, name }) => (
              <th scope="col" key={key} className="figures">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map(({ label, values }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {series.map(({ key }) => (
                <td key={key} className="figures num">
                  {format(values[key] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
