/**
 * `npm test`: every test, in two processes, since a test seldom keeps two cores busy: the integration tests in one, Solidity's
 * and all others in the other. What follows the command goes to `hardhat test` as it is, such as a file.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";

const hardhat = (args: readonly string[], stdout: "inherit" | "pipe"): ChildProcess =>
  spawn("hardhat", args, { stdio: ["inherit", stdout, "inherit"], shell: process.platform === "win32" });

const exitOf = async (child: ChildProcess): Promise<number> => {
  const [code] = await once(child, "exit");
  return code ?? 1;
};

const run = (...args: readonly string[]): Promise<number> => exitOf(hardhat(args, "inherit"));

const filters = process.argv.slice(2);
if (filters.length > 0) process.exit(await run("test", ...filters));

// Contracts and circuits, each on a core of its own.
const circuits = exitOf(spawn(process.execPath, ["circuits/build.ts", "--check"], { stdio: "inherit" }));
const built = await Promise.all([run("build", "--quiet"), circuits]);
const broken = built.find((code) => code !== 0);
if (broken !== undefined) process.exit(broken);

const integration = hardhat(["test", "mocha", "--no-compile", ...globSync("test/integration/**/*.ts")], "pipe");
const integrated = exitOf(integration);
const output: Buffer[] = [];
integration.stdout?.on("data", (chunk: Buffer) => output.push(chunk));

const others = globSync("test/{attacks,unit}/**/*.ts");
const codes = [await run("test", "solidity", "--no-compile"), await run("test", "mocha", "--no-compile", ...others)];

// What the integration tests have said until now, and then what they say.
for (const chunk of output) process.stdout.write(chunk);
integration.stdout?.removeAllListeners("data").pipe(process.stdout);
codes.push(await integrated);
process.exitCode = codes.find((code) => code !== 0) ?? 0;
