import { readFileSync } from "node:fs";
import { InputError } from "./InputError.ts";

/** Reads a file. @throws InputError if it cannot be read. */
export function readInputFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new InputError(`${path} cannot be read: ${code === "ENOENT" ? "there is no such file" : code}`);
  }
}

/** Reads a JSON file. @throws InputError if it cannot be read or is not JSON. */
export const readJsonFile = (path: string): unknown =>
  understood(path, () => JSON.parse(new TextDecoder().decode(readInputFile(path))));

/** Whatever `read` makes of a file. @throws InputError in the place of its errors. */
export function understood<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = String(error instanceof Error ? error.message : error).replaceAll(/\s+/g, " "); // JSON.parse quotes lines
    throw new InputError(`${path} is not what it should be: ${reason}`);
  }
}
