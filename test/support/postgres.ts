import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { PostgresMessage } from "./postgresProcess.ts";

/** A PostgreSQL server for tests. */
export interface PostgresServer {
  /** Makes an empty database; gives its address. */
  createDatabase(): Promise<string>;
  /** Drops the databases and ends the server, if it is our own. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server from the binaries that npm has installed; or takes the one that `OPG_TEST_DATABASE_URL`
 * names, whose user has to be allowed to create databases. Either is gone with this process, however that ends, but for
 * databases on a server that is not ours.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env.OPG_TEST_DATABASE_URL;
  const server = given ? { url: given, stop: async () => {} } : await forkServer();
  const databases: string[] = [];
  return {
    async createDatabase() {
      const name = `opg_test_${randomBytes(6).toString("hex")}`;
      await runSql(server.url, `create database ${name}`);
      databases.push(name);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      if (given) for (const name of databases) await runSql(given, `drop database if exists ${name} with (force)`);
      await server.stop();
    },
  };
}

/** Runs SQL on a connection of its own; gives the rows of the last statement. */
export async function runSql<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const results = await client.query<Row>(sql);
    return (Array.isArray(results) ? results.at(-1) : results).rows;
  } finally {
    await client.end();
  }
}

async function forkServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL("postgresProcess.ts", import.meta.url)), { execArgv: [] });
  const exit = once(child, "exit");
  const [message] = (await Promise.race([once(child, "message"), exit])) as [PostgresMessage | number | null];
  const stop = async () => {
    if (child.connected) child.disconnect();
    await exit;
  };
  if (typeof message === "object" && message !== null && "url" in message) return { url: message.url, stop };
  await stop();
  const reason = typeof message === "object" && message !== null ? message.error : `it ended with ${message}`;
  throw new Error(`No PostgreSQL to test with: ${reason}. OPG_TEST_DATABASE_URL names another server.`);
}
