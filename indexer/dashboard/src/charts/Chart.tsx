import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import type { ChartProps } from "./ChartPanel.tsx";

const AXIS = { tickMargin: 8, minTickGap: 8, interval: "preserveStartEnd" } as const;

const FROM_ZERO: ["auto" | number, "auto"] = [0, "auto"];
const FITTING: ["auto", "auto"] = ["auto", "auto"];

/** Draws what a {@link ChartPanel} shows. In a file of its own, since the chart library is most of the page. */
export function Chart({ kind, points, series, format, tick = format, fromZero = true }: ChartProps) {
  const common = {
    h: "100%",
    data: points.map(({ label, values }) => ({ label, ...values })),
    dataKey: "label",
    series: series.map(({ key, name, colour }) => ({ name: key, label: name, color: colour })),
    valueFormatter: format,
    xAxisProps: AXIS,
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
