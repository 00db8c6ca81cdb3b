/** The chain or the tables cannot be read, so nothing can be said. The command exits with 2. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";

  /** What went wrong where, unless the error says so itself. */
  static because(what: string, error: unknown): Unreadable {
    if (error instanceof Unreadable) return error;
    return new Unreadable(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
