/**
 * Compiles the classifiers, makes their development setups and writes their verifying keys.
 *
 *   npm run circuits                     builds what is not built yet, writes circuits/*.key.json
 *   npm run circuits -- --check          exits with 1 if a committed key is not its circuit's
 *   npm run circuits -- --check digits   the same for one of them
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { CLASSIFIERS, classifierOf } from "./src/classifiers.ts";
import { filesOf } from "./src/provable.ts";
import { buildCircuit } from "./src/setup.ts";

const started = Date.now();
const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
const progress = (line: string) => console.error(`circuits: ${line} (${elapsed()})`);

const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });

for (const classifier of positionals.length === 0 ? CLASSIFIERS : positionals.map(classifierOf)) {
  const files = filesOf(classifier);
  const { vkey, ceremony } = await buildCircuit(files.source, progress);
  const file = relative(process.cwd(), files.key);
  const text = `${JSON.stringify({ ceremony, vkey }, null, 2)}\n`;
  if (!values.check) {
    writeFileSync(files.key, text);
    progress(`wrote ${file}`);
  } else if (readFileSync(files.key, "utf8") === text) {
    progress(`${file} is the circuit's key`);
  } else {
    console.error(`circuits: ${file} is not the circuit's key: run "npm run circuits" and commit it`);
    process.exitCode = 1;
  }
}
