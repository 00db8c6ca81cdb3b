import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** What Debian and others call it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The path of a Chromium: `CHROMIUM_PATH`, or the first that PATH has.
 *
 * @throws Error that says how to get one.
 */
export function findChromium(): string {
  const named = process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = named ? [named] : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    named
      ? `CHROMIUM_PATH names no program: ${named}`
      : "There is no Chromium in PATH. On Debian: apt-get install chromium. Or set CHROMIUM_PATH to any Chromium or Chrome.",
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a Chromium that finds no host but this machine. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: findChromium(),
    args: [
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      // Its sandbox refuses to run as root, which containers do; the only pages it opens are ours.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
