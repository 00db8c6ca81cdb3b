/** A file that is not there, or is not what it should be. */
export class UnreadableFileError extends Error {
  override name = "UnreadableFileError";
}
