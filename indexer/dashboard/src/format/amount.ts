/** Units of which a large amount is shown: a thousand, a million, … */
const LARGE = [
  { zeros: 12, suffix: "T" },
  { zeros: 9, suffix: "B" },
  { zeros: 6, suffix: "M" },
] as const;
/** Digits that a shortened amount shows, at least one of them behind the point. */
const SIGNIFICANT = 4;

/**
 * A whole amount in plain decimals, with thousands grouped and no digit lost: `1,234.5`.
 *
 * @param value Base units.
 * @param decimals Of the token.
 */
export function formatExact(value: bigint, decimals: number): string {
  const { sign, whole, fraction } = split(value, decimals);
  return `${sign}${group(whole)}${fraction === "" ? "" : `.${fraction}`}`;
}

/**
 * An amount as short as a table can bear: four significant digits, rounded to the nearest, in millions (`M`), billions
 * (`B`) or trillions (`T`) from a million on. Never `0` for what is not zero: then it is `< 0.0001`.
 *
 * @param value Base units.
 * @param decimals Of the token.
 */
export function formatShort(value: bigint, decimals: number): string {
  const magnitude = value < 0n ? -value : value;
  const sign = value < 0n ? "−" : "";
  for (const { zeros, suffix } of LARGE) {
    if (magnitude >= 10n ** BigInt(decimals + zeros))
      return `${sign}${significant(magnitude, decimals + zeros)}${suffix}`;
  }
  if (magnitude > 0n && magnitude * 10_000n < 10n ** BigInt(decimals)) return `${value < 0n ? "> −" : "< "}0.0001`;
  return `${sign}${significant(magnitude, decimals)}`;
}

const DECIMAL = new Intl.NumberFormat("en", {
  maximumFractionDigits: SIGNIFICANT,
  maximumSignificantDigits: SIGNIFICANT,
  roundingPriority: "morePrecision",
});

/** A chart's value to four digits, or four places if that says more: `1,234.5678`, `0.00001234`; `0` for zero alone. */
export function formatNumber(value: number): string {
  return DECIMAL.format(value);
}

/** Base units as a float of whole tokens, for charts only. */
export function toNumber(value: bigint, decimals: number): number {
  return Number(value) / 10 ** decimals;
}

function significant(magnitude: bigint, decimals: number): string {
  const whole = magnitude / 10n ** BigInt(decimals);
  const places = whole >= 1_000n ? 0 : Math.max(0, SIGNIFICANT - (whole === 0n ? 0 : whole.toString().length));
  const dropped = 10n ** BigInt(Math.max(0, decimals - places));
  const rounded = ((magnitude + dropped / 2n) / dropped) * dropped;
  return formatExact(rounded, decimals);
}

function split(value: bigint, decimals: number): { sign: string; whole: string; fraction: string } {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  return {
    sign: value < 0n ? "−" : "",
    whole: digits.slice(0, digits.length - decimals),
    fraction: digits.slice(digits.length - decimals).replace(/0+$/, ""),
  };
}

function group(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ",");
}
