import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/**
 * The command line's options. A wrong one ends the process with 1, after one line that says which.
 *
 * @param command What the line begins with.
 * @param options As `parseArgs` of node:util takes them.
 */
export function optionsOf<const Options extends ParseArgsOptionsConfig>(command: string, options: Options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${command}: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
