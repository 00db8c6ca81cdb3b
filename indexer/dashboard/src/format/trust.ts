import type { MeasurementSet, MeasurementSets } from "../queries/enclaves.ts";

/**
 * What models trust a program for: the set, where all that name the program agree; undefined if none names it. Anybody can
 * register a model that calls a relay LOCAL, so where they DIFFER, or are in part UNKNOWN, only a model itself can say it.
 */
export function trustOf(
  measurement: string,
  { items, totalCount }: MeasurementSets,
): MeasurementSet | "DIFFER" | "UNKNOWN" | undefined {
  const [set, ...others] = items.filter(({ measurements }) => measurements.includes(measurement));
  if (others.some(({ trust, backend }) => trust !== set?.trust || backend !== set?.backend)) return "DIFFER";
  return totalCount > items.length ? "UNKNOWN" : set;
}
