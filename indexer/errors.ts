/** The indexer did not start, ended by itself, or refuses a query. */
export class IndexerError extends Error {
  override readonly name = "IndexerError";
}

/** The database is not to be had, or not in this way; the message is one line, without the address's password. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}
