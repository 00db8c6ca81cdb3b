import type { Command } from "commander";
import type { PaymentChannel } from "../../sdk/src/channel/PaymentChannel.ts";
import type { ChannelName } from "../../sdk/src/client/OpgClient.ts";
import { address, bytes32, decimal, insecureOption, onNetwork, table, wholeNumber } from "./command.ts";
import type { Context, Token } from "./context.ts";

/** Which channel a command is about. */
interface ChannelOptions {
  readonly node: string;
  readonly model: string;
  readonly routeVersion?: number;
  readonly token: string;
  readonly insecure?: true;
}

const SOME_ID = `0x${"ab".repeat(32)}`;

/** Adds the options that name a channel of the account, whose own key signs its vouchers. */
const aboutChannel = (command: Command): Command =>
  command
    .requiredOption("--node <id>", "the node", bytes32)
    .requiredOption("--model <id>", "the model", bytes32)
    .option("--route-version <number>", "the version of the model's TEE route; the one in force if absent", wholeNumber)
    .option("--token <token>", "the token: an address, or a name in the deployment", "TestUSD");

/** The commands of a payer: `opg channel …`. */
export function registerChannelCommands(program: Command): void {
  const channel = program.command("channel").description("pay a node per call, from a prepaid channel");

  onNetwork<ChannelOptions & { delay?: number }>(
    aboutChannel(
      channel
        .command("open")
        .description("open a channel of the account to a node, and deposit into it")
        .argument("<amount>", "in whole tokens, such as 5", decimal)
        .option(
          "--delay <seconds>",
          "from announcing a withdrawal to making it; the shortest possible if absent",
          wholeNumber,
        ),
    ),
    `channel open 5 --node ${SOME_ID} --model ${SOME_ID}`,
    async (context, options, [text = ""]) => {
      const { amountOf, show } = await import("./context.ts");
      const [client, { name, token }] = await Promise.all([context.client(), nameOf(context, options)]);
      const amount = amountOf(token, text);
      const withdrawalDelay = options.delay === undefined ? {} : { withdrawalDelay: options.delay };
      const { channelId } = await client.openChannel({ ...name, ...withdrawalDelay, amount });
      return { json: { channelId, amount }, text: `opened channel ${channelId} with ${show(token, amount)}` };
    },
  );

  onNetwork<ChannelOptions>(
    aboutChannel(
      channel
        .command("deposit")
        .description("add to a channel of the account")
        .argument("<amount>", "in whole tokens, such as 5", decimal),
    ),
    `channel deposit 5 --node ${SOME_ID} --model ${SOME_ID}`,
    async (context, options, [text = ""]) => {
      const { amountOf, show } = await import("./context.ts");
      const [client, { name, token }] = await Promise.all([context.client(), nameOf(context, options)]);
      const account = await client.channelAccount(name);
      await account.topUp(amountOf(token, text));
      const { channelId, balance } = await account.state();
      return { json: { channelId, balance }, text: `deposited; balance: ${show(token, balance)}` };
    },
  );

  onNetwork<ChannelOptions>(
    aboutChannel(
      channel.command("status").description("show a channel: what is left, drawn, charged").addOption(insecureOption()),
    ),
    `channel status --node ${SOME_ID} --model ${SOME_ID}`,
    async (context, options) => {
      const { show } = await import("./context.ts");
      const [client, { name, token }] = await Promise.all([context.client(options), nameOf(context, options)]);
      const state = await (await client.channelAccount(name)).state();
      // The chain does not know what was charged since the last batch; a node that is away does not hide the rest.
      const reached: PaymentChannel | Error = await client.channel(name).catch((error: Error) => error);
      const charged = reached instanceof Error ? undefined : reached.charged;
      return {
        json: { ...state, charged },
        text: table({
          channel: state.channelId,
          payer: state.payer,
          balance: show(token, state.balance),
          drawn: show(token, state.claimed),
          "proven, not drawn": show(token, state.unpaid),
          "charged in all": charged === undefined ? `unknown: ${(reached as Error).message}` : show(token, charged),
          withdrawal:
            state.withdrawableAt === 0n
              ? `none announced; takes ${state.withdrawalDelay} s`
              : `from ${new Date(Number(state.withdrawableAt) * 1_000).toISOString()} on`,
        }),
      };
    },
  );

  onNetwork<Omit<ChannelOptions, "model"> & { model: string; input: string; maxUnits?: number; receipt?: string }>(
    channel
      .command("infer")
      .description("run one inference and pay for it from a channel")
      .requiredOption("--node <id>", "the node", bytes32)
      .requiredOption("--model <name=id>", "the model, on the TEE route: ./module.ts=MODEL_ID")
      .requiredOption("--input <file>", "the input")
      .option(
        "--route-version <number>",
        "the version of the model's TEE route; the one in force if absent",
        wholeNumber,
      )
      .option("--token <token>", "the token: an address, or a name in the deployment", "TestUSD")
      .option("--max-units <number>", "the most units to pay for, where the model is metered", wholeNumber)
      .addOption(insecureOption())
      .option("--receipt <file>", "where to write the enclave's receipt, to have the inference proven later"),
    `channel infer --node ${SOME_ID} --model ./model.ts=${SOME_ID} --input input.bin --receipt receipt.json`,
    async (context, options) => {
      const [{ show }, { readInputFile, understood }, { readModel }, { writeFileSync }, { toJson }] = await Promise.all(
        [
          import("./context.ts"),
          import("./files.ts"),
          import("./models.ts"),
          import("node:fs"),
          import("../../sdk/src/wire.ts"),
        ],
      );
      const { modelId, module } = await readModel(options.model);
      const model = module.requester(modelId);
      const file = readInputFile(options.input);
      const input = understood(options.input, () => module.readInput(file));
      const [client, { name, token }] = await Promise.all([
        context.client(options),
        nameOf(context, { ...options, model: modelId }),
      ]);
      const maxUnits = options.maxUnits === undefined ? {} : { maxUnits: BigInt(options.maxUnits) };
      const run = await (await client.channel(name)).infer({ model, input, ...maxUnits });
      if (options.receipt !== undefined) writeFileSync(options.receipt, `${toJson(run.receipt, 2)}\n`);
      const { output, amount, units, proves, receipt } = run;
      return {
        json: { output, amount, units, proves, receipt },
        text: table({
          output,
          cost: show(token, amount),
          units,
          proves: proves ?? "unknown",
          sequence: receipt.sequence,
        }),
      };
    },
  );

  onNetwork<Omit<ChannelOptions, "model">>(
    channel
      .command("proof")
      .description("show whether an inference was settled, by its receipt, with its path to the root on chain")
      .argument("<receipt>", "the receipt, as channel infer writes it"),
    "channel proof receipt.json",
    async (context, _, [path = ""]) => {
      const [{ readJsonFile, understood }, { parseReceipt }] = await Promise.all([
        import("./files.ts"),
        import("../../sdk/src/channel/channelWire.ts"),
      ]);
      const receipt = understood(path, () => parseReceipt(readJsonFile(path)));
      const { nodeId, modelId, routeVersion, token } = receipt.stream;
      const client = await context.client();
      const proof = await (await client.channel({ nodeId, modelId, routeVersion, token })).settledProof(receipt);
      return {
        json: { settled: proof !== undefined, ...proof },
        text:
          proof === undefined
            ? `inference ${receipt.sequence} is not settled yet`
            : table({ settled: `under root ${proof.batch.root}`, leaf: proof.leaf, path: proof.path }),
      };
    },
  );

  onNetwork<ChannelOptions & { to?: string }>(
    aboutChannel(
      channel
        .command("reclaim")
        .description("take back what is left: announces the withdrawal, then, after its delay, makes it")
        .option("--to <address>", "the receiver; the account if absent", address),
    ),
    `channel reclaim --node ${SOME_ID} --model ${SOME_ID}`,
    async (context, options) => {
      const { show } = await import("./context.ts");
      const [client, { name, token }] = await Promise.all([context.client(), nameOf(context, options)]);
      const done = await (await client.channelAccount(name)).reclaim(options.to);
      return {
        json: done,
        text:
          "amount" in done
            ? `withdrew ${show(token, done.amount)}`
            : `announced: reclaim again from ${new Date(Number(done.withdrawableAt) * 1_000).toISOString()} on`,
      };
    },
  );
}

async function nameOf(
  context: Context,
  { node, model, routeVersion, token: named }: ChannelOptions,
): Promise<{ readonly name: ChannelName; readonly token: Token }> {
  const token = await context.token(named);
  const version = routeVersion === undefined ? {} : { routeVersion };
  return { name: { nodeId: node, modelId: model, ...version, token: token.address }, token };
}
