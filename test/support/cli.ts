import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

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

/** Runs `opg` to its end. */
export const opg = (args: readonly string[], environment: Environment): Promise<Finished> =>
  run("node", ["scripts/opg.ts", ...args], environment);

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
