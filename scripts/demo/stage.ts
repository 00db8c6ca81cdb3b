import type { Deployment } from "@opg/settlement-sdk";
import { loadDigits } from "../../circuits/src/digits.ts";
import { buildDashboard } from "../../indexer/dashboard/build.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { buildContracts } from "../buildContracts.ts";
import { createDevelopmentRoot, type Identity } from "../enclave/simulator.ts";
import { assemble, type Cast, OPG, publish } from "./cast.ts";
import { deploy, type LocalChain, startChain } from "./chain.ts";
import { batch, type SettledBatch } from "./channels.ts";
import { heading, print, progress } from "./console.ts";
import { DAYS, playHistory } from "./history.ts";
import { type Ended, NodeLog, run } from "./inferences.ts";

/** What {@link setStage} needs to know. */
export interface StageOptions {
  /** Port of the chain; any free one by default. */
  readonly chainPort?: number;
  /** Port of the indexer; any free one by default. */
  readonly indexerPort?: number;
  /** Ignition's folder for the deployment. */
  readonly deploymentId: string;
  /** Whether a month has gone by before, and the indexer serves the dashboard that shows it. */
  readonly month: boolean;
  /** Gets what to undo at the end, the latest last. */
  readonly closing: (() => Promise<unknown>)[];
}

/** A chain with the protocol, four nodes at work, and an indexer. */
export interface Stage {
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  readonly indexer: Indexer;
  readonly cast: Cast;
  /** What the simulated enclaves' documents come under. */
  readonly root: Identity;
  readonly log: NodeLog;
}

/** Brings everything up that the demo plays with. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { closing, month } = options;
  heading("Setting up");
  progress("the digit model: loading its circuit");
  const digits = await loadDigits(progress);
  print(
    `  model    64-16-10 digit classifier, ${(100 * digits.accuracy).toFixed(1)} % on held-out digits; weights private, bound by ${digits.weightsCommitment.slice(0, 18)}…`,
  );

  progress("compiling the contracts, where they have changed");
  buildContracts();

  progress("starting a chain");
  const since = month ? Math.floor(Date.now() / 1_000) - DAYS * 86_400 : undefined;
  const chain = await startChain(options.chainPort ?? 0, since);
  closing.push(() => chain.close());
  progress("deploying ignition/modules/Demo.ts: the protocol, a fee token to try it with, and simulated enclaves");
  const root = createDevelopmentRoot(undefined, since);
  const deployment = await deploy(chain.url, options.deploymentId, root.certificate);
  print(`  chain    ${chain.url}, ${Object.keys(deployment.addresses).length} contracts deployed`);
  const modelId = await publish(chain, deployment, digits, root);
  if (since !== undefined) {
    await playHistory({ chain, deployment, digits, modelId, root, since });
    print(`  history  ${DAYS} days on the chain's own clock, which is at ours again`);
  }

  progress(month ? "building the dashboard, where it has changed, and starting the indexer" : "starting the indexer");
  const indexer = await startIndexer({
    rpcUrl: chain.url,
    deployment,
    ...(options.indexerPort === undefined ? {} : { port: options.indexerPort }),
    ...(month ? { dashboard: await buildDashboard() } : {}),
  });
  closing.push(() => indexer.stop());
  print(`  indexer  ${indexer.url}/graphql`);

  const log = new NodeLog();
  const cast = await assemble({ chain, deployment, digits, modelId, root, onEvent: (event) => log.observe(event) });
  for (const { node } of cast.operators) closing.push(() => node.close());
  for (const { name, node, nodeId, stake } of cast.operators)
    print(`  ${name}'s node  ${node.url}, ${(stake / OPG).toLocaleString("en")} OPG staked, ${nodeId}`);

  print(
    `  Dee's enclave is attested on chain: certificates and document in one transaction of ${cast.attestationGas.toLocaleString("en")} gas`,
  );
  return { chain, deployment, indexer, cast, root, log };
}

/** What was asked for on the stage, and how it ended. */
export interface Played {
  readonly ended: readonly Ended[];
  readonly settledBatch: SettledBatch;
}

/** Has handwritten digits classified, proven and settled, one by one and a thousand at once. */
export async function play({ chain, deployment, cast, log }: Stage): Promise<Played> {
  heading("Handwritten digits");
  const ended = await run(cast, deployment, log, async ({ operator, run: { terms } }) => {
    print(`${operator.name}'s node has delivered and does not prove. The chain's clock moves past its proof window:`);
    print();
    await chain.pass(terms.offer.proofWindow + 1, terms.proofBlocks + 1);
  });
  return { ended, settledBatch: await batch(chain, deployment, cast) };
}
