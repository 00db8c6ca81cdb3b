import { expect } from "chai";
import type { Command } from "commander";
import { createProgram } from "../../scripts/cli/program.ts";

/** Every command that does something, with its whole name. */
function leaves(command: Command, name: readonly string[] = []): [readonly string[], Command][] {
  return command.commands.length === 0
    ? [[name, command]]
    : command.commands.flatMap((child) => leaves(child, [...name, child.name()]));
}

/** What `--help` shows. */
function help(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

describe("The command line", () => {
  for (const [name, command] of leaves(createProgram())) {
    it(`opg ${name.join(" ")} --help shows an example that the command takes`, async () => {
      const text = help(command);
      const examples = [...text.matchAll(/npm run (?:--silent )?opg -- (.+)/g)].map(([, line = ""]) => line.trim());
      expect(examples, text).not.to.have.length(0);
      for (const line of examples) {
        const program = createProgram();
        let ran = false;
        const found = leaves(program).find(([path]) => path.join(" ") === name.join(" "))?.[1];
        found?.exitOverride((error) => {
          throw error;
        });
        found?.action(() => {
          ran = true;
        });
        await program.parseAsync(line.split(" "), { from: "user" });
        expect(ran, line).to.equal(true);
      }
      // Keys come from the keystore or the environment: an option would leave them in the shell's history.
      for (const { long } of command.options) expect(long).not.to.match(/private|secret|mnemonic|password/);
    });
  }
});
