/** The evidence contradicts itself, or what it should prove. */
export class Refuted extends Error {
  override name = "Refuted";
}

/** The evidence is missing, or of a kind that is not known here. */
export class Unreadable extends Error {
  override name = "Unreadable";
}

/** @throws Refuted saying `what`, unless the condition holds. */
export function requireThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Refuted(what);
}
