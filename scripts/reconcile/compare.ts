import { type Books, type Cell, ENTITIES, type Entity, idOf, type Row } from "./books.ts";
import { sqlName, type TextRow } from "./tables.ts";

/** Something that the tables say otherwise than the chain. */
export interface Difference {
  readonly entity: Entity;
  readonly id: string;
  /** The column, or several of which the sum differs; `row` where the whole row is missing or too many. */
  readonly field: string;
  readonly chain: string | null;
  readonly table: string | null;
  /** What the chain's side is from: the logs, or the contracts' own answers. */
  readonly source: "logs" | "contracts";
}

/** What a contract says of a row: the columns that it knows. */
export interface Statement {
  readonly entity: Entity;
  readonly row: Row;
}

/** What a contract holds of a token, for a sum of columns that it owes. */
export interface Holding {
  readonly entity: Entity;
  /** The row's key. */
  readonly row: Row;
  readonly columns: readonly string[];
  /** Null if the token does not say: what governance lists need not be one. */
  readonly held: bigint | null;
}

/** Rows by identifier. */
type Table = ReadonlyMap<string, TextRow>;

/** A cell as the tables' texts have it. */
function textOf(value: Cell): string | null {
  if (value === null || typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A table's rows by their identifier. */
export const indexed = (entity: Entity, rows: readonly TextRow[], key: readonly string[]): Table =>
  new Map(rows.map((row) => [idOf(entity, Object.fromEntries(key.map((c) => [c, row[sqlName(c)] ?? null]))), row]));

/** What the tables say otherwise than the books: rows that are missing or too many, and every column of the others. */
export function compareBooks(books: Books, tables: ReadonlyMap<Entity, Table>): Difference[] {
  return ENTITIES.flatMap((entity) => {
    const table = tables.get(entity) ?? new Map<string, TextRow>();
    const expected = books.rows(entity);
    const extra = [...table.keys()]
      .filter((id) => !expected.has(id))
      .map((id): Difference => ({ entity, id, field: "row", chain: null, table: "present", source: "logs" }));
    return [...expected.values()].flatMap((row) => compareRow({ entity, row }, table, "logs")).concat(extra);
  });
}

/** What the tables say otherwise than the contracts. */
export const compareStatements = (statements: readonly Statement[], tables: ReadonlyMap<Entity, Table>): Difference[] =>
  statements.flatMap((statement) => compareRow(statement, tables.get(statement.entity) ?? new Map(), "contracts"));

/** What the tables say that a contract owes, beyond what it holds. More may lie there: anybody can send it some. */
export const compareHoldings = (holdings: readonly Holding[], tables: ReadonlyMap<Entity, Table>): Difference[] =>
  holdings.flatMap(({ entity, row, columns, held }): Difference[] => {
    const id = idOf(entity, row);
    const found = tables.get(entity)?.get(id);
    const owed = columns.reduce((sum, column) => sum + BigInt(found?.[sqlName(column)] ?? 0), 0n);
    if (owed <= (held ?? 0n)) return [];
    const field = columns.join(" + ");
    const chain = held === null ? "no balance" : `at most ${held}`;
    return [{ entity, id, field, chain, table: String(owed), source: "contracts" }];
  });

/** Columns of the tables that the books say nothing of: they are not compared. */
export function uncomparedColumns(books: Books, tables: ReadonlyMap<Entity, Table>): string[] {
  return ENTITIES.flatMap((entity) => {
    const [row] = tables.get(entity)?.values() ?? [];
    const [expected] = books.rows(entity).values();
    if (row === undefined || expected === undefined) return [];
    const compared = new Set(Object.keys(expected).map(sqlName));
    return Object.keys(row)
      .filter((column) => !compared.has(column))
      .map((column) => `${entity}.${column}`);
  });
}

function compareRow({ entity, row }: Statement, table: Table, source: Difference["source"]): Difference[] {
  const id = idOf(entity, row);
  const found = table.get(id);
  if (found === undefined) return [{ entity, id, field: "row", chain: "present", table: null, source }];
  return Object.entries(row).flatMap(([field, value]) => {
    const chain = textOf(value);
    const column = found[sqlName(field)];
    return chain === column ? [] : [{ entity, id, field, chain, table: column ?? null, source }];
  });
}
