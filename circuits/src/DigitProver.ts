import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Hex } from "./field.ts";
import type { DigitClaim } from "./provable.ts";

/** What goes to the process that proves. */
export interface ProofJob {
  readonly id: number;
  readonly claim: DigitClaim;
}

/** What comes back from it: a proof of 256 bytes, or why there is none. */
export type ProofResult =
  | { readonly id: number; readonly proof: Hex }
  | { readonly id: number; readonly error: string };

interface Waiting {
  resolve(proof: Hex): void;
  reject(error: Error): void;
}

/**
 * Proves what a classifier finds in a process of its own and with low priority, so that whoever answers requesters meanwhile is not kept
 * from it by the arithmetic. The process starts with the first proof, and ends with this one or with {@link close}.
 */
export class DigitProver {
  readonly #waiting = new Map<number, Waiting>();
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;
  #count = 0;

  /**
   * @param classifier The classifier's name.
   * @param zkey The proving key, a file; the development setup's if absent.
   */
  constructor(classifier = "digits", zkey?: string) {
    this.#arguments = zkey === undefined ? [classifier] : [classifier, zkey];
  }

  /** Proves a claim. @returns the proof, 256 bytes. @throws Error with the prover's words. */
  prove(claim: DigitClaim): Promise<Hex> {
    return new Promise((resolve, reject) => {
      const id = ++this.#count;
      this.#waiting.set(id, { resolve, reject });
      this.#child ??= this.#start();
      const child = this.#child;
      child.ref();
      child.channel?.ref();
      child.send({ id, claim } satisfies ProofJob);
    });
  }

  /** Ends the process; what is not proven yet is not going to be. */
  close(): void {
    this.#child?.kill();
  }

  #start(): ChildProcess {
    const child = fork(fileURLToPath(new URL("./proverProcess.ts", import.meta.url)), this.#arguments, {
      serialization: "advanced",
    });
    // A machine that does not let us is no worse off than without.
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    } catch {}
    child.on("message", (result: ProofResult) => this.#settle(result));
    child.on("exit", (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      for (const id of [...this.#waiting.keys()]) {
        this.#settle({ id, error: `the prover ended (${signal ?? `exit code ${code}`})` });
      }
    });
    return child;
  }

  #settle(result: ProofResult): void {
    const waiting = this.#waiting.get(result.id);
    this.#waiting.delete(result.id);
    if ("proof" in result) waiting?.resolve(result.proof);
    else waiting?.reject(new Error(result.error));
    if (this.#waiting.size > 0) return;
    // An idle prover does not keep this process alive.
    this.#child?.unref();
    this.#child?.channel?.unref();
  }
}
