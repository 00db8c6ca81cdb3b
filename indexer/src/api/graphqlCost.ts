import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";

/** What a query may cost at most. The dashboard's dearest costs a tenth of it; see docs/indexer.md. */
export const BUDGET = 200_000;
/** A statement to the database, against a value of its answer: each list under each row is a statement of its own. */
const STATEMENT = 50;
/** A statement to a view, which reads many rows for each that it answers. */
const VIEW_STATEMENT = 5_000;
/** Values that may be large, as whoever writes them likes: an output of a megabyte, parameters of 24 KiB, lists and texts. */
const LARGE_VALUES = new Map([
  ["output", 1_000],
  ["parameters", 100],
  ["measurements", 100],
  ["parties", 20],
  ["endpoint", 20],
  ["metadataURI", 20],
]);
/** Rows of a list where the query does not say, and at most: Ponder's numbers. */
const DEFAULT_ROWS = 50;
const MAX_ROWS = 1_000;
/** Tokens that a query may have. Ponder's limit too, but the cost is counted before Ponder sees the query. */
export const MAX_TOKENS = 1_000;
/** Fields to look at, before fragments within fragments have grown a short query beyond all bounds. */
const MAX_FIELDS = 5_000;
/** Lists within lists that an introspection may walk: a tool asks for two, the types and their fields. */
const MAX_INTROSPECTION_LISTS = 2;

/** What pages of rows have. Besides what every type has, they have nothing else. */
const PAGE_FIELDS = new Set(["__typename", "items", "pageInfo", "totalCount"]);
/** Lists of a type that lead to further types. */
const INTROSPECTION_LISTS = new Set(["fields", "inputFields", "interfaces", "possibleTypes", "types"]);

/** A query that is not answered; the message is one sentence for who asked it. */
export class QueryRefused extends Error {
  override readonly name = "QueryRefused";
}

/** The fields of GraphQL's Query that read views, by the rule that Ponder names them by. */
export function viewFields(schema: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const views = Object.entries(schema).filter(([, each]) => Symbol.for("drizzle:IsDrizzleView") in Object(each));
  return new Set(views.map(([name]) => `${name}s`));
}

/**
 * The cost of a GraphQL query in the worst case: each statement to the database 50, or 5,000 if it reads a view; each
 * value of the answer 1, or more where it may be large; and both as often as the lists that they are in can have rows. Of
 * several operations the dearest counts.
 *
 * @param views See {@link viewFields}.
 * @throws {@link QueryRefused} if the query costs more than {@link BUDGET}, or cannot be costed.
 */
export function checkCost(
  query: string,
  views: ReadonlySet<string>,
  variables: Readonly<Record<string, unknown>> = {},
): number {
  const { definitions } = parsed(query);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const cost = Math.max(0, ...operations.map((operation) => new Costing(operation, fragments, views, variables).cost));
  if (cost > BUDGET) {
    throw new QueryRefused(
      `This query may cost ${cost}, and a query may cost at most ${BUDGET}: ask for fewer rows by \`limit\`, or for fewer lists within lists.`,
    );
  }
  return cost;
}

function parsed(query: string) {
  try {
    return parse(query, { maxTokens: MAX_TOKENS, noLocation: true });
  } catch (error) {
    throw new QueryRefused(error instanceof Error ? error.message : String(error));
  }
}

/** A field, and the fragments that it is in. */
interface Scoped {
  readonly field: FieldNode;
  readonly within: readonly string[];
}

class Costing {
  readonly cost: number;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #views: ReadonlySet<string>;
  readonly #variables: ReadonlyMap<string, unknown>;
  #looks = 0;

  constructor(
    operation: OperationDefinitionNode,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    views: ReadonlySet<string>,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#fragments = fragments;
    this.#views = views;
    this.#variables = new Map(
      (operation.variableDefinitions ?? []).map(({ variable: { name }, defaultValue }) => [
        name.value,
        Object.hasOwn(variables, name.value) ? variables[name.value] : literal(defaultValue),
      ]),
    );
    this.cost = this.#ofFields(this.#fieldsIn(operation.selectionSet, []), 1, 0);
  }

  #ofFields(fields: readonly Scoped[], rows: number, lists: number): number {
    return fields.reduce((cost, field) => cost + this.#ofField(field, rows, lists), 0);
  }

  /** @param rows How often the field is answered. @param lists How many lists of the schema's own it is in. */
  #ofField({ field, within }: Scoped, rows: number, lists: number): number {
    const { value: name } = field.name;
    if (field.selectionSet === undefined) return rows * (LARGE_VALUES.get(name) ?? 1);
    const inner = this.#fieldsIn(field.selectionSet, within);
    const deeper = INTROSPECTION_LISTS.has(name) ? lists + 1 : lists;
    if (deeper > MAX_INTROSPECTION_LISTS) {
      throw new QueryRefused(`An introspection goes at most ${MAX_INTROSPECTION_LISTS} lists deep.`);
    }
    if (!inner.every(({ field }) => PAGE_FIELDS.has(field.name.value))) {
      // One row of another table: Ponder collects those of a whole list into one statement.
      return STATEMENT + rows + this.#ofFields(inner, rows, deeper);
    }
    const statement = rows * (this.#views.has(name) ? VIEW_STATEMENT : STATEMENT);
    const inPage = rows * this.#rowsOf(field);
    return inner.reduce((cost, part) => {
      const { name, selectionSet } = part.field;
      if (name.value !== "items" || !selectionSet) return cost + statement;
      return cost + this.#ofFields(this.#fieldsIn(selectionSet, part.within), inPage, lists);
    }, statement);
  }

  /** The fields of a selection, those of its fragments too. */
  #fieldsIn({ selections }: SelectionSetNode, within: readonly string[]): Scoped[] {
    return selections.flatMap((selection) => {
      this.#looks++;
      if (this.#looks > MAX_FIELDS) {
        throw new QueryRefused(`A query has at most ${MAX_FIELDS} fields, those of its fragments counted at each use.`);
      }
      if (selection.kind === Kind.FIELD) return { field: selection, within };
      if (selection.kind === Kind.INLINE_FRAGMENT) return this.#fieldsIn(selection.selectionSet, within);
      const name = selection.name.value;
      if (within.includes(name)) throw new QueryRefused(`The fragment ${name} is within itself.`);
      // Where there is none of the name, Ponder says so.
      const fragment = this.#fragments.get(name);
      return fragment ? this.#fieldsIn(fragment.selectionSet, [...within, name]) : [];
    });
  }

  #rowsOf(field: FieldNode): number {
    const limit = field.arguments?.find(({ name }) => name.value === "limit")?.value;
    const value = limit?.kind === Kind.VARIABLE ? this.#variables.get(limit.name.value) : literal(limit);
    if (value === undefined || value === null) return DEFAULT_ROWS;
    return typeof value === "number" && value >= 0 && value <= MAX_ROWS ? value : MAX_ROWS;
  }
}

/** A limit that stands in the query; undefined if there is none. */
function literal(value: ValueNode | undefined): unknown {
  if (value === undefined) return undefined;
  if (value.kind === Kind.NULL) return null;
  return value.kind === Kind.INT ? Number(value.value) : Number.NaN;
}
