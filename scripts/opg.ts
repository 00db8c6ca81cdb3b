// The command line of requesters, operators and model owners: `npm run opg -- --help`.
import { createProgram } from "./cli/program.ts";

await createProgram().parseAsync();
