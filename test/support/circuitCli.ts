import { Command } from "commander";
import { registerCircuitCommands } from "../../scripts/circuit/command.ts";

/** The circuit commands as a program of their own, to run in a process of its own. */
const program = new Command("opg");
registerCircuitCommands(program);
await program.parseAsync();
