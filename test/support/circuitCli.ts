import { Command } from "commander";
import { registerCircuitCommands } from "../../scripts/circuit/command.ts";

/** The circuit commands as a program of their own, to run in a process of its own. */
const program = new Command("opg");
registerCircuitCommands(program);
// The test runner loads every file below test/.
if (process.argv[1] === import.meta.filename) await program.parseAsync();
