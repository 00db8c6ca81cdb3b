import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { expect } from "chai";

/**
 * Ponder remembers whether a statement may pass by 40 bits of its hash. These two have the same 40 bits (a million hashes
 * of each kind were tried), so whoever sent the first could send the second: on PGlite, which lets it write.
 */
const HARMLESS = 'select 1 as "625448"';
const FORBIDDEN = "delete from node -- 947255";

const PRELOAD = new URL("../../indexer/preload/wholeHashes.ts", import.meta.url).href;
const PARSER = new URL("utils/sql-parse.js", import.meta.resolve("ponder")).href;

/** Asks Ponder in a process of its own, first for the one statement, then for the other. */
async function askPonder(...options: string[]): Promise<string[]> {
  const script = `
    const { validateAllowableSQLQuery } = await import(${JSON.stringify(PARSER)});
    for (const statement of ${JSON.stringify([HARMLESS, FORBIDDEN])}) {
      console.log(await validateAllowableSQLQuery(statement).then(() => "passes", () => "refused"));
    }
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [...options, "--input-type=module", "-e", script]);
  return stdout.trim().split("\n");
}

describe("attack: a forbidden statement with the hash of an allowed one", () => {
  it("collides in what Ponder keeps of the hash", async () => {
    const kept = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 10);
    expect(kept(HARMLESS)).to.equal(kept(FORBIDDEN));
    expect(await askPonder()).to.deep.equal(["passes", "passes"]);
  });

  it("is refused by the indexer, which keeps whole hashes", async () => {
    expect(await askPonder("--import", PRELOAD)).to.deep.equal(["passes", "refused"]);
  });
});
