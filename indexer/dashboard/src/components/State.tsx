import type { Words } from "../format/words.ts";
import { Mark } from "./Mark.tsx";

/** A state by its word. */
export function State<Name extends string>({
  of,
  words,
}: {
  readonly of: Name;
  readonly words: Readonly<Record<Name, Words>>;
}) {
  const { tone, text } = words[of];
  return <Mark tone={tone}>{text}</Mark>;
}
