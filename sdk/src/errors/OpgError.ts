/** What the SDK throws when it can say what happened. The message is one English sentence or two. */
export class OpgError extends Error {
  override name = "OpgError";
}
