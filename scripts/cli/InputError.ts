/** Input that cannot be read: a file that is missing or is not what it should be. The command exits with 2. */
export class InputError extends Error {
  override name = "InputError";
}
