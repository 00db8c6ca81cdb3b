import {
  addressOf,
  batchContract,
  type ChannelRun,
  contractsOf,
  type Deployment,
  OpgClient,
  TypedContract,
  testUsdAbi,
} from "@opg/settlement-sdk";
import { digitImages } from "../../circuits/src/dataset.ts";
import { type Cast, USD } from "./cast.ts";
import type { LocalChain } from "./chain.ts";
import { dim, green, heading, print, progress, red, table } from "./console.ts";
import { opg, usd } from "./inferences.ts";
import { sheetModel } from "./sheets.ts";

const PAYERS = 10;
const CALLS = 100;
/** Calls that a payer makes at once. */
const AT_ONCE = 4;
const DEPOSIT = 5n * USD;

/** What the batch did, as the chain tells it. */
export interface SettledBatch {
  readonly digest: string;
  readonly count: bigint;
  readonly paid: bigint;
  readonly burned: bigint;
  readonly rows: number;
}

/** Ten payers make a hundred calls each through prepaid channels, and one transaction settles them all. */
export async function batch(
  chain: LocalChain,
  deployment: Deployment,
  { modelId, operators }: Cast,
): Promise<SettledBatch> {
  const [, , , dee] = operators;
  const token = addressOf(deployment, "TestUSD");
  const treasury = chain.wallet(0);
  const { heldOut } = digitImages();
  const model = sheetModel(modelId);
  heading("A thousand inferences, one settlement");

  const money = new TypedContract(token, testUsdAbi, treasury);
  const channels = [];
  for (let index = 0; index < PAYERS; index++) {
    progress(`payer ${index + 1} of ${PAYERS}: opening a channel to Dee's node`);
    const payer = chain.wallet(15 + index);
    await (await treasury.sendTransaction({ to: payer.address, value: 10n ** 18n })).wait();
    await money.write("mint", payer.address, DEPOSIT);
    const client = new OpgClient({ signer: payer, deployment });
    channels.push(await client.openChannel({ nodeId: dee.nodeId, modelId, token, amount: DEPOSIT }));
  }
  print(`  ${PAYERS} payers have opened channels to Dee's node, with ${usd(DEPOSIT)} each`);

  const started = performance.now();
  let answered = 0;
  let right = 0;
  const calls = await Promise.all(
    channels.map(async (channel, who) => {
      const runs: ChannelRun<string>[] = [];
      for (let n = 0; n < CALLS; n += AT_ONCE) {
        const made = Array.from({ length: AT_ONCE }, async (_, k) => {
          const image = heldOut[(who * CALLS + n + k) % heldOut.length];
          if (image === undefined) throw new Error("there are no held-out digits");
          const run = await channel.infer({ model, input: [image.pixels], maxUnits: 1n });
          if (run.output === String(image.label)) right++;
          if (++answered % 250 === 0) progress(`${answered} of ${PAYERS * CALLS} calls answered`);
          return run;
        });
        runs.push(...(await Promise.all(made)));
      }
      return runs;
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const rate = (answered / seconds).toFixed(0);
  print(`  ${answered} calls answered in ${seconds.toFixed(1)} s (${rate} a second), ${right} as labelled, each with`);
  print("  the enclave's signed receipt, checked by its payer; nothing was sent to the chain, and nothing is paid yet");

  progress("settling them all");
  await dee.node.settleBatches();
  const batches = batchContract(deployment, chain.provider);
  const [settled, ...more] = await batches.events("BatchSettled", [null, dee.nodeId], deployment.startBlock);
  if (settled === undefined || more.length > 0) throw new Error(`${more.length} batches too many were settled`);
  const { digest, paid, burned, batch: header } = settled.args;
  const receipt = await chain.provider.getTransactionReceipt(settled.transactionHash);
  const gas = receipt?.gasUsed ?? 0n;
  print();
  print(`  batch       ${digest}`);
  print(`  settlement  ${dim(settled.transactionHash)}`);
  print();
  const each = (amount: bigint, digits: number) => (Number(amount) / Number(header.count)).toFixed(digits);
  table([
    ["what it cost", "together", "per inference", "per payer"],
    ["gas", gas.toLocaleString("en"), each(gas, 0), (Number(gas) / PAYERS).toFixed(0)],
    ["fee, to the operator", usd(paid), usd(paid / header.count), usd(paid / BigInt(PAYERS))],
    ["burn", opg(burned), opg(burned / header.count), opg(burned / BigInt(PAYERS))],
  ]);

  print();
  const total = calls.flat().reduce((sum, { amount }) => sum + amount, 0n);
  const credit = await batches.read("creditOf", token, dee.payout);
  const states = await Promise.all(channels.map((channel) => channel.state()));
  const drawn = states.reduce((sum, { claimed }) => sum + claimed, 0n);
  const left = states.reduce((sum, { balance }) => sum + balance, 0n);
  const one = calls[4]?.[20];
  const proof = one && (await channels[4]?.settledProof(one.receipt));
  const { teeVerificationFee } = await contractsOf(deployment, chain.provider).settlement.read("parameters");
  for (const [what, holds] of [
    ["what the payers' receipts add up to is the operator's credit, to the unit", total === credit && total === paid],
    [
      "what was drawn and what is left is what was deposited",
      drawn === total && drawn + left === DEPOSIT * BigInt(PAYERS),
    ],
    ["any one inference is proven by its path to the root on chain", proof !== undefined],
    ["the verification fee burned for every inference", burned === header.count * teeVerificationFee],
  ] as const) {
    print(`  ${holds ? green("✓") : red("✗")} ${what}`);
    if (!holds) throw new Error(`It does not hold that ${what}.`);
  }
  return { digest, count: header.count, paid, burned, rows: PAYERS };
}
