/**
 * An error of viem's as it may be told to strangers: with the node's own words, its code and data, and without the address
 * that viem quotes, which may hold the operator's key.
 */
export function withoutAddress(error: unknown): Error {
  const { code, data, details, shortMessage } = Object(error) as Record<string, unknown>;
  const said = typeof code === "number" ? details : shortMessage;
  return Object.assign(new Error(String(said || "no answer")), { code, data });
}
