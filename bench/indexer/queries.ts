import { readdirSync, readFileSync } from "node:fs";
import type { Indexer } from "../../indexer/start.ts";
import { percentile } from "./statistics.ts";

/** The dashboard's questions. */
const QUERIES = new URL("../../indexer/dashboard/src/queries/", import.meta.url);
/** What it asks beside them, and the longest series that anybody may ask for. */
const PATHS = [
  "/tokens",
  "/finality",
  "/metrics/gap?scope=overall",
  "/metrics/deflation/summary",
  "/metrics/deflation?bucket=hour&limit=1000",
  "/metrics/collateral?bucket=hour&limit=1000",
  "/inferences/$inferenceId",
  "/nodes/$nodeId",
  "/supply",
] as const;

/** How often each is asked to find the heaviest few, and how often those for their figures; first without being timed. */
const LOOKS = 15;
const HEAVY = 3;
const TIMES = 300;
const WARM_UP = 5;

/** How long the answers to one question take, in milliseconds. */
export interface Timing {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
}

/** Something that the dashboard asks. */
interface Question {
  readonly name: string;
  ask(): Promise<void>;
}

/** @returns How long every question takes, the heaviest first: the one with the largest 95th percentile of many answers. */
export async function measureQueries(indexer: Indexer): Promise<[heaviest: Timing, ...others: Timing[]]> {
  const questions = await questionsFor(indexer);
  const looks: { question: Question; timing: Timing }[] = [];
  for (const question of questions) looks.push({ question, timing: await time(question, LOOKS) });
  looks.sort((a, b) => b.timing.p50 - a.timing.p50);
  const heavy: Timing[] = [];
  for (const { question } of looks.slice(0, HEAVY)) heavy.push(await time(question, TIMES));
  const [heaviest, ...others] = heavy.sort((a, b) => b.p95 - a.p95);
  if (heaviest === undefined) throw new Error("bench: the dashboard asks nothing");
  return [heaviest, ...others, ...looks.slice(HEAVY).map(({ timing }) => timing)];
}

async function time({ name, ask }: Question, times: number): Promise<Timing> {
  for (let count = 0; count < WARM_UP; ++count) await ask();
  const durations: number[] = [];
  for (let count = 0; count < times; ++count) {
    const start = performance.now();
    await ask();
    durations.push(performance.now() - start);
  }
  return { name, p50: percentile(durations, 50), p95: percentile(durations, 95) };
}

/** Every question, about those that have most to tell. */
async function questionsFor(indexer: Indexer): Promise<Question[]> {
  const subjects = await subjectsOf(indexer);
  const graphql = readdirSync(QUERIES)
    .filter((file) => file.endsWith(".graphql"))
    .map((file): Question => {
      const text = readFileSync(new URL(file, QUERIES), "utf8");
      const variables = variablesOf(file, text, subjects);
      return { name: file, ask: async () => void (await indexer.query(text, variables)) };
    });
  const rest: Question[] = [];
  for (const path of PATHS) {
    const url = indexer.url + path.replace(/\$(\w+)/, (_, name: string) => subjects[name] ?? "");
    const { status } = await fetch(url);
    if (status !== 200) throw new Error(`bench: ${url} answers ${status}`);
    rest.push({ name: path, ask: async () => void (await (await fetch(url)).arrayBuffer()) });
  }
  return [...graphql, ...rest];
}

/** The node, model, requester and so on with most rows behind them. */
async function subjectsOf(indexer: Indexer): Promise<Record<string, string>> {
  type First<Row> = { items: Row[] };
  const found = await indexer.query<{
    nodes: First<{ id: string }>;
    models: First<{ id: string }>;
    inferences: First<{ id: string; requester: string; token: string }>;
    channels: First<{ id: string; payer: string }>;
    batchSettlements: First<{ id: string }>;
  }>(`{
    nodes(orderBy: "requests", orderDirection: "desc", limit: 1) { items { id } }
    models(orderBy: "requests", orderDirection: "desc", limit: 1) { items { id } }
    inferences(where: { status: SETTLED }, limit: 1) { items { id requester token } }
    channels(orderBy: "claims", orderDirection: "desc", limit: 1) { items { id payer } }
    batchSettlements(orderBy: "rows", orderDirection: "desc", limit: 1) { items { id } }
  }`);
  const [node, model, inference] = [found.nodes.items[0], found.models.items[0], found.inferences.items[0]];
  const [channel, batch] = [found.channels.items[0], found.batchSettlements.items[0]];
  if (!node || !model || !inference || !channel || !batch) throw new Error("bench: a table is empty");
  return {
    nodeId: node.id,
    modelId: model.id,
    inferenceId: inference.id,
    requester: inference.requester,
    account: inference.requester,
    token: inference.token,
    channelId: channel.id,
    payer: channel.payer,
    batchId: batch.id,
  };
}

/**
 * Values for a query's variables: a variable that is called like a subject (`$nodeId`) gets it, and `$id` that of the field
 * it is given to. Any other one gets none: it has a default, or may be null.
 */
function variablesOf(file: string, text: string, subjects: Readonly<Record<string, string>>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name = "", ending] of text.matchAll(/\$(\w+)\s*:\s*[[\]\w!]+?(!?)\s*(?=[,)$\n=])/g)) {
    if (ending !== "!" && subjects[name] === undefined) continue;
    const field = /(\w+)\s*\(\s*(?:id|\w+Id)\s*:\s*\$id\b/.exec(text)?.[1];
    const value = name === "id" ? subjects[`${field === "batchSettlement" ? "batch" : field}Id`] : subjects[name];
    if (value === undefined) throw new Error(`bench: no value for $${name} of ${file}; give it one in subjectsOf`);
    values[name] = value;
  }
  return values;
}
