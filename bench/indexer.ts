/**
 * How fast the indexer is, on a chain with many events of the protocol. See --help.
 */
import { availableParallelism } from "node:os";
import { buildContracts } from "../scripts/buildContracts.ts";
import { optionsOf } from "../scripts/optionsOf.ts";
import { serveRpc } from "../test/support/rpcServer.ts";
import { type Backfill, backfill } from "./indexer/backfill.ts";
import { measureDelay } from "./indexer/delay.ts";
import { Life } from "./indexer/life.ts";
import { Population } from "./indexer/population.ts";
import { measureQueries } from "./indexer/queries.ts";
import { percentile } from "./indexer/statistics.ts";

/** What the figures have to reach. */
const BARS = { ratio: 0.5, queryP95Ms: 50, blockToQueryMs: 1_000 } as const;

const HELP = `How fast the indexer is.

Builds a chain with many events of the protocol, lets a Ponder app with empty handlers and then the indexer read all of it,
asks the indexer what the dashboard asks, and waits for new blocks to be visible. Figures are of this machine.

  npm run bench:indexer
  npm run --silent bench:indexer -- --json
  npm run bench:indexer -- --check --events 20000

Options
  --events N   events in the chain's history, at least (100000)
  --json       one JSON object on the standard output; everything else is said on the standard error
  --check      exits 1 if a figure misses its bar
  --help       this text

Figures
  events                   events that both apps have handled in their backfill
  eventsPerSecond          of the indexer's: from its first request to the RPC node until it is ready
  baselineEventsPerSecond  of the app with empty handlers and no tables, from the same RPC node
  ratio                    of the two: at least ${BARS.ratio}
  queryP50Ms, queryP95Ms   of the dashboard's heaviest query; the 95th percentile under ${BARS.queryP95Ms}
  blockToQueryMs           from a new block until an answer knows its event, 95th percentile: under ${BARS.blockToQueryMs}
`;

const options = optionsOf("bench", {
  events: { type: "string", default: "100000" },
  json: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});

/** A Ponder app that has the indexer's sources of events, and does nothing with them. */
const BASELINE = new URL("./indexer/baseline", import.meta.url);

const say = (text: string) => console.error(`bench: ${text}`);
const round = (value: number, digits = 0) => Number(value.toFixed(digits));

if (options.help) console.log(HELP);
else await run();

async function run(): Promise<void> {
  const target = Number(options.events);
  if (!Number.isInteger(target) || target < 1) {
    console.error(`bench: --events is a whole number from 1, and not ${options.events}`);
    process.exitCode = 1;
    return;
  }
  buildContracts();
  const started = Date.now();
  const population = await Population.settle(target);
  const life = new Life(population);
  await life.go(target, (events) => say(`${events.toLocaleString("en")} events`));
  const { transactions, number } = population.blocks;
  say(
    `a chain of ${number} blocks and ${transactions} transactions in ${round((Date.now() - started) / 1_000)} s, ` +
      `on ${availableParallelism()} cores`,
  );
  say([...life.tally].map(([event, count]) => `${event} ${count}`).join(", "));

  const { url, close } = await serveRpc(population.provider);
  const baseline = await backfill(url, population.deployment, BASELINE);
  describe("the baseline", baseline);
  await baseline.app.stop();
  const indexer = await backfill(url, population.deployment);
  describe("the indexer", indexer);
  if (indexer.events !== baseline.events) {
    throw new Error(`bench: the indexer has handled ${indexer.events} events, and the baseline ${baseline.events}`);
  }

  const [heaviest, ...others] = await measureQueries(indexer.app);
  for (const { name, p50, p95 } of [heaviest, ...others])
    say(`${name}: p50 ${round(p50, 1)} ms, p95 ${round(p95, 1)} ms`);
  const delays = await measureDelay(indexer.app, life);
  say(`block to query: p50 ${round(percentile(delays, 50))} ms, p95 ${round(percentile(delays, 95))} ms`);
  await indexer.app.stop();
  await close();

  const figures = {
    events: indexer.events,
    eventsPerSecond: round(indexer.events / indexer.seconds),
    baselineEventsPerSecond: round(baseline.events / baseline.seconds),
    ratio: round(baseline.seconds / indexer.seconds, 3),
    queryP50Ms: round(heaviest.p50, 1),
    queryP95Ms: round(heaviest.p95, 1),
    blockToQueryMs: round(percentile(delays, 95)),
  };
  if (options.json) console.log(JSON.stringify(figures));
  else
    for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(26)}${value.toLocaleString("en")}`);
  const missed = missedBars(figures);
  for (const bar of missed) say(bar);
  if (options.check && missed.length > 0) process.exitCode = 1;
}

function describe(name: string, { events, seconds, fetching, catchingUp, processor }: Backfill): void {
  say(
    `${name}: ${events} events in ${round(seconds, 1)} s, all fetched after ${round(fetching, 1)} s; then ` +
      `${catchingUp.events} live in ${round(catchingUp.seconds, 1)} s; ready after ${round(processor, 1)} s of processor time`,
  );
}

function missedBars({ ratio, queryP95Ms, blockToQueryMs }: Record<keyof typeof BARS, number>): string[] {
  return [
    ...(ratio < BARS.ratio ? [`ratio is ${ratio}, under its bar of ${BARS.ratio}`] : []),
    ...(queryP95Ms >= BARS.queryP95Ms ? [`queryP95Ms is ${queryP95Ms}, its bar ${BARS.queryP95Ms}`] : []),
    ...(blockToQueryMs >= BARS.blockToQueryMs
      ? [`blockToQueryMs is ${blockToQueryMs}, its bar ${BARS.blockToQueryMs}`]
      : []),
  ];
}
