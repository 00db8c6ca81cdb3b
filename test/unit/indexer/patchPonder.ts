import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";

const MODULE = new URL("../../../indexer/preload/patchPonder.ts", import.meta.url).href;
const FINALITY = new URL("utils/finality.js", import.meta.resolve("ponder")).href;

/** In a process of its own patches a module of Ponder's; prints how many blocks Ponder then takes for final. */
async function finalityWith(...patch: readonly string[]): Promise<string> {
  const script = `
    const { patchPonder } = await import(${JSON.stringify(MODULE)});
    patchPonder(${patch.join(", ")});
    const { getFinalityBlockCount } = await import(${JSON.stringify(FINALITY)});
    console.log(getFinalityBlockCount({ chain: { id: 31337 } }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  return stdout.trim();
}

describe("patchPonder", () => {
  it("puts other words into a module of Ponder's", async () => {
    expect(
      await finalityWith('"utils/finality.js"', "/finalityBlockCount = 30;/g", '"finalityBlockCount = 7;"'),
    ).to.equal("7");
  });

  it("does not load a module that has not the words", async () => {
    const error = await finalityWith('"utils/finality.js"', "/no such words/g", '""').catch(String);
    expect(error).to.include("Ponder's utils/finality.js has no /no such words/g");
  });

  it("refuses a module that Ponder has not", async () => {
    const error = await finalityWith('"utils/noSuch.js"', "/words/g", '""').catch(String);
    expect(error).to.include("Ponder has no utils/noSuch.js");
  });
});
