// Writes sdk/src/generated/abis.ts from the compiled contracts: `npm run generate`.
// `--check` writes nothing and exits 1 when the file is stale: for CI.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import hre from "hardhat";
import { buildContracts } from "./buildContracts.ts";

/** The contracts whose ABI others need, in the order of the file. Add here what is deployed or implemented by users. */
const CONTRACTS = [
  "AccessManager",
  "AwsNitroVerifier",
  "BatchSettlement",
  "Groth16Settler",
  "Groth16Verifier",
  "IBatchVerifier",
  "IInferenceConsumer",
  "IProofVerifier",
  "IX402BatchSettlement",
  "ModelRegistry",
  "NitroVerifier",
  "NodeRegistry",
  "OPG",
  "OpenGradientAudit",
  "P384Verifier",
  "PlonkAdapter",
  "Settlement",
  "TeeVerifier",
  "TestUSD",
  "VerifierRegistry",
  "X402Gate",
  "X402Gates",
] as const;

const ROOT = resolve(import.meta.dirname, "..");
const FILE = resolve(ROOT, "sdk/src/generated/abis.ts");

/** `NodeRegistry` → `nodeRegistryAbi`, `OPG` → `opgAbi`, `TestUSD` → `testUsdAbi`, `IX402BatchSettlement` → `x402BatchSettlementAbi`. */
function exportName(contract: string): string {
  const words = contract.replace(/^I(?=[A-Z][a-z0-9])/, "").match(/[A-Z]\d+|[A-Z]+(?![a-z])|[A-Z][a-z0-9]*/g) ?? [
    contract,
  ];
  const [first = "", ...rest] = words.map((word) => word.toLowerCase());
  return `${first}${rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")}Abi`;
}

/** One line per entry, so that a changed function is a changed line. */
function render(contract: string, abi: readonly unknown[]): string {
  const entries = abi.map((entry) => `  ${JSON.stringify(entry)},\n`).join("");
  return `/** ${contract} */\nexport const ${exportName(contract)} = [\n${entries}] as const;\n`;
}

async function generate(): Promise<string> {
  buildContracts();
  const abis = await Promise.all(
    CONTRACTS.map(async (contract) => render(contract, (await hre.artifacts.readArtifact(contract)).abi)),
  );
  const names = CONTRACTS.map((contract) => `  ${contract}: ${exportName(contract)},\n`).join("");
  return [
    "// Generated from the compiled contracts by `npm run generate`. Do not edit.\n",
    ...abis,
    `/** Every ABI above, by its contract's name. */\nexport const abis = {\n${names}} as const;\n`,
  ].join("\n");
}

const name = relative(ROOT, FILE);
const wanted = await generate();
let present: string | undefined;
try {
  present = readFileSync(FILE, "utf8");
} catch {
  present = undefined;
}
if (present === wanted) {
  console.log(`${name} is up to date`);
} else if (process.argv.includes("--check")) {
  console.error(`${name} is ${present === undefined ? "missing" : "stale"}: run \`npm run generate\` and commit it`);
  process.exitCode = 1;
} else {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, wanted);
  console.log(`wrote ${name}`);
}
