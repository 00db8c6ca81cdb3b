import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AnchorStore } from "./anchor.ts";
import { DatabaseError } from "./errors.ts";

/** Where the id of the process that writes PGlite's directory is: beside it, for PGlite wants to begin with an empty one. */
const writerOf = (directory: string): string => `${directory}.pid`;

/**
 * Notes, while it lives, which process writes the directory. If another one was noted meanwhile, this one is ended before
 * it has begun.
 *
 * @throws {@link DatabaseError}
 */
export function noteWriter(directory: string, child: ChildProcess): void {
  const file = writerOf(directory);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, String(child.pid), { flag: "wx" });
  } catch (error) {
    child.kill("SIGKILL");
    throw codeOf(error) === "EEXIST" ? isWritten(directory) : error;
  }
  child.once("exit", () => rmSync(file, { force: true }));
}

/** @throws {@link DatabaseError} if a living process writes the directory: PGlite would let a second one in. */
export function requireNoWriter(directory: string): void {
  const file = writerOf(directory);
  const id = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (Number.isInteger(id) && id > 0 && isAlive(id)) throw isWritten(directory);
  rmSync(file, { force: true });
}

function isWritten(directory: string): DatabaseError {
  const file = writerOf(directory);
  return new DatabaseError(
    `Process ${readFileSync(file, "utf8")} writes the tables in ${directory}: stop it first, or remove ${file} if it is no indexer`,
  );
}

/** Whether there is a process of that id, be it somebody else's. */
function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

const codeOf = (error: unknown): unknown => (Object(error) as { code?: unknown }).code;

/**
 * Removes the directory, if it is there.
 *
 * @throws {@link DatabaseError} if there is something else than PGlite's tables in it.
 */
export function dropDirectory(directory: string): void {
  if (!existsSync(directory)) return;
  if (!existsSync(join(directory, "PG_VERSION"))) throw new DatabaseError(`There are no tables in ${directory}`);
  rmSync(directory, { recursive: true });
}

const ANCHOR = /^\{"number":(\d+),"hash":"(0x[0-9a-f]{64})"\}$/;

/**
 * Keeps it as a file in the directory.
 *
 * @throws {@link DatabaseError} when it is read, if the file does not say it: then nobody knows what the tables are built on.
 */
export function directoryAnchor(directory: string): AnchorStore {
  const file = join(directory, "opg-anchor.json");
  return {
    async read() {
      if (!existsSync(file)) return null;
      const [, number, hash] = ANCHOR.exec(readFileSync(file, "utf8")) ?? [];
      if (number !== undefined && hash !== undefined) return { number: Number(number), hash };
      throw new DatabaseError(
        `${file} does not say which block the tables are built on: have them made again with --fresh`,
      );
    },
    async write(anchor) {
      // Whole or not at all.
      writeFileSync(`${file}.new`, JSON.stringify(anchor));
      renameSync(`${file}.new`, file);
    },
  };
}
