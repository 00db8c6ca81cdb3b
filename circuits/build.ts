/**
 * Compiles the digit classifier, makes its development setup and writes its verifying key.
 *
 *   npm run circuits              builds what is not built yet, writes circuits/digits.key.json
 *   npm run circuits -- --check   exits with 1 if the committed key is not the circuit's
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { KEY_FILE, SOURCE } from "./src/digits.ts";
import { buildCircuit } from "./src/setup.ts";

const started = Date.now();
const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
const progress = (line: string) => console.error(`circuits: ${line} (${elapsed()})`);

const { vkey, ceremony } = await buildCircuit(SOURCE, progress);
const file = relative(process.cwd(), KEY_FILE);
const text = `${JSON.stringify({ ceremony, vkey }, null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(KEY_FILE, text);
  progress(`wrote ${file}`);
} else if (readFileSync(KEY_FILE, "utf8") === text) {
  progress(`${file} is the circuit's key`);
} else {
  console.error(`circuits: ${file} is not the circuit's key: run "npm run circuits" and commit it`);
  process.exit(1);
}
