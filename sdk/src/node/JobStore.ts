import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OpgError } from "../errors/OpgError.ts";
import type { InferenceCall } from "../wire.ts";
import { type InferenceReply, parseInferenceCall, parseInferenceReply, toJson } from "../wire.ts";

/** An answer that a node has signed and still has to prove. */
export interface Job {
  readonly call: InferenceCall;
  readonly reply: InferenceReply;
}

/**
 * What a node has signed and not settled yet, one file per request, written before the answer leaves: a node that is
 * started again proves what it promised, and never signs two answers to one request.
 */
export class JobStore {
  readonly #directory: string;

  /** @param directory Is made if it is missing. Only its owner can read the files: they hold the inputs. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Keeps a job. What is there after a crash is the whole job or none of it. */
  save(job: Job): void {
    const file = this.#file(job.reply.requestId);
    writeFileSync(`${file}.tmp`, toJson(job), { mode: 0o600, flush: true });
    renameSync(`${file}.tmp`, file);
  }

  /** Forgets a job that has ended. */
  remove(requestId: string): void {
    rmSync(this.#file(requestId), { force: true });
  }

  /** Every job that was saved and not removed. @throws OpgError naming a file that is not a job. */
  load(): Job[] {
    return readdirSync(this.#directory)
      .filter((name) => /^0x[0-9a-f]{64}\.json$/.test(name))
      .map((name) => {
        try {
          const { call, reply } = JSON.parse(readFileSync(join(this.#directory, name), "utf8"));
          return { call: parseInferenceCall(call), reply: parseInferenceReply(reply) };
        } catch (error) {
          throw new OpgError(`${join(this.#directory, name)} is not a job: ${error}`, { cause: error });
        }
      });
  }

  #file(requestId: string): string {
    return join(this.#directory, `${requestId}.json`);
  }
}
