import { printable } from "../../../../sdk/src/verify/printable.ts";

/** The ends of a long hex value: `0x1234…cdef`. A short one stays whole. */
export function shorten(hex: string, digits = 4): string {
  return hex.length <= 2 * digits + 3 ? hex : `${hex.slice(0, 2 + digits)}…${hex.slice(-digits)}`;
}

/** A count with its noun: `1 node`, `1,204 nodes`. */
export function count(value: bigint | number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en")} ${Number(value) === 1 ? one : many}`;
}

/**
 * A share as a percentage, to three digits or to a tenth: `12.3 %`, `0.000217 %`. Never `0 %` or `100 %` for what is not:
 * above 99.9 % it is rounded down, to a hundredth.
 */
export function formatShare(share: number): string {
  if (share > 0 && share < 1e-8) return "< 0.000001 %";
  if (share > 0.999 && share < 1) return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
  const digits = share < 0.1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 1 };
  return `${(share * 100).toLocaleString("en", digits)} %`;
}

/** Anybody can write anything there: a short line of it at most. */
export function shortLine(text: string, length = 48): string {
  const line = printable(text).trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
