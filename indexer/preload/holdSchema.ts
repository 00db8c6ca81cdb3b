/**
 * Loaded into the indexer's process before Ponder, where the tables are in PostgreSQL: makes this process the only one
 * that writes them, for as long as it lives. It ends if it loses the connection that says so.
 */
import { DatabaseError } from "../errors.ts";
import { connect, lockSchema, watchLock } from "../postgres.ts";

/** Ends the process, with a line in its log that says why. */
function refuse(reason: string): never {
  console.log(JSON.stringify({ level: 50, time: Date.now(), msg: "Refused", error: { message: reason } }));
  process.exit(1);
}

const { DATABASE_URL = "", DATABASE_SCHEMA = "" } = process.env;
try {
  const client = await connect(DATABASE_URL);
  await lockSchema(client, DATABASE_SCHEMA);
  watchLock(client, () => refuse("The connection to the database is gone, and with it the right to write the tables"));
} catch (error) {
  refuse(error instanceof DatabaseError ? error.message : `The database refuses: ${error}`);
}
