/** Unix seconds as a date; values that no calendar holds stay numbers. */
export const time = (seconds: bigint): string =>
  seconds <= 8_640_000_000_000n ? new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z") : `${seconds}`;
