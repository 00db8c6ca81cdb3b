import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(import.meta.dirname, "..", "..", "..");
const source = join(root, "indexer", "dashboard", "src");
const folder = join(source, "queries");

/** What docs/indexer.md says of what the dashboard asks. */
function told(): string {
  const docs = readFileSync(join(root, "docs", "indexer.md"), "utf8");
  return /\n## Queries of the dashboard\n(.*?)(?=\n## |$)/s.exec(docs)?.[1] ?? "";
}

/** The dashboard's source files. */
const sources = (): string[] =>
  readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(join(source, file), "utf8"));

/** Every first group of a pattern, each once, in order. */
const found = (pattern: RegExp, texts: readonly string[]): string[] =>
  [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, group = ""]) => group)))].sort();

describe("Queries of the dashboard", () => {
  it("are in docs/indexer.md word for word, and nothing else is there as theirs", () => {
    const queries = [...told().matchAll(/```graphql\n(.*?)```/gs)].map(([, query]) => query);
    const asked = readdirSync(folder)
      .filter((file) => file.endsWith(".graphql"))
      .sort()
      .map((file) => readFileSync(join(folder, file), "utf8"));
    expect(asked).to.not.be.empty;
    expect(queries).to.deep.equal(asked);
  });

  it("are beside addresses and SQL that are told there, all that it reads and no other", () => {
    // As far as its question mark. The one whose beginning is filled in is the evidence's, of both kinds.
    const asked = found(/\b(?:useRead|read|fetch)(?:<[^(]*>)?\(\s*["`](\/[^"`?]*)/g, sources())
      .flatMap((path) =>
        path.startsWith("/$") ? ["inferences", "batches"].map((kind) => `/${kind}/*/evidence`) : path,
      )
      .sort();
    const table = found(/^\| (.*?) \|/gm, [told()]);
    const addresses = found(/`(\/[^`?]*)/g, table).map((path) => path.replace(/:\w+/g, "*"));
    expect(asked).to.include.members(["/status", "/tokens", "/batches/*/evidence"]);
    expect(addresses.sort()).to.deep.equal(asked);

    const statements = found(/\bsql`([^`]*)`/g, sources());
    expect(statements).to.have.length(1);
    expect(found(/```sql\n(.*?)\n```/gs, [told()])).to.deep.equal(statements);
  });
});
