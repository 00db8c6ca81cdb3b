import pg from "pg";
import type { Anchor, AnchorStore } from "./anchor.ts";
import { DatabaseError } from "./errors.ts";

/** The schema in which Ponder keeps what it has read from chains, for all indexers of a database. */
const CACHE_SCHEMA = "ponder_sync";
/** Ponder's own table in a schema: which tables there are, and whether somebody writes them. */
const META = "_ponder_meta";
/** What a reorganisation has still to restore of a table is in a table with this before its name. */
const REORG_PREFIX = "_reorg__";

/**
 * Connects to a database.
 *
 * @throws {@link DatabaseError}
 */
export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: "opg_indexer", keepAlive: true });
  client.on("error", () => {}); // What breaks a connection also fails the next query; nobody else need hear of it.
  try {
    await client.connect();
    return client;
  } catch (error) {
    const { hostname, port, pathname } = new URL(connectionString);
    const place = `${hostname}${port && `:${port}`}${pathname}`;
    throw new DatabaseError(`Cannot connect to the database at ${place}: ${reasonOf(error)}`);
  }
}

/** Does something on a connection of its own. @throws {@link DatabaseError} */
async function withConnection<T>(connectionString: string, task: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(connectionString);
  try {
    return await task(client);
  } catch (error) {
    throw error instanceof DatabaseError ? error : new DatabaseError(`The database refuses: ${reasonOf(error)}`);
  } finally {
    await client.end();
  }
}

/**
 * Makes this connection the only one that may write a schema, until it ends. Ponder's own lock is a row that says so
 * for 25 seconds after its last sign of life: it makes whoever comes after a kill wait that long, and does not keep out
 * one whom a halted process is still to write beside. Whoever has this one may take a lock of Ponder's as left behind.
 *
 * @throws {@link DatabaseError} if another indexer has it.
 */
export async function lockSchema(client: pg.Client, schema: string): Promise<void> {
  // PostgreSQL has to notice within a minute if the machine at the other end is gone.
  for (const setting of ["idle_session_timeout=0", "tcp_keepalives_idle=30", "tcp_keepalives_interval=10"]) {
    await client.query(`set ${setting}`);
  }
  await client.query("set tcp_keepalives_count=3");
  if (!(await tryLock(client, `schema ${schema}`))) {
    throw new DatabaseError(`Another indexer writes schema "${schema}"; stop it first, or serve its tables instead`);
  }
  if (!(await tryLock(client, "cache", { shared: true }))) {
    throw new DatabaseError(
      "An indexer's tables in this database are just being dropped (--fresh); start again in a moment",
    );
  }
  if (await hasTable(client, schema, META)) {
    await client.query(`update "${schema}"."${META}" set value = jsonb_set(value, '{is_locked}', '0')`);
  }
}

/** How often to ask whether the server is there, and how long to wait for its answer, in milliseconds. */
const HEARTBEAT = 10_000;

/**
 * Watches a connection that holds a lock. The server gives the lock to another one when the network has been down for a
 * minute, and this end would hear of that only hours later: so it asks.
 *
 * @param lost Called when the connection is gone, or its server does not answer.
 */
export function watchLock(client: pg.Client, lost: () => void, interval = HEARTBEAT): void {
  const timer = setInterval(() => {
    // The types lack the time limit of one query, which the library has.
    const beat: pg.QueryConfig & { query_timeout: number } = { text: "select 1", query_timeout: interval };
    client.query(beat).catch(lost);
  }, interval);
  client.once("end", () => {
    clearInterval(timer);
    lost();
  });
}

/**
 * Drops a schema with the tables that an indexer has made in it, and every view on them; and what is kept of the chain's
 * logs, which may be of blocks that the chain has no more. A schema that is not there is left so.
 *
 * @throws {@link DatabaseError} if an indexer is at work in the database, or somebody else has something in the schema.
 */
export async function dropTables(connectionString: string, schema: string, chainId: number): Promise<void> {
  await withConnection(connectionString, async (client) => {
    await client.query("begin");
    if (!(await tryLock(client, `schema ${schema}`)) || !(await tryLock(client, "cache"))) {
      throw new DatabaseError("An indexer is at work in this database; stop it before its tables are made again");
    }
    const strangers = await strangersIn(client, schema);
    if (strangers.length !== 0) {
      throw new DatabaseError(`Schema "${schema}" is not the indexer's alone: it has ${strangers.join(", ")}`);
    }
    await client.query(`drop schema if exists "${schema}" cascade`);
    const cached = await client.query<{ name: string }>(
      "select table_name as name from information_schema.columns where table_schema = $1 and column_name = 'chain_id'",
      [CACHE_SCHEMA],
    );
    for (const { name } of cached.rows) {
      await client.query(`delete from "${CACHE_SCHEMA}"."${name}" where chain_id = $1`, [chainId]);
    }
    await client.query("commit");
  });
}

/** Which deployment a schema's tables are of; undefined while they do not say. @throws {@link DatabaseError} */
export function deploymentIn(
  connectionString: string,
  schema: string,
): Promise<{ readonly chainId: number; readonly settlement: string } | undefined> {
  return withConnection(connectionString, async (client) => {
    if (!(await hasTable(client, schema, "protocol"))) return undefined;
    const { rows } = await client.query<{ chain_id: string; settlement: string }>(
      `select chain_id, settlement from "${schema}"."protocol"`,
    );
    const [row] = rows;
    return row && { chainId: Number(row.chain_id), settlement: row.settlement };
  });
}

/** Keeps it as the schema's comment, so that it goes with the schema. */
export function schemaAnchor(connectionString: string, schema: string): AnchorStore {
  return {
    read: () =>
      withConnection(connectionString, async (client) => {
        const { rows } = await client.query<{ comment: string | null }>(
          "select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = $1",
          [schema],
        );
        const [, number, hash] = /block (\d+) is (0x[0-9a-f]{64})$/.exec(rows[0]?.comment ?? "") ?? [];
        return number === undefined || hash === undefined ? null : { number: Number(number), hash };
      }),
    write: ({ number, hash }: Anchor) =>
      withConnection(connectionString, async (client) => {
        const comment = client.escapeLiteral(`OPG indexer: block ${number} is ${hash}`);
        await client.query(`comment on schema "${schema}" is ${comment}`);
      }),
  };
}

/** Whether the connection now has the lock of that name; it is given back when the connection ends. */
async function tryLock(client: pg.Client, name: string, { shared = false } = {}): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock${shared ? "_shared" : ""}(hashtextextended($1, 0)) as locked`,
    [`opg indexer: ${name}`],
  );
  return rows[0]?.locked === true;
}

async function hasTable(client: pg.Client, schema: string, table: string): Promise<boolean> {
  const { rowCount } = await client.query("select from pg_tables where schemaname = $1 and tablename = $2", [
    schema,
    table,
  ]);
  return rowCount === 1;
}

/** Tables and views of a schema that the indexer has not made. */
async function strangersIn(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = to_regnamespace($1)::oid and relkind in ('r','p','v','m','f')",
    [`"${schema}"`],
  );
  if (!(await hasTable(client, schema, META))) return rows.map(({ name }) => name);
  const meta = await client.query<{ names: string[] }>(
    `select array(select jsonb_array_elements_text((value->'table_names') || coalesce(value->'view_names', '[]'))) as names
     from "${schema}"."${META}" where key = 'app'`,
  );
  const known = new Set(meta.rows[0]?.names);
  return rows
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("_ponder_") && !known.has(name.replace(REORG_PREFIX, "")));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node.js tries several addresses of a host and gives one error for all, without a message.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return error.message || reasonOf(first);
}
