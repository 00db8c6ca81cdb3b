const UNITS = [
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3_600 },
  { name: "min", seconds: 60 },
  { name: "s", seconds: 1 },
] as const;

/** A length of time in its two largest units: `45 s`, `3 min 20 s`, `2 d 4 h`. Halves of a second and such round. */
export function formatDuration(seconds: number): string {
  let rest = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const { name, seconds: unit } of UNITS) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(`${count.toLocaleString("en")} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? "0 s" : parts.join(" ");
}

/** A range of lengths in the unit of its beginning, the end excluded: `15–60 s`, `1–4 h`. */
export function formatRange(from: number, to: number): string {
  const { name, seconds } = UNITS.find((unit) => from >= unit.seconds) ?? { name: "s", seconds: 1 };
  return `${from / seconds}–${to / seconds} ${name}`;
}

/** A time as its distance from now, in its largest unit: `now`, `12 s ago`, `in 3 h`. Both in seconds. */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(at - now);
  const unit = UNITS.find(({ seconds }) => distance >= seconds);
  if (unit === undefined) return "now";
  const length = `${Math.floor(distance / unit.seconds).toLocaleString("en")} ${unit.name}`;
  return at > now ? `in ${length}` : `${length} ago`;
}

const ABSOLUTE = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: "UTC",
});
const DAY = new Intl.DateTimeFormat("en-GB", { month: "short", day: "numeric", timeZone: "UTC" });
const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

/** A time in seconds, to the second, in UTC. */
export function formatAbsolute(at: number): string {
  return `${ABSOLUTE.format(at * 1_000)} UTC`;
}

/** The name of a period that begins then: `5 Nov` of a day or a week, `5 Nov 14:00` of an hour. */
export function formatPeriod(start: number, bucket: "hour" | "day" | "week"): string {
  const day = DAY.format(start * 1_000);
  return bucket === "hour" ? `${day} ${HOUR.format(start * 1_000)}` : day;
}
