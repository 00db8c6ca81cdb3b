/** What Ponder says where it cannot go on; and what that means here, with what its user can do. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /was previously used by a (different Ponder app|Ponder app with a different minor version)/,
    "The tables are another deployment's, or an older version's of the indexer: choose another --schema or --data-dir, or have them made again with --fresh",
  ],
  [
    /^Encountered unrecoverable '.*' reorg/,
    "The chain took back more blocks than tables can follow: have them made again with --fresh",
  ],
  [/ cannot move backwards$/, "The RPC node is behind the tables: is it still catching up?"],
  [/^Schema does not exist\.$/, "There is no such schema in the database yet: start its indexer first"],
];

/** Levels of Ponder's log: where it is an error. */
const ERROR = 50;

/**
 * Why the indexer cannot go on, in one sentence, if a line of its log says so; undefined if it can, or says it in other
 * words.
 */
export function reasonIn(line: string): string | undefined {
  const { level, msg, error } = parse(line);
  if (level !== ERROR) return undefined;
  if (msg === "Refused") return error?.message;
  const said = [msg, error?.message];
  return REASONS.find(([pattern]) => said.some((words) => words !== undefined && pattern.test(words)))?.[1];
}

function parse(line: string): { level?: number; msg?: string; error?: { message?: string } } {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
