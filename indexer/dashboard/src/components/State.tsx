import type { Words } from "../format/words.ts";
import { Mark } from "./Mark.tsx";

/** A state by its word; the state's own name where there is none for it. */
export function State({ of, words }: { readonly of: string; readonly words: Readonly<Record<string, Words>> }) {
  const { tone, text } = words[of] ?? { tone: "info", text: of.toLowerCase() };
  return <Mark tone={tone}>{text}</Mark>;
}
