/**
 * What the protocol costs, measured on an in-process chain under Osaka's rules (16,777,216 gas per transaction), and what
 * the proofs of our models cost on this machine.
 *
 *   npm run bench                          a table
 *   npm run --silent bench -- --json       one JSON object, key to gas
 *   npm run bench -- --check               also compares with bench/snapshots/ and docs/benchmarks.md; exits 1 if stale
 *   npm run bench -- --update              also writes them
 */
import { readFileSync, writeFileSync } from "node:fs";
import { buildContracts } from "../scripts/buildContracts.ts";
import { optionsOf } from "../scripts/optionsOf.ts";
import { BARS, GROTH16_RATIO } from "./bars.ts";
import { batchTable, measureBatch } from "./batch.ts";
import { measureCodeSizes } from "./codeSizes.ts";
import { measureGroth16 } from "./groth16.ts";
import { type ModelCost, measureModels } from "./models.ts";
import { measureNitro } from "./nitro.ts";
import { measureP384 } from "./p384.ts";
import { measureSettlement } from "./settlement.ts";
import { measureTee } from "./tee.ts";
import { measureX402 } from "./x402.ts";

const options = optionsOf("bench", {
  json: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  update: { type: "boolean", default: false },
});

const MEASURES = [measureP384, measureNitro, measureGroth16, measureSettlement, measureTee, measureBatch, measureX402];
const snapshots = {
  gas: new URL("./snapshots/gas.json", import.meta.url),
  size: new URL("./snapshots/size.json", import.meta.url),
  models: new URL("./snapshots/models.json", import.meta.url),
};

const docs = new URL("../docs/benchmarks.md", import.meta.url);

/** A snapshot as it is committed: keys in the order of the alphabet, so that a change is a line. */
const serialise = (figures: Record<string, number>) =>
  `${JSON.stringify(Object.fromEntries(Object.entries(figures).sort(([a], [b]) => a.localeCompare(b))), null, 2)}\n`;

/** The figures that have a meaning of their own, in the order of the bars. */
function rows(gas: Record<string, number>): string[][] {
  const format = (value: number | undefined) => value?.toLocaleString("en") ?? "";
  return Object.entries(BARS)
    .filter(([key]) => gas[key] !== undefined)
    .map(([key, { what, first, target }]) => [key, format(gas[key]), format(first), format(target), what]);
}

function printTable(gas: Record<string, number>): void {
  for (const [key, ...cells] of [["figure", "gas", "first bar", "target", "what"], ...rows(gas)]) {
    const what = cells.pop();
    console.log(`${key?.padEnd(22)}${cells.map((cell) => cell.padStart(12)).join("")}  ${what}`);
  }
  console.log("\na batch of native channels, gas per inference");
  for (const row of batchTable(gas).filter((_, i) => i !== 1)) {
    console.log(row.map((cell) => cell.padStart(25)).join(""));
  }
}

const MODEL_HEADINGS = [
  "model",
  "held-out digits found",
  "constraints",
  "proof",
  "processor time",
  "memory",
  "proving key",
];

/** The models' costs in words. Times and memory are this machine's. */
const modelRows = (models: readonly ModelCost[]): string[][] =>
  models.map(({ name, accuracy, constraints, seconds, processorSeconds, memory, keyBytes }) => [
    name,
    `${(100 * accuracy).toFixed(2)} %`,
    constraints.toLocaleString("en"),
    `${seconds.toFixed(1)} s`,
    `${processorSeconds.toFixed(1)} s`,
    `${Math.round(memory / 2 ** 20)} MiB`,
    `${(keyBytes / 2 ** 20).toFixed(1)} MiB`,
  ]);

/** What of them does not depend on the machine. */
const modelSizes = (models: readonly ModelCost[]): Record<string, number> =>
  Object.fromEntries(
    models.flatMap(({ name, constraints, keyBytes }) => [
      [`${name}.constraints`, constraints],
      [`${name}.keyBytes`, keyBytes],
    ]),
  );

function printModels(models: readonly ModelCost[]): void {
  console.log();
  for (const cells of [MODEL_HEADINGS, ...modelRows(models)])
    console.log(cells.map((cell) => cell.padEnd(23)).join(""));
}

/** A text with the table between two of its comments replaced. */
function withTable(text: string, name: string, headings: string[], alignments: string[], cells: string[][]): string {
  const table = [headings, alignments, ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
  return text.replace(new RegExp(`(<!-- ${name} -->\n).*?(<!-- /${name} -->)`, "s"), `$1\n${table}\n\n$2`);
}

/** docs/benchmarks.md with its tables of figures brought up to date, and that of the models where it is measured. */
function documented(gas: Record<string, number>, models?: readonly ModelCost[]): string {
  const headings = ["figure", "gas", "first bar", "target", "what"];
  const figures = withTable(
    readFileSync(docs, "utf8"),
    "figures",
    headings,
    ["---", "--:", "--:", "--:", "---"],
    rows(gas),
  );
  const [payers = [], alignments = [], ...cells] = batchTable(gas);
  const text = withTable(figures, "batches", payers, alignments, cells);
  if (models === undefined) return text;
  return withTable(
    text,
    "models",
    MODEL_HEADINGS,
    ["---", "--:", "--:", "--:", "--:", "--:", "--:"],
    modelRows(models),
  );
}

/** What is over its first bar, in words. */
function missedBars(gas: Record<string, number>): string[] {
  const over = (key: string, value: number | undefined, limit: number | undefined) =>
    value !== undefined && limit !== undefined && value > limit ? [`${key} is ${value}, over its bar of ${limit}`] : [];
  const ratio = (gas["groth16.verify"] ?? Number.NaN) / (gas["groth16.snarkjs"] ?? Number.NaN);
  return [
    ...Object.entries(BARS).flatMap(([key, bar]) => over(key, gas[key], bar.first)),
    ...over("groth16.verify/groth16.snarkjs", ratio, GROTH16_RATIO.first),
  ];
}

/** The lines in which a snapshot differs from what was measured. */
function differences(name: string, file: URL, figures: Record<string, number>): string[] {
  const committed = JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  return [...new Set([...Object.keys(committed), ...Object.keys(figures)])]
    .filter((key) => committed[key] !== figures[key])
    .map((key) => `${name} ${key}: snapshot ${committed[key] ?? "none"}, measured ${figures[key] ?? "none"}`);
}

buildContracts();
const gas: Record<string, number> = {};
for (const measure of MEASURES) Object.assign(gas, await measure());
const sizes = await measureCodeSizes();
const models = await measureModels();

if (options.json) console.log(JSON.stringify({ ...gas, ...modelSizes(models) }, null, 2));
else {
  printTable(gas);
  printModels(models);
}

if (options.update) {
  writeFileSync(snapshots.gas, serialise(gas));
  writeFileSync(snapshots.size, serialise(sizes));
  writeFileSync(snapshots.models, serialise(modelSizes(models)));
  writeFileSync(docs, documented(gas, models));
}
const failures = missedBars(gas);
if (options.check) {
  failures.push(...differences("gas", snapshots.gas, gas), ...differences("size", snapshots.size, sizes));
  failures.push(...differences("model", snapshots.models, modelSizes(models)));
  if (readFileSync(docs, "utf8") !== documented(gas)) failures.push("the table in docs/benchmarks.md is stale");
}
for (const failure of failures) console.error(`bench: ${failure}`);
if (failures.length > 0) {
  if (options.check) console.error("bench: if the change is meant, run `npm run bench -- --update` and commit it.");
  process.exitCode = 1;
}
