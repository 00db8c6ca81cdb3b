import { type Command, Option } from "commander";
import type { Step } from "../models/check.ts";
import type { SourceOptions } from "../models/sources.ts";
import { type NetworkOptions, onNetwork, type Report, table } from "./command.ts";
import type { Context } from "./context.ts";

/** `opg model publish`, `opg model check` and `opg model digits`: models that are proven by a circuit. */
export function registerModelCircuitCommands(model: Command): void {
  const sources = (command: Command): Command =>
    command
      .option("--circuit <file>", "the circuit's source; the model's own if absent")
      .option("--weights <file>", "the weights; the model's own if absent")
      .option("--ceremony <folder>", "the ceremony of its key")
      .option("--zkey <file>", "or the final .zkey of that ceremony, with --ptau")
      .option("--ptau <file>", "powers of tau that you trust, instead of the ceremony's copy");

  const published = (command: Command): Command =>
    command.option("--metadata <uri>", "where to read about the model", "").addOption(unsafeKeyOption());

  onNetwork<PublishOptions>(
    published(
      sources(
        model
          .command("publish")
          .description(
            "register a model proven by a circuit: its key, the model and its ZK route; run again, it goes on",
          )
          .argument("<model>", "digits, convnet, or a module that exports `model` (scripts/models/ModelModule.ts)"),
      ),
    ),
    "model publish digits",
    (context, options, [name = ""]) => publish(context, name, options),
  );

  onNetwork<PublishOptions>(
    published(model.command("digits").description("the same as `model publish digits`: the digit classifier")),
    "model digits",
    (context, options) => publish(context, "digits", options),
  );

  onNetwork<SourceOptions>(
    sources(
      model
        .command("check")
        .description("verify that a registered model belongs to its sources: weights, circuit and the key's ceremony")
        .argument("<model>", "digits=0xMODEL, or ./module.ts=0xMODEL; the module is code of yours that is run"),
    ).addHelpText("after", "\nExit code: 0 it belongs to them, 1 it does not, 2 something cannot be read."),
    `model check digits=0x${"ab".repeat(32)}`,
    check,
    2,
  );
}

/** `--accept-unsafe-key`, for commands that publish a key or a route. */
export const unsafeKeyOption = (): Option =>
  new Option("--accept-unsafe-key <words>", "on a real chain, use a key not for production: says it in so many words");

type PublishOptions = SourceOptions & { readonly metadata: string; readonly acceptUnsafeKey?: string };

async function publish(context: Context, name: string, options: PublishOptions & NetworkOptions): Promise<Report> {
  const [{ keyOf, readSources }, { publishModel }, { loadCircuit }, { endProgress, showProgress }] = await Promise.all([
    import("../models/sources.ts"),
    import("../models/publish.ts"),
    import("./models.ts"),
    import("./progress.ts"),
  ]);
  const [signer, models] = await Promise.all([context.signer(), context.models()]);
  const sources = await readSources(await loadCircuit(name), { ...options, progress: showProgress });
  const key = await keyOf(sources.circuit.source, { ...options, progress: showProgress });
  endProgress();
  const groth16 = context.groth16(signer);
  const { modelId, routeVersion, verifierId, sent } = await publishModel(
    { account: await signer.getAddress(), chainId: context.chainId, models, groth16 },
    sources,
    key,
    {
      metadata: options.metadata,
      ...(options.acceptUnsafeKey === undefined ? {} : { words: options.acceptUnsafeKey }),
    },
  );
  const { contentHash, weightsCommitment } = sources;
  const { keyId, ceremony, weaknesses } = key;
  const request = `opg request --model ${name}=${modelId} --network ${options.network} --input FILE --max-fee AMOUNT`;
  return {
    json: {
      modelId,
      contentHash,
      keyId,
      weightsCommitment,
      version: routeVersion,
      verifierId,
      verifier: groth16.address,
      ceremony,
      weaknesses,
      sent,
      request,
    },
    text: table({
      model: modelId,
      "content hash": contentHash,
      "weights commitment": weightsCommitment,
      key: [keyId, ...kindOf(weaknesses)],
      route: `ZK, version ${routeVersion}, by verifier ${verifierId} (${groth16.address})`,
      sent: sent.length === 0 ? "nothing: all of it was there" : sent.join(", "),
      request,
    }),
  };
}

async function check(context: Context, options: SourceOptions & NetworkOptions, [text = ""]: readonly string[]) {
  const [{ checkModel }, { loadCircuit, splitModel }, { endProgress, showProgress }] = await Promise.all([
    import("../models/check.ts"),
    import("./models.ts"),
    import("./progress.ts"),
  ]);
  const { name, modelId } = splitModel(text);
  const circuit = await loadCircuit(name);
  const { contracts, deployment } = context;
  const chain = { contracts, groth16: context.groth16(), startBlock: deployment.startBlock };
  const steps: Step[] = [];
  for await (const step of checkModel(chain, modelId, circuit, { ...options, progress: showProgress }))
    steps.push(step);
  endProgress();
  const belongs = steps.every(({ holds }) => holds);
  const verdict = belongs ? "it belongs to these sources" : "IT DOES NOT BELONG TO THESE SOURCES";
  return {
    json: { modelId, belongs, steps },
    text: table({
      model: modelId,
      ...Object.fromEntries(steps.map(({ what, holds, detail }) => [what, `${holds ? "ok" : "NO"}  ${detail}`])),
      verdict,
    }),
    exitCode: belongs ? 0 : 1,
  };
}

const kindOf = (weaknesses: readonly string[]) =>
  weaknesses.length === 0 ? ["a production key"] : weaknesses.map((why) => `a development key: ${why}`);
