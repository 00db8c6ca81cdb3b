import { printable } from "../../../../sdk/src/verify/printable.ts";

/** The ends of a long hex value: `0x1234…cdef`. A short one stays whole. */
export function shorten(hex: string, digits = 4): string {
  return hex.length <= 2 * digits + 3 ? hex : `${hex.slice(0, 2 + digits)}…${hex.slice(-digits)}`;
}

/** A count with its noun: `1 node`, `1,204 nodes`. */
export function count(value: bigint | number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en")} ${Number(value) === 1 ? one : many}`;
}

/** A share as a percentage: `12.3 %`, `0.00022 %`; never `0 %` or `100 %` for what is not. */
export function formatShare(share: number): string {
  if (share > 0 && share < 1e-8) return "< 0.000001 %";
  if (share > 0 && share < 0.0001) {
    return `${(share * 100).toLocaleString("en", { maximumSignificantDigits: 2, maximumFractionDigits: 10 })} %`;
  }
  if (share < 1 && share > 0.9999) return "> 99.99 %";
  const percent = share * 100;
  const places = Math.abs(percent) >= 10 || percent === 0 ? 1 : 2;
  return `${percent.toLocaleString("en", { maximumFractionDigits: places })} %`;
}

/** Anybody can write anything there: a short line of it at most. */
export function shortLine(text: string, length = 48): string {
  const line = printable(text).trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
