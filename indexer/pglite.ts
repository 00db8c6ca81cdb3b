import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Anchor, AnchorStore } from "./anchor.ts";
import { DatabaseError } from "./errors.ts";

/** Where the id of the process that writes PGlite's directory is: beside it, for PGlite wants to begin with an empty one. */
const writerOf = (directory: string): string => `${directory}.pid`;

/** Notes, while it lives, which process writes the directory. */
export function noteWriter(directory: string, child: ChildProcess): void {
  const file = writerOf(directory);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, String(child.pid));
  child.once("exit", () => rmSync(file, { force: true }));
}

/** @throws {@link DatabaseError} if a living process writes the directory: PGlite would let a second one in. */
export function requireNoWriter(directory: string): void {
  const file = writerOf(directory);
  const id = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (!Number.isInteger(id) || id <= 0) return;
  try {
    process.kill(id, 0);
  } catch {
    return;
  }
  throw new DatabaseError(
    `Process ${id} writes the tables in ${directory}: stop it first, or remove ${file} if it is no indexer`,
  );
}

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

/** Keeps it as a file in the directory. */
export function directoryAnchor(directory: string): AnchorStore {
  const file = join(directory, "opg-anchor.json");
  return {
    async read() {
      try {
        return JSON.parse(readFileSync(file, "utf8")) as Anchor;
      } catch {
        return null;
      }
    },
    async write(anchor) {
      writeFileSync(file, JSON.stringify(anchor));
    },
  };
}
