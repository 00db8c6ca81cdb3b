import { createRequire } from "node:module";
import { expect } from "chai";

// Ponder's own.
const { PgDialect }: typeof import("drizzle-orm/pg-core") = createRequire(import.meta.resolve("ponder"))(
  "drizzle-orm/pg-core",
);

/** The longest name that the settings let a schema have. */
const LONGEST = "x".repeat(45);

describe("the indexer's views", () => {
  it("are short enough for Ponder to read, in a schema of whatever name", async () => {
    Object.assign(globalThis, { PONDER_NAMESPACE_BUILD: { schema: LONGEST } });
    const tables: Record<string, unknown> = await import("../../../indexer/ponder.schema.ts");
    const dialect = new PgDialect({ casing: "snake_case" });
    const config = Symbol.for("drizzle:ViewBaseConfig");
    const views = Object.entries(tables).flatMap(([name, table]) => {
      const query = Object(Object(table)[config]).query;
      return query === undefined ? [] : [[name, dialect.sqlToQuery(query).sql] as const];
    });
    expect(views.map(([name]) => name)).to.include("alert");
    for (const [name, text] of views) {
      expect(text).to.contain(LONGEST);
      // Of more, Ponder's middleware for SQL does not find out which tables a view is of, and ends the process.
      expect(text.length, name).to.be.at.most(5_000);
    }
  });
});
