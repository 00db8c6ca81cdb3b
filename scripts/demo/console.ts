import { stdout } from "node:process";

/** Colours only where somebody looks. */
const style = (code: number) => (text: string) => (stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = style(1);
export const dim = style(2);
export const green = style(32);
export const red = style(31);

/** Clears the line that {@link progress} wrote. */
const clear = () => {
  if (stdout.isTTY) stdout.write("\r\x1b[K");
};

/** A line that stays. */
export function print(line = ""): void {
  clear();
  console.log(line);
}

/** What is going on: rewritten in place on a terminal, a plain line in a log. */
export function progress(line: string): void {
  if (stdout.isTTY) {
    clear();
    stdout.write(dim(line));
  } else {
    console.log(line);
  }
}

/** A part of the demo, and what it shows. */
export function heading(title: string): void {
  print();
  print(bold(title));
  print("─".repeat(title.length));
}

/** Text art with lines of text to the right of it. */
export function beside(art: readonly string[], width: number, lines: readonly string[]): void {
  for (let i = 0; i < Math.max(art.length, lines.length); i++) {
    print(`  ${(art[i] ?? "").padEnd(width)}  ${lines[i] ?? ""}`.trimEnd());
  }
}

/** A table with columns as wide as they have to be. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) print(`  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
}
