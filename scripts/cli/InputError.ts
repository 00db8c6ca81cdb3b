import { UnreadableFileError } from "../../circuits/src/UnreadableFileError.ts";

/** Input that cannot be read: a file that is missing or is not what it should be. The command exits with 2. */
export class InputError extends Error {
  override name = "InputError";
}

/** Whether an error says that input cannot be read. */
export const isUnreadable = (error: unknown): error is Error =>
  error instanceof InputError || error instanceof UnreadableFileError;
