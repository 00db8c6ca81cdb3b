import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = join(root, "indexer", "dashboard", "src", "queries");

describe("Queries of the dashboard", () => {
  it("are in docs/indexer.md word for word, and nothing else is there as theirs", () => {
    const docs = readFileSync(join(root, "docs", "indexer.md"), "utf8");
    const section = /\n## Queries of the dashboard\n(.*?)(?=\n## |$)/s.exec(docs)?.[1] ?? "";
    const told = [...section.matchAll(/```graphql\n(.*?)```/gs)].map(([, query]) => query);
    const asked = readdirSync(folder)
      .filter((file) => file.endsWith(".graphql"))
      .sort()
      .map((file) => readFileSync(join(folder, file), "utf8"));
    expect(asked).to.not.be.empty;
    expect(told).to.deep.equal(asked);
  });
});
