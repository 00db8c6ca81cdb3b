import { expect } from "chai";
import { Books, BooksError, type Entity, KEYS } from "../../../scripts/reconcile/books.ts";
import {
  compareBooks,
  compareHoldings,
  compareStatements,
  indexed,
  uncomparedColumns,
} from "../../../scripts/reconcile/compare.ts";
import { exitCodeOf } from "../../../scripts/reconcile/reconcile.ts";
import { sqlName, type TextRow } from "../../../scripts/reconcile/tables.ts";

const books = () => {
  const made = new Books();
  made.put("credit", { token: "0xa", account: "0xb", balance: 2n ** 100n, received: 5n, withdrawn: 0n });
  made.put("measurementSet", { id: "0xc", trust: "LOCAL", backend: "", measurements: ["0xd", "0xe"] });
  made.put("token", { address: "0xa", listed: true, escrowed: 0n, credited: 1n });
  return made;
};
const rows = {
  credit: { token: "0xa", account: "0xb", balance: String(2n ** 100n), received: "5", withdrawn: "0" },
  measurementSet: { id: "0xc", trust: "LOCAL", backend: "", measurements: '["0xd","0xe"]' },
  token: { address: "0xa", listed: "true", escrowed: "0", credited: "1" },
};
const tables = (change: Partial<Record<Entity, TextRow[]>> = {}) =>
  new Map(
    Object.entries({ ...Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, [row]])), ...change }).map(
      ([name, found]) => [name as Entity, indexed(name as Entity, found, KEYS[name as Entity])],
    ),
  );

describe("reconciliation", () => {
  it("finds no difference where every row says the same", () => {
    expect(compareBooks(books(), tables())).to.deep.equal([]);
    expect(uncomparedColumns(books(), tables())).to.deep.equal([]);
  });

  it("finds any column that differs, to the last digit", () => {
    for (const [entity, row] of Object.entries(rows)) {
      for (const column of Object.keys(row).filter(
        (name) => !(KEYS[entity as Entity] as readonly string[]).includes(name),
      )) {
        const changed = { ...row, [column]: `${Object(row)[column]}1` };
        const [difference, ...others] = compareBooks(books(), tables({ [entity]: [changed] }));
        expect(others).to.deep.equal([]);
        expect(difference).to.include({ entity, field: column, source: "logs", table: Object(changed)[column] });
        expect(difference?.chain).to.equal(Object(row)[column]);
      }
    }
  });

  it("finds a row that is missing, and one too many", () => {
    expect(compareBooks(books(), tables({ credit: [] }))).to.deep.equal([
      { entity: "credit", id: "0xa/0xb", field: "row", chain: "present", table: null, source: "logs" },
    ]);
    const extra = { ...rows.token, address: "0xf" };
    expect(compareBooks(books(), tables({ token: [rows.token, extra] }))).to.deep.equal([
      { entity: "token", id: "0xf", field: "row", chain: null, table: "present", source: "logs" },
    ]);
  });

  it("finds what the contracts say otherwise", () => {
    const statement = { entity: "credit", row: { token: "0xa", account: "0xb", balance: 1n } } as const;
    expect(compareStatements([statement], tables())).to.deep.equal([
      ...[
        {
          entity: "credit",
          id: "0xa/0xb",
          field: "balance",
          chain: "1",
          table: rows.credit.balance,
          source: "contracts",
        },
      ],
    ]);
  });

  it("finds what the contracts owe beyond what they hold, and does not mind if they hold more", () => {
    const token = { ...rows.token, escrowed: String(2n ** 100n), credited: "1" };
    const compared = (held: bigint | null) => {
      const holding = { entity: "token", row: { address: "0xa" }, columns: ["escrowed", "credited"], held } as const;
      return compareHoldings([holding], tables({ token: [token] }));
    };
    expect(compared(2n ** 100n + 1n)).to.deep.equal([]);
    expect(compared(2n ** 101n)).to.deep.equal([]);
    expect(compared(2n ** 100n)).to.deep.equal([
      {
        entity: "token",
        id: "0xa",
        field: "escrowed + credited",
        chain: `at most ${2n ** 100n}`,
        table: String(2n ** 100n + 1n),
        source: "contracts",
      },
    ]);
    expect(compared(null).map(({ chain }) => chain)).to.deep.equal(["no balance"]);
    const nothing = {
      entity: "token",
      row: { address: "0xf" },
      columns: ["escrowed", "credited"],
      held: null,
    } as const;
    expect(compareHoldings([nothing], tables())).to.deep.equal([]);
  });

  it("names the columns that it has no rule for", () => {
    expect(uncomparedColumns(books(), tables({ token: [{ ...rows.token, new_column: "1" }] }))).to.deep.equal([
      "token.new_column",
    ]);
  });

  it("ends with 1 if something differs, and with 2 if it could not compare all", () => {
    const differences = compareBooks(books(), tables({ credit: [] }));
    expect(exitCodeOf({ differences: [], uncompared: [] })).to.equal(0);
    expect(exitCodeOf({ differences: [], uncompared: ["token.new_column"] })).to.equal(2);
    expect(exitCodeOf({ differences, uncompared: [] })).to.equal(1);
    expect(exitCodeOf({ differences, uncompared: ["token.new_column"] })).to.equal(1);
  });

  it("refuses logs that do not fit together", () => {
    expect(() => books().get("node", "0x1")).to.throw(BooksError, "an event is about node 0x1, which no event made");
  });

  it("names columns as Ponder does", () => {
    expect(["metadataURI", "validUntil", "id", "proofDeadlineBlock"].map(sqlName)).to.deep.equal([
      "metadata_uri",
      "valid_until",
      "id",
      "proof_deadline_block",
    ]);
  });
});
