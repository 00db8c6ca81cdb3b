import type { Logger } from "snarkjs";
import { withCurve } from "./curve.ts";

/** Told what is being done, and, while that goes on, which share of it is done (from 0 to 1). */
export type StepProgress = (step: string, share?: number) => void;

/** What a call of snarkjs came to. */
export interface Outcome<T> {
  readonly result: T;
  /** What it complained of, in one line; empty if of nothing. */
  readonly complaint: string;
}

/**
 * Calls snarkjs: its words become progress, or the complaint. Some of its complaints go to the console, whatever logger it
 * is given; they are caught, because the standard output is the command's.
 */
export async function callSnarkjs<T>(
  step: string,
  progress: StepProgress,
  call: (logger: Logger) => Promise<T>,
): Promise<Outcome<T>> {
  const complaints: string[] = [];
  const complain = (line: unknown) => complaints.push(String(line).trim());
  const share = (line: string) => {
    const [, done, all] = /(\d+)\/(\d+)\s*$/.exec(line) ?? [];
    if (done !== undefined && Number(all) > 0) progress(step, Math.min(1, Number(done) / Number(all)));
  };
  progress(step);
  const { log, error } = console;
  Object.assign(console, { log: complain, error: complain });
  try {
    const result = await withCurve(() => call({ debug: share, info: () => {}, warn: () => {}, error: complain }));
    return { result, complaint: complaints.join("; ") };
  } finally {
    Object.assign(console, { log, error });
  }
}
