/** A value of a table's column. */
export type Cell = string | bigint | boolean | null | readonly string[];

/** A row, by the column's name in the schema. */
export type Row = Readonly<Record<string, Cell>>;

/** The columns that identify a row of each entity, in the names of indexer/ponder.schema.ts. */
export const KEYS = {
  protocol: ["chainId"],
  parameterSet: ["id"],
  settlementModule: ["address"],
  governanceEvent: ["id"],
  node: ["id"],
  nodeEvent: ["id"],
  bond: ["nodeId", "ref"],
  offer: ["nodeId", "modelId", "route", "token"],
  offerEvent: ["id"],
  model: ["id"],
  modelEvent: ["id"],
  modelRoute: ["modelId", "route"],
  routeVersion: ["modelId", "route", "version"],
  verifier: ["id"],
  measurementSet: ["id"],
  enclave: ["verifier", "nodeId", "index"],
  bannedMeasurement: ["verifier", "measurement"],
  keyFault: ["verifier", "nodeId", "key"],
  verifyingKey: ["verifier", "keyId"],
  certificate: ["nitroVerifier", "pathId"],
  revokedCertificate: ["nitroVerifier", "issuer", "serial"],
  inference: ["id"],
  inferenceEvent: ["id"],
  burn: ["id"],
  proofDefault: ["requestId"],
  token: ["address"],
  credit: ["token", "account"],
  creditEvent: ["id"],
  channel: ["id"],
  channelEvent: ["id"],
  batchSettlement: ["id"],
  rowNotPaid: ["id"],
  x402Gate: ["address"],
  rowSkipped: ["id"],
  equivocation: ["id"],
  slashing: ["nodeId", "ref"],
  channelCredit: ["token", "account"],
  lastDraw: ["chainId"],
  burnFor: ["ref"],
  operatorAccount: ["account"],
  funding: ["funder", "account"],
  fundingEvent: ["id"],
  period: ["interval", "start"],
  periodRoute: ["interval", "start", "route"],
  periodModel: ["interval", "start", "modelId"],
  periodNode: ["interval", "start", "nodeId"],
  periodToken: ["interval", "start", "token"],
  trustGap: ["scope", "subject", "seconds"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The largest integer of PostgreSQL's numeric(78), where sums stay: only a token that lies about balances gets there. */
const LARGEST = BigInt("9".repeat(78));

/** An entity of the indexer's schema. */
export type Entity = keyof typeof KEYS;

/** Every entity that is compared. */
export const ENTITIES = Object.keys(KEYS) as Entity[];

/** Rows of every entity, by their identifiers. */
export class Books {
  readonly #tables = new Map<Entity, Map<string, Record<string, Cell>>>(ENTITIES.map((name) => [name, new Map()]));

  /** The rows of an entity, by identifier. */
  rows(entity: Entity): ReadonlyMap<string, Row> {
    return this.#table(entity);
  }

  /** A row that has to be there. @throws BooksError if it is not. */
  get(entity: Entity, ...key: readonly Cell[]): Row {
    const row = this.find(entity, ...key);
    if (row === undefined) throw new BooksError(`an event is about ${entity} ${key.join("/")}, which no event made`);
    return row;
  }

  find(entity: Entity, ...key: readonly Cell[]): Row | undefined {
    return this.#table(entity).get(key.join("/"));
  }

  /** Sets columns of a row, which is made if it is not there. */
  put(entity: Entity, row: Row): void {
    const id = idOf(entity, row);
    const table = this.#table(entity);
    const known = table.get(id);
    if (known === undefined) table.set(id, { ...row });
    else Object.assign(known, row);
  }

  /** Adds amounts to columns of a row, which is made of zeros if it is not there. */
  add(entity: Entity, key: Row, amounts: Readonly<Record<string, bigint>>): void {
    const row = this.find(entity, ...KEYS[entity].map((column) => key[column] ?? null));
    const sums = Object.entries(amounts).map(([column, amount]) => {
      const sum = big(row?.[column] ?? 0n) + amount;
      return [column, sum > LARGEST ? LARGEST : sum];
    });
    this.put(entity, { ...key, ...Object.fromEntries(sums) });
  }

  #table(entity: Entity): Map<string, Record<string, Cell>> {
    const table = this.#tables.get(entity);
    if (table === undefined) throw new BooksError(`there is no entity ${entity}`);
    return table;
  }
}

/** The chain's logs do not fit together: some are missing, or come from before the deployment's start block. */
export class BooksError extends Error {
  override readonly name = "BooksError";
}

/** What tells a row from the others of its entity. */
export const idOf = (entity: Entity, row: Row): string => KEYS[entity].map((column) => row[column]).join("/");

/** A column that holds an amount. */
export function big(value: Cell | undefined): bigint {
  if (typeof value !== "bigint") throw new BooksError(`this is not an amount: ${value}`);
  return value;
}
