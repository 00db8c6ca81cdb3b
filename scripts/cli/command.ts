import { type Command, InvalidArgumentError, Option } from "commander";
import { printable } from "../../sdk/src/verify/printable.ts";
import type { Context } from "./context.ts";

/** What a command found out or did: the object for `--json`, the lines for people. */
export interface Report {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** What the command exits with; 0 if absent. */
  readonly exitCode?: number;
}

/** The options that every command on a network has. */
export interface NetworkOptions {
  readonly network: string;
  readonly deployment?: string;
  readonly account: number;
  readonly json?: true;
}

/** Adds an example that works as it stands (on a network that has what it names) to a command's help. */
export const example = (command: Command, line: string): Command =>
  command.addHelpText("after", `\nExample:\n  npm run opg -- ${line}`);

/**
 * Makes a command one that works on a network: adds its options and its example, and runs `task` with the network's
 * provider, account and deployment. Errors become one line: exit code 2 for unreadable input, `failure` (1 if absent) for
 * anything else.
 *
 * @param line The example, without `npm run opg --`.
 */
export function onNetwork<Options>(
  command: Command,
  line: string,
  task: (context: Context, options: Options & NetworkOptions, args: readonly string[]) => Promise<Report>,
  failure?: number,
): Command {
  return example(command, line)
    .option("--network <name>", "a network of hardhat.config.ts", "localhost")
    .option("--deployment <path>", "a deployment's JSON file or Ignition folder; found by the chain's number if absent")
    .option("--account <index>", "which of the network's accounts acts", wholeNumber, 0)
    .option("--json", "print one JSON object")
    .action(async () => {
      const options: Options & NetworkOptions = command.opts();
      const { runOnNetwork } = await import("./context.ts");
      process.exitCode = await runOnNetwork(options, (context) => task(context, options, command.args), failure);
    });
}

/** Reads a whole number of an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It has to be a whole number.");
  return Number(text);
}

/** Reads a decimal amount of an option, and leaves it text: its token's decimals are on chain. */
export function decimal(text: string): string {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError("It has to be a decimal number such as 12.5.");
  return text;
}

/** Reads 32 bytes of 0x-hex of an option. */
export function bytes32(text: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError("It has to be 32 bytes of 0x-hex.");
  return text.toLowerCase();
}

/** Reads an address of an option. */
export function address(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new InvalidArgumentError("It has to be an address.");
  return text;
}

/** Reads a route of an option. */
function route(text: string): 0 | 1 {
  const found = { zk: 0, tee: 1 }[text.toLowerCase()];
  if (found !== 0 && found !== 1) throw new InvalidArgumentError("It has to be zk or tee.");
  return found;
}

/** `--route`, for commands about one of a model's routes. */
export const routeOption = (): Option =>
  new Option("--route <route>", "how inferences are proven: zk or tee").argParser(route).default(0, "zk");

/** `--insecure`, for commands that ask a node. */
export const insecureOption = (): Option =>
  new Option("--insecure", "also ask a node without TLS, where others can read the input on its way");

/** Lines of names and values, aligned; an array takes a line for each element. Undefined values are left out. */
export function table(rows: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(rows).filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown
    .flatMap(([name, value]) =>
      [value].flat().map((line, index) => `${(index === 0 ? name : "").padEnd(width)}  ${printable(String(line))}`),
    )
    .join("\n");
}
