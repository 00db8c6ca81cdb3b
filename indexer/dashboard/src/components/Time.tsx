import { useNow } from "../data/useNow.ts";
import { formatAbsolute, formatDuration, formatRelative } from "../format/time.ts";
import { Hint, None } from "./Amount.tsx";

/** A time by its distance from now; the time itself on hover and focus. In seconds. */
export function Time({ at }: { readonly at: string | number | null | undefined }) {
  const relative = useNow((now) => (at === null || at === undefined ? "" : formatRelative(Number(at), now)));
  if (at === null || at === undefined) return <None />;
  return (
    <Hint text={formatAbsolute(Number(at))}>
      <time dateTime={new Date(Number(at) * 1_000).toISOString()}>{relative}</time>
    </Hint>
  );
}

/** A length of time; its seconds on hover and focus where they are not all shown. */
export function Duration({ seconds }: { readonly seconds: string | number | null | undefined }) {
  if (seconds === null || seconds === undefined) return <None />;
  const text = formatDuration(Number(seconds));
  if (Number(seconds) < 60) return <span className="num">{text}</span>;
  return <Hint text={`${Number(seconds).toLocaleString("en")} seconds`}>{text}</Hint>;
}
