import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { ENTITIES, type Entity } from "./books.ts";
import { Unreadable } from "./Unreadable.ts";

/** A column of a row as text: numbers in decimal, truth as true or false, arrays as JSON. */
export type TextRow = Readonly<Record<string, string | null>>;

/** Everything that the tables say at one moment. */
export interface Tables {
  /** The block up to which the chain is in them. */
  readonly blockNumber: number;
  /** Its time in seconds. */
  readonly timestamp: number;
  /** The rows of every entity, with the columns' names in SQL. */
  readonly rows: ReadonlyMap<Entity, readonly TextRow[]>;
}

/** Where tables are: a running indexer, or a schema in PGlite's directory or in a PostgreSQL database. */
export type Source =
  | { readonly kind: "indexer"; readonly url: string }
  | { readonly kind: "pglite"; readonly directory: string; readonly schema: string }
  | { readonly kind: "postgres"; readonly connectionString: string; readonly schema: string };

type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Ponder's own tables: how far the tables are, and which there are. */
const CHECKPOINT = "_ponder_checkpoint";
const META = "_ponder_meta";

/**
 * Reads all tables as they are at one moment: one statement reads them all.
 *
 * @throws Unreadable if they cannot be read, or hold an entity that is not compared.
 */
export async function readTables(source: Source): Promise<Tables> {
  switch (source.kind) {
    case "indexer":
      return readFrom((sql) => askIndexer(source.url, sql));
    case "pglite":
      return readPglite(source.directory, source.schema);
    case "postgres":
      return readPostgres(source.connectionString, source.schema);
  }
}

/** The name in SQL of an entity or a column, as Ponder makes it. */
export const sqlName = (name: string): string =>
  (name.match(/[a-z\d]+|[A-Z]+(?![a-z])|[A-Z][a-z\d]+/g) ?? []).map((word) => word.toLowerCase()).join("_");

async function readFrom(query: Query): Promise<Tables> {
  const [meta] = parseRows((await query(`select value::text as rows from ${META} where key = 'app'`))[0]);
  checkEntities(JSON.parse(meta?.table_names ?? "[]"));
  // Short, for the indexer takes statements up to a length, and one has to read all tables to read one moment.
  const tables = [CHECKPOINT, ...ENTITIES.map(sqlName)];
  const statement = tables
    .map((table, place) => `select ${place} place,json_agg(t)::text rows from "${table}" t`)
    .join(" union all ");
  const found = new Map((await query(statement)).map((row) => [tables[Number(row.place)], parseRows(row)]));
  const [checkpoint, ...others] = found.get(CHECKPOINT) ?? [];
  if (checkpoint === undefined || others.length !== 0) throw new Unreadable("the tables are not those of one chain");
  return {
    ...parseCheckpoint(checkpoint.latest_checkpoint ?? ""),
    rows: new Map(ENTITIES.map((entity) => [entity, found.get(sqlName(entity)) ?? []])),
  };
}

/** @throws Unreadable if there is a table that is not compared, or one to compare is not there. */
function checkEntities(tables: readonly string[]): void {
  const known = new Set(ENTITIES.map(sqlName));
  const unknown = tables.filter((table) => !known.has(table));
  if (unknown.length !== 0) {
    throw new Unreadable(`the indexer has tables that scripts/reconcile does not know: ${unknown.join(", ")}`);
  }
  const missing = [...known].filter((table) => !tables.includes(table));
  if (missing.length !== 0) throw new Unreadable(`the indexer has no table ${missing.join(", ")}; is it an older one?`);
}

/** Time and number of the block in one of Ponder's checkpoints, whose parts have fixed widths. */
function parseCheckpoint(checkpoint: string): { blockNumber: number; timestamp: number } {
  const [, timestamp, blockNumber] = /^(\d{10})\d{16}(\d{16})\d{33}$/.exec(checkpoint) ?? [];
  if (timestamp === undefined) throw new Unreadable(`this is no checkpoint of Ponder's: ${checkpoint}`);
  return { timestamp: Number(timestamp), blockNumber: Number(blockNumber) };
}

/** Rows as `json_agg` writes them. Numbers are taken as written, for a JavaScript number would round them. */
function parseRows(row: Readonly<Record<string, unknown>> | undefined): TextRow[] {
  if (row?.rows === null) return [];
  if (typeof row?.rows !== "string") throw new Unreadable("the indexer answers something else than it was asked");
  const exact = (_: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" ? (context?.source ?? String(value)) : value;
  const parsed: unknown = JSON.parse(row.rows, exact);
  return (Array.isArray(parsed) ? parsed : [parsed]).map((one) =>
    Object.fromEntries(Object.entries(Object(one)).map(([column, value]) => [column, asText(value)])),
  );
}

function asText(value: unknown): string | null {
  if (value === null || typeof value === "string") return value;
  return typeof value === "boolean" ? String(value) : JSON.stringify(value);
}

async function askIndexer(url: string, sql: string): Promise<Readonly<Record<string, unknown>>[]> {
  const statement = encodeURIComponent(JSON.stringify({ json: { sql, params: [] } }));
  const response = await fetch(`${url.replace(/\/$/, "")}/sql/db?sql=${statement}`).catch((error: unknown) => {
    throw new Unreadable(`there is no indexer at ${url}`, { cause: error });
  });
  const body = await response.text();
  if (!response.ok) {
    const answer = `${response.status}: ${body.slice(0, 200)}`;
    throw new Unreadable(`the indexer at ${url} answers ${answer}; its database can be read in its place, see --help`);
  }
  const { rows } = JSON.parse(body) as { rows?: Record<string, unknown>[] };
  if (!Array.isArray(rows)) throw new Unreadable(`this is no indexer: ${url}`);
  return rows;
}

/** Works on a copy: PGlite does not notice when a directory is in use, and opening it twice would damage it. */
async function readPglite(directory: string, schema: string): Promise<Tables> {
  if (!existsSync(join(directory, "PG_VERSION"))) throw new Unreadable(`there are no tables of PGlite in ${directory}`);
  const copy = mkdtempSync(join(tmpdir(), "opg-reconcile-"));
  try {
    cpSync(directory, copy, { recursive: true });
    const database = await PGlite.create(copy);
    try {
      await database.query("select set_config('search_path', $1, false)", [schema]);
      return await readFrom(async (sql) => (await database.query<Record<string, unknown>>(sql)).rows);
    } finally {
      await database.close();
    }
  } catch (error) {
    throw Unreadable.because(`the tables in ${directory} cannot be read`, error);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function readPostgres(connectionString: string, schema: string): Promise<Tables> {
  const client = new pg.Client({ connectionString, options: `-c search_path=${schema}` });
  try {
    await client.connect();
    return await readFrom(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
  } catch (error) {
    throw Unreadable.because(`the tables in schema ${schema} cannot be read`, error);
  } finally {
    await client.end();
  }
}
