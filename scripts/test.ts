/**
 * `npm test`: every test, in jobs of which as many run at once as there are cores, since a test seldom keeps two busy. What
 * follows the command goes to `hardhat test` as it is, such as a file.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { PassThrough } from "node:stream";

const hardhat = (args: readonly string[], stdout: "inherit" | "pipe"): ChildProcess =>
  spawn("hardhat", args, { stdio: ["inherit", stdout, "inherit"], shell: process.platform === "win32" });

const exitOf = async (child: ChildProcess): Promise<number> => {
  const [code] = await once(child, "close");
  return code ?? 1;
};

const run = (...args: readonly string[]): Promise<number> => exitOf(hardhat(args, "inherit"));

const filters = process.argv.slice(2);
if (filters.length > 0) process.exit(await run("test", ...filters));

// Contracts, and the circuit that the tests prove with, each on a core of its own.
const circuits = exitOf(spawn(process.execPath, ["circuits/build.ts", "--check", "digits"], { stdio: "inherit" }));
const built = await Promise.all([run("build", "--quiet"), circuits]);
const broken = built.find((code) => code !== 0);
if (broken !== undefined) process.exit(broken);

/** A folder's tests in two jobs, so that the cores end together. */
const halves = (folder: string) =>
  [0, 1].map((half) => {
    const files = globSync(`test/${folder}/**/*.ts`).sort();
    return ["mocha", "test/support/keptCurve.ts", ...files.filter((_, place) => place % 2 === half)];
  });
/** The longest first. */
const jobs = [...halves("integration"), ...halves("unit"), ...halves("attacks"), ["solidity"]].map((args) => ({
  args: ["test", ...args, "--no-compile"],
  /** What it says, kept until it is printed; ends when the code is known. */
  output: new PassThrough({ highWaterMark: Number.MAX_SAFE_INTEGER }),
  code: 0,
}));

const queue = [...jobs];
async function work(): Promise<void> {
  for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
    const child = hardhat(job.args, "pipe");
    child.stdout?.pipe(job.output, { end: false });
    job.code = await exitOf(child);
    job.output.end();
  }
}
for (let worker = 0; worker < availableParallelism(); worker++) void work();

for (const job of jobs) {
  for await (const chunk of job.output) process.stdout.write(chunk);
  process.exitCode ||= job.code;
}
