#!/usr/bin/env node
// Runs a command of this repository with the Node.js and the packages that it needs, on a machine that has nothing
// but some Node.js and npm. Imports nothing outside Node.js, and must parse on any Node.js since 18.
//
//   node scripts/bootstrap.mjs COMMAND [ARGUMENT...]
//
// 1. Packages are missing or do not match package-lock.json: `npm ci`, under Node 24 from npm when the running one is
//    older (npm skips the native packages that declare a newer engine, so the install itself has to run there).
// 2. COMMAND runs with node_modules/.bin first in PATH, where the `node` package puts Node 24.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, "node_modules", ".bin");
const stampFile = join(root, "node_modules", ".bootstrap");

/** What an up-to-date installation was made from; the Node.js that installed it is a part of it. */
const wanted = `${createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex")} node${NODE_MAJOR}`;

function isInstalled() {
  try {
    return readFileSync(stampFile, "utf8") === wanted;
  } catch {
    return false;
  }
}

/**
 * Runs a command in the foreground; the exit status is its own, or 1 with a line saying why it did not start. Its
 * standard output is ours, or goes to the given file descriptor.
 */
function run(command, args, { env = process.env, stdout = "inherit" } = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ["inherit", stdout, "inherit"],
    shell: process.platform === "win32",
  });
  if (error) console.error(`bootstrap: cannot run ${command}: ${error.message}`);
  return status ?? (signal ? 128 : 1);
}

function install() {
  // "./node_modules/.bin/node" is left over from an installation that may be broken: ask npm for a fresh one.
  const major = Number(process.versions.node.split(".")[0]);
  const ci = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"];
  console.error(
    `bootstrap: installing packages from package-lock.json${major < NODE_MAJOR ? ` under Node ${NODE_MAJOR} (this is Node ${process.versions.node})` : ""} ...`,
  );
  const started = Date.now();
  // Standard output belongs to the command: with --json, it is read by a program.
  const stdout = 2;
  const status =
    major < NODE_MAJOR
      ? run("npx", ["-y", "-p", `node@${NODE_MAJOR}`, "-c", ci.join(" ")], { stdout })
      : run(ci[0], ci.slice(1), { stdout });
  if (status !== 0) {
    console.error(
      "bootstrap: the installation failed; npm's own lines above say why. Run the same command again to retry.",
    );
    process.exit(status);
  }
  writeFileSync(stampFile, wanted);
  console.error(`bootstrap: installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("usage: node scripts/bootstrap.mjs COMMAND [ARGUMENT...]");
  process.exit(2);
}
if (!isInstalled()) install();
const env = {
  // Node.js keeps what it has compiled, so that each of our commands starts in half the time.
  NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "node"),
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
};
process.exit(run(command, args, { env }));
