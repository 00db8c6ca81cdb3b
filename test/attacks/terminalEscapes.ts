import { expect } from "chai";
import { table } from "../../scripts/cli/command.ts";
import { printable } from "../../sdk/src/verify/printable.ts";

// A node's endpoint, a token's symbol and a contract's reason are written by strangers. Shown as they are, they could
// clear the operator's screen, forge a line of output, or hide what follows.
describe("Attack: text of strangers that a terminal obeys", () => {
  it("is shown without control characters and on one line", () => {
    for (const [hostile, shown] of [
      ["\u001b[2Jgone", " [2Jgone"],
      ["a\nopg: all is well", "a opg: all is well"],
      ["a\r\n\tb", "a b"],
      ["\u202eexe.txt", " exe.txt"],
      ["\u009b31mred", " 31mred"],
      ["plain – text ✓", "plain – text ✓"],
    ] as const) {
      expect(printable(hostile)).to.equal(shown);
    }
    expect(table({ endpoint: "x\nowner  me", owner: "you" })).to.equal("endpoint  x owner  me\nowner     you");
  });
});
