/** What an audit concludes; the numbers are the command's exit codes. */
export const Verdict = { HOLDS: 0, DOES_NOT_HOLD: 1, CANNOT_BE_READ: 2 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** A verdict in words. */
export const VERDICTS = ["holds", "does not hold", "cannot be read"] as const;

/** The worse of two verdicts: what does not hold is worse than what cannot be read. */
export const worse = (a: Verdict, b: Verdict): Verdict =>
  a === Verdict.DOES_NOT_HOLD || b === Verdict.DOES_NOT_HOLD ? Verdict.DOES_NOT_HOLD : a === Verdict.HOLDS ? b : a;
