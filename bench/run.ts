/**
 * What the protocol costs, measured on an in-process chain under Osaka's rules (16,777,216 gas per transaction).
 *
 *   npm run bench                          a table
 *   npm run --silent bench -- --json       one JSON object, key to gas
 *   npm run bench -- --check               also compares with bench/snapshots/, and exits 1 on any difference
 *   npm run bench -- --update              also writes bench/snapshots/
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { BARS, GROTH16_RATIO } from "./bars.ts";
import { measureCodeSizes } from "./codeSizes.ts";
import { measureGroth16 } from "./groth16.ts";
import { measureP384 } from "./p384.ts";
import { measureSettlement } from "./settlement.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
  },
});

const MEASURES = [measureP384, measureGroth16, measureSettlement];
const snapshots = {
  gas: new URL("./snapshots/gas.json", import.meta.url),
  size: new URL("./snapshots/size.json", import.meta.url),
};

/** A snapshot as it is committed: keys in the order of the alphabet, so that a change is a line. */
const serialise = (figures: Record<string, number>) =>
  `${JSON.stringify(Object.fromEntries(Object.entries(figures).sort(([a], [b]) => a.localeCompare(b))), null, 2)}\n`;

function printTable(gas: Record<string, number>): void {
  const rows = Object.keys(BARS).filter((key) => gas[key] !== undefined);
  const format = (value: number | undefined) => (value === undefined ? "" : value.toLocaleString("en")).padStart(12);
  console.log(`${"figure".padEnd(18)}${"gas".padStart(12)}${"first bar".padStart(12)}${"target".padStart(12)}  what`);
  for (const key of rows) {
    const bar = BARS[key];
    console.log(`${key.padEnd(18)}${format(gas[key])}${format(bar?.first)}${format(bar?.target)}  ${bar?.what}`);
  }
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

await hre.tasks.getTask("build").run({ quiet: true });
const gas: Record<string, number> = {};
for (const measure of MEASURES) Object.assign(gas, await measure());
const sizes = await measureCodeSizes();

if (options.json) console.log(JSON.stringify(gas, null, 2));
else printTable(gas);

if (options.update) {
  writeFileSync(snapshots.gas, serialise(gas));
  writeFileSync(snapshots.size, serialise(sizes));
}
const failures = missedBars(gas);
if (options.check) {
  failures.push(...differences("gas", snapshots.gas, gas), ...differences("size", snapshots.size, sizes));
}
for (const failure of failures) console.error(`bench: ${failure}`);
if (failures.length > 0) {
  if (options.check) console.error("bench: if the change is meant, run `npm run bench -- --update` and commit it.");
  process.exitCode = 1;
}
