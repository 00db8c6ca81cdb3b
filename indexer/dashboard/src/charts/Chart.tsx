import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import { useMatches } from "@mantine/core";
import type { ChartProps } from "./ChartPanel.tsx";

const AXIS = { tickMargin: 8, minTickGap: 8, interval: "preserveStartEnd" } as const;

/** The width of the longest word of a label, in pixels. */
const WORD = 34;

/** An axis with all its labels, each in as many lines as it takes to be no wider than this, or slanting. */
function withEveryLabel(width: number) {
  const tick = { transform: "translate(0, 10)", fill: "currentColor", style: { fontSize: "11px" } };
  const every = { ...AXIS, interval: 0 } as const;
  if (width < WORD) return { ...every, height: 60, angle: -60, textAnchor: "end", tick } as const;
  return { ...every, height: 40, tick: { ...tick, width } };
}

const FROM_ZERO: [number, "auto"] = [0, "auto"];
const FITTING: ["dataMin", "dataMax"] = ["dataMin", "dataMax"];

/** Draws what a {@link ChartPanel} shows. In a file of its own, since the chart library is most of the page. */
export function Chart({
  kind,
  points,
  series,
  format,
  tick = format,
  fromZero = true,
  everyLabel = false,
}: ChartProps) {
  // The least width of the axis, in pixels.
  const axis = useMatches({ base: 240, sm: 360 });
  const common = {
    h: "100%",
    data: points.map(({ label, values }) => ({ label, ...values })),
    dataKey: "label",
    series: series.map(({ key, name, colour }) => ({ name: key, label: name, color: colour })),
    valueFormatter: format,
    xAxisProps: everyLabel ? withEveryLabel(axis / points.length) : AXIS,
    yAxisProps: { width: fromZero ? 52 : 92, tickFormatter: tick, domain: fromZero ? FROM_ZERO : FITTING },
    gridProps: { strokeOpacity: 0.6 },
    tickLine: "none",
    strokeDasharray: "3 4",
    textColor: "var(--mantine-color-dimmed)",
    gridColor: "var(--opg-line)",
  } as const;
  if (kind === "bar") {
    return <BarChart {...common} type="stacked" maxBarWidth={36} barProps={{ isAnimationActive: false }} />;
  }
  if (kind === "line") {
    return (
      <LineChart
        {...common}
        curveType="linear"
        withDots={points.length < 3}
        strokeWidth={2}
        lineProps={{ isAnimationActive: false }}
      />
    );
  }
  return (
    <AreaChart
      {...common}
      curveType="linear"
      withDots={points.length < 3}
      fillOpacity={0.14}
      strokeWidth={2}
      areaProps={{ isAnimationActive: false }}
    />
  );
}
