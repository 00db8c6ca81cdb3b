/**
 * The whole idea on real input: handwritten digits, classified off chain by a small neural network whose weights stay
 * private, proven in zero knowledge, settled on a local chain, paid, burned, indexed, and read back.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bold, green, heading, print, red } from "./demo/console.ts";
import { play, type Stage, setStage } from "./demo/stage.ts";
import { summarise } from "./demo/summary.ts";
import { optionsOf } from "./optionsOf.ts";

const USAGE = `usage: npm run demo [-- --keep]

Starts a chain and an indexer on this machine, deploys the protocol, registers a model and four operators, asks for
handwritten digits, and shows each one's answer, proof, settlement, burn and trust gap. Exits with 0 only if
everything that the indexer then says is what the chain says.

  --keep   play the month before, too; then leave chain, nodes and indexer up until Ctrl-C, and print their addresses
           and the dashboard's
  --help   print this`;

const options = optionsOf("demo", {
  keep: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

/** Ignition's folder for the deployment; that of a chain that is kept is the one that commands look in. */
const DEPLOYMENT = options.keep ? "chain-31337" : "demo";

const started = performance.now();
/** What to undo at the end, the latest first. */
const closing: (() => Promise<unknown>)[] = [];
try {
  process.exitCode = await demo();
} catch (error) {
  print(red(`The demo failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`));
  process.exitCode = 1;
} finally {
  // What does not close in time is not worth waiting for.
  setTimeout(() => process.exit(), 10_000);
  for (const close of closing.reverse()) await close().catch(() => undefined);
  process.exit();
}

/** @returns the exit code. */
async function demo(): Promise<number> {
  // Kept, it is where the command line looks by itself, with the deployment that it reads by itself.
  const ports = options.keep ? { chainPort: 8545, indexerPort: 42069 } : {};
  const stage = await setStage({ ...ports, deploymentId: DEPLOYMENT, month: options.keep, closing });
  const played = await play(stage);
  const { passed, failed } = await summarise(stage, played);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  print();
  print(
    bold(
      failed === 0
        ? green(`All ${passed} checks held, in ${seconds} s.`)
        : red(`${failed} of ${passed + failed} checks failed.`),
    ),
  );
  if (options.keep) {
    const rootFile = join("ignition", "deployments", DEPLOYMENT, "enclave-root.der");
    writeFileSync(join(import.meta.dirname, "..", rootFile), stage.root.certificate);
    await keep(stage, rootFile);
  }
  return failed === 0 ? 0 : 1;
}

/** Says where everything is and what to try, and waits for Ctrl-C. */
async function keep({ chain, indexer, cast: { modelId } }: Stage, rootFile: string): Promise<void> {
  heading("Still running, until Ctrl-C");
  print(`  chain    ${chain.url}, chain id 31337: what the commands mean by localhost`);
  print(`  indexer  ${indexer.url}/graphql`);
  print(`  model    ${modelId}`);
  print();
  print("  Audit every inference of chain data alone, in another terminal:");
  print();
  print(`    npm run opg -- audit --all --rpc ${chain.url} --root ${rootFile}`);
  print();
  print("  List a node of your own:");
  print();
  print("    npm run opg -- node register --endpoint http://127.0.0.1:8700");
  print("    npm run opg -- node stake 1000");
  print(`    npm run opg -- node offer --price 0.01 --model ${modelId}`);
  print(`    npm run opg -- node serve --model digits=${modelId}`);
  print();
  print("  Ask the cheapest node:");
  print();
  print(`    npm run opg -- request --model digits=${modelId} --input circuits/digit.json --max-fee 0.01 --account 2`);
  print();
  print(`  dashboard  ${bold(`${indexer.url}/`)}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}
