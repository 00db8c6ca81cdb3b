import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = import.meta.dirname;
const repository = join(root, "..", "..");
/** What the page is made of: another of these makes another page. */
const SOURCES = [
  "indexer/dashboard/{index.html,vite.config.ts,build.ts,package.json}",
  "indexer/dashboard/{src,public}/**/*.*",
  "indexer/src/mapping/*.ts",
  "sdk/src/**/*.ts",
  "package-lock.json",
];
const STAMP = ".sources";

/**
 * Builds the dashboard if its sources have changed since it was last built.
 *
 * @returns The folder to serve: {@link https://vite.dev | Vite}'s output.
 * @throws Error with the end of Vite's log if it does not build; the last good build stays.
 */
export async function buildDashboard(): Promise<string> {
  const dist = join(root, "dist");
  const stamp = stampOf();
  if (existsSync(join(dist, STAMP)) && readFileSync(join(dist, STAMP), "utf8") === stamp) return dist;

  // Beside the old one, and in its place when it is whole: two commands may build at once, and an indexer serve it.
  const fresh = join(root, `dist-${process.pid}`);
  try {
    await vite(["build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"]);
    writeFileSync(join(fresh, STAMP), stamp);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return dist;
}

function stampOf(): string {
  const hash = createHash("sha256");
  for (const file of globSync(SOURCES, { cwd: repository }).sort()) {
    const content = readFileSync(join(repository, file));
    hash.update(`${file.replaceAll("\\", "/")}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** A process of its own: Vite sets NODE_ENV, which is not for whoever calls this. */
async function vite(args: readonly string[]): Promise<void> {
  const binary = join(dirname(fileURLToPath(import.meta.resolve("vite/package.json"))), "bin", "vite.js");
  const { NODE_ENV: _, ...env } = process.env;
  const child = spawn(process.execPath, [binary, ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const log: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => log.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`The dashboard does not build:\n${Buffer.concat(log).toString().slice(-4_000)}`);
}
