/**
 * The whole idea on real input: handwritten digits, classified off chain by a small neural network whose weights stay
 * private, proven in zero knowledge, settled on a local chain, paid, burned, indexed, and read back.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadDigits } from "../circuits/src/digits.ts";
import { startIndexer } from "../indexer/start.ts";
import { buildContracts } from "./buildContracts.ts";
import { assemble, type Cast, OPG } from "./demo/cast.ts";
import { deploy, startChain } from "./demo/chain.ts";
import { batch } from "./demo/channels.ts";
import { bold, green, heading, print, progress, red } from "./demo/console.ts";
import { NodeLog, run } from "./demo/inferences.ts";
import { summarise } from "./demo/summary.ts";
import { createDevelopmentRoot } from "./enclave/simulator.ts";

const USAGE = `usage: npm run demo [-- --keep]

Starts a chain and an indexer on this machine, deploys the protocol, registers a model and four operators, asks for
handwritten digits, and shows each one's answer, proof, settlement, burn and trust gap. Exits with 0 only if
everything that the indexer then says is what the chain says.

  --keep   leave chain, nodes and indexer up, and print their addresses, until Ctrl-C
  --help   print this`;

const { values: options } = parseArgs({
  options: { keep: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
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
  heading("Setting up");
  progress("the digit model: loading its circuit");
  const digits = await loadDigits(progress);
  print(
    `  model    64-16-10 digit classifier, ${(100 * digits.accuracy).toFixed(1)} % on held-out digits; weights private, bound by ${digits.weightsCommitment.slice(0, 18)}…`,
  );

  progress("compiling the contracts, where they have changed");
  buildContracts();

  progress("starting a chain");
  // Kept, it is where the command line looks by itself, with the deployment that it reads by itself.
  const chain = await startChain(options.keep ? 8545 : 0);
  closing.push(() => chain.close());
  progress("deploying ignition/modules/Demo.ts: the protocol, a fee token to try it with, and simulated enclaves");
  const root = createDevelopmentRoot();
  const deployment = await deploy(chain.url, DEPLOYMENT, root.certificate);
  print(`  chain    ${chain.url}, ${Object.keys(deployment.addresses).length} contracts deployed`);

  progress("starting the indexer");
  const indexer = await startIndexer({ rpcUrl: chain.url, deployment, ...(options.keep ? { port: 42069 } : {}) });
  closing.push(() => indexer.stop());
  print(`  indexer  ${indexer.url}/graphql`);

  const log = new NodeLog();
  const cast = await assemble(chain, deployment, digits, root, (event) => log.observe(event));
  for (const { node } of cast.operators) closing.push(() => node.close());
  for (const { name, node, nodeId, stake } of cast.operators)
    print(`  ${name}'s node  ${node.url}, ${(stake / OPG).toLocaleString("en")} OPG staked, ${nodeId}`);

  print(
    `  Dee's enclave is attested on chain: certificates and document in one transaction of ${cast.attestationGas.toLocaleString("en")} gas`,
  );

  heading("Handwritten digits");
  const ended = await run(cast, deployment, log, async ({ operator, run: { terms } }) => {
    print(`${operator.name}'s node has delivered and does not prove. The chain's clock moves past its proof window:`);
    print();
    await chain.pass(terms.offer.proofWindow + 1, terms.proofBlocks + 1);
  });

  const settledBatch = await batch(chain, deployment, cast);

  const { passed, failed } = await summarise(
    indexer,
    chain.provider,
    deployment,
    cast,
    root.certificate,
    ended,
    settledBatch,
  );
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
    writeFileSync(join(import.meta.dirname, "..", rootFile), root.certificate);
    await keep(chain.url, indexer.url, cast, rootFile);
  }
  return failed === 0 ? 0 : 1;
}

/** Says where everything is and what to try, and waits for Ctrl-C. */
async function keep(chain: string, indexer: string, { modelId }: Cast, rootFile: string): Promise<void> {
  heading("Still running, until Ctrl-C");
  print(`  chain    ${chain}, chain id 31337: what the commands mean by localhost`);
  print(`  indexer  ${indexer}/graphql`);
  print(`  model    ${modelId}`);
  print();
  print("  Audit every inference of chain data alone, in another terminal:");
  print();
  print(`    npm run opg -- audit --all --rpc ${chain} --root ${rootFile}`);
  print();
  print("  List a node of your own:");
  print();
  print("    npm run opg -- node register --endpoint http://127.0.0.1:8700");
  print("    npm run opg -- node stake 1000");
  print(`    npm run opg -- node offer --price 0.01 --model ${modelId}`);
  print(`    npm run opg -- node serve --model digits=${modelId}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}
