import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import hre from "hardhat";
import type { ResolvedConfigurationVariable } from "hardhat/types/config";
import { createProgram } from "../../scripts/cli/program.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** What a command printed, and how it ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

const start = (command: string, args: readonly string[], environment: Environment): ChildProcess =>
  // No colours, no terminal, and none of this run's own Hardhat options.
  spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, HARDHAT_NETWORK: "", ...environment, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Runs a program of node_modules/.bin to its end. */
export async function run(command: string, args: readonly string[], environment: Environment): Promise<Finished> {
  const child = start(resolve(ROOT, "node_modules/.bin", command), args, environment);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Runs `opg` to its end, as a process of its own. */
export const opgProcess = (args: readonly string[], environment: Environment): Promise<Finished> =>
  run("node", ["scripts/opg.ts", ...args], environment);

let latest: Promise<unknown> = Promise.resolve();

/** Runs `opg` to its end in this process, which starts a second sooner: one at a time, as streams and environment are shared. */
export function opg(args: readonly string[], environment: Environment): Promise<Finished> {
  const finished = latest.then(() => runHere(args, environment));
  latest = finished.catch(() => undefined);
  return finished;
}

/** Thrown where a command calls `process.exit`. */
class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

async function runHere(args: readonly string[], environment: Environment): Promise<Finished> {
  const { exit, exitCode, env } = process;
  const streams = [process.stdout, process.stderr] as const;
  const before = streams.map(({ write, isTTY }) => ({ write, isTTY }));
  const printed = streams.map((stream) => {
    const chunks: string[] = [];
    const write = (chunk: string | Uint8Array) => chunks.push(Buffer.from(chunk).toString()) > 0;
    Object.assign(stream, { write, isTTY: false });
    return chunks;
  });
  process.env = { ...env, ...environment, NO_COLOR: "1" };
  process.exitCode = undefined;
  process.exit = (code) => {
    throw new Exit(Number(code ?? process.exitCode ?? 0));
  };
  let code: number;
  try {
    await createProgram().parseAsync(args, { from: "user" });
    code = Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    code = error.code;
  } finally {
    Object.assign(process, { exit, exitCode, env });
    for (const [index, stream] of streams.entries()) Object.assign(stream, before[index]);
  }
  const [stdout = "", stderr = ""] = printed.map((chunks) => chunks.join(""));
  return { code, stdout, stderr };
}

/** Hardhat reads a variable of its configuration once in a process: here, for every command anew. */
const current = (variable: ResolvedConfigurationVariable, name: string): ResolvedConfigurationVariable =>
  new Proxy(variable, {
    get: (target, method) => async () => process.env[name] ?? Reflect.get(target, method).call(target),
  });
const { custom } = hre.config.networks;
if (custom?.type !== "http" || !Array.isArray(custom.accounts)) throw new Error("there is no network for the commands");
custom.url = current(custom.url, "CUSTOM_RPC_URL");
custom.accounts = custom.accounts.map((key) => current(key, "OPG_PRIVATE_KEY"));

/** Starts `opg` and waits for its first line of JSON. */
export async function opgService(
  args: readonly string[],
  environment: Environment,
): Promise<{ readonly first: Readonly<Record<string, unknown>>; stop(): Promise<Finished> }> {
  const child = start(resolve(ROOT, "node_modules/.bin/node"), ["scripts/opg.ts", ...args], environment);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const closed = once(child, "close");
  const ended = closed.then(() => {
    throw new Error(`opg ${args.join(" ")} ended: ${stderr()}`);
  });
  ended.catch(() => undefined);
  while (!stdout().includes("\n")) await Promise.race([once(child.stdout ?? child, "data"), ended]);
  return {
    first: JSON.parse(stdout().split("\n")[0] ?? ""),
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = (await closed) as [number | null];
      return { code, stdout: stdout(), stderr: stderr() };
    },
  };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
