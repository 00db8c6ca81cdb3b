import { spawnSync } from "node:child_process";
import { expect } from "chai";

const module = new URL("../../scripts/optionsOf.ts", import.meta.url).href;
const PROGRAM = `
  import { optionsOf } from ${JSON.stringify(module)};
  console.log(JSON.stringify(optionsOf("demo", { keep: { type: "boolean", default: false } })));
`;
const run = (...options: string[]) => {
  const args = ["--input-type=module", "-e", PROGRAM, "--", ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout, stderr };
};

describe("options of a command", () => {
  it("are those that it knows, with their defaults", () => {
    expect(run()).to.deep.equal({ status: 0, stdout: '{"keep":false}\n', stderr: "" });
    expect(run("--keep")).to.deep.equal({ status: 0, stdout: '{"keep":true}\n', stderr: "" });
  });

  it("are refused in one line if it does not know them", () => {
    for (const wrong of ["--kep", "kept", "--keep=1"]) {
      const { status, stdout, stderr } = run(wrong);
      expect({ status, stdout }, wrong).to.deep.equal({ status: 1, stdout: "" });
      expect(stderr).to.match(/^demo: [^\n]+\n$/);
    }
  });
});
