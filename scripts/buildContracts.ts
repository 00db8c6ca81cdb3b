import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

let built = false;

/**
 * Compiles what has changed, once in a process, for a command that deploys contracts itself. Quiet: the compiler's
 * warnings, which are about libraries, are for `npm run build` to show.
 *
 * @throws Error with the compiler's words.
 */
export function buildContracts(): void {
  if (built) return;
  const { status, stderr, error } = spawnSync(join(ROOT, "node_modules", ".bin", "hardhat"), ["build", "--quiet"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`The contracts do not compile:\n${error?.message ?? stderr}`);
  built = true;
}
