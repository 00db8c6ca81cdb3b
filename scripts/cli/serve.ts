import { existsSync } from "node:fs";
import { type Ceremony, decodeZkParameters, keyBytes, keyIdOf } from "../../circuits/src/key.ts";
import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import type { BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import type { BatchEvent } from "../../sdk/src/node/batch/BatchSettler.ts";
import { type NodeEvent, serveNode } from "../../sdk/src/node/serveNode.ts";
import { Route } from "../../sdk/src/types.ts";
import { printable } from "../../sdk/src/verify/printable.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { keyInfo } from "../models/publish.ts";
import type { Report } from "./command.ts";
import type { Context } from "./context.ts";
import { InputError } from "./InputError.ts";
import { type NamedModel, readModel, splitModel } from "./models.ts";

/** Runs a node until it is interrupted (SIGINT or SIGTERM). Logs one line per event: JSON lines with `--json`. */
export async function serve(
  context: Context,
  options: {
    readonly node?: string;
    readonly salt?: string;
    readonly model: readonly string[];
    readonly zkey?: readonly string[];
    readonly port: number;
    readonly host: string;
    readonly directory: string;
    readonly channels?: true;
    readonly settleAfter: number;
    readonly settleAt: number;
    readonly json?: true;
  },
): Promise<Report> {
  const log = (event: Readonly<Record<string, unknown>>, text: string) =>
    console.log(options.json ? toJson({ time: new Date().toISOString(), ...event }) : text);
  const [signer, nodeId, named] = await Promise.all([
    context.signer(),
    context.nodeId(options),
    Promise.all(options.model.map(readModel)),
  ]);
  const zkeys = readZkeys(options.zkey ?? [], options.model);
  for (const [index, model] of named.entries()) await requireProvable(context, model, zkeys[index]);
  const models = await Promise.all(
    named.map(({ module, modelId }, index) =>
      module.runtime(modelId, (line) => console.error(`opg: ${line}`), zkeys[index]),
    ),
  );
  const onEvent = (event: NodeEvent) =>
    log(
      { ...event },
      `${event.type.padEnd(9)}  ${event.requestId}${event.detail ? `  ${printable(event.detail)}` : ""}`,
    );
  const channels = options.channels && {
    enclave: await enclaveOf(named, context.chainId),
    offers: (await (await context.operator()).offers(nodeId)).filter(
      ({ route, modelId }) => route === Route.TEE && models.some((model) => model.modelId === modelId),
    ),
    settleAfter: options.settleAfter,
    settleAt: options.settleAt,
    onBatch: (event: BatchEvent) =>
      log({ ...event }, `${event.type.padEnd(12)}  ${event.count ?? ""}  ${printable(event.detail ?? "")}`),
  };
  if (channels?.offers.length === 0) {
    throw new OpgError("Channels pay the prices of the node's TEE offers, and there is none for these models.");
  }
  const { deployment } = context;
  const { port, host, directory } = options;
  const serving = { signer, deployment, nodes: [nodeId], models, port, host, directory, onEvent };
  const node = await serveNode({ ...serving, ...(channels ? { channels } : {}) }).catch((error: unknown) => {
    const busy = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    throw busy ? new OpgError(`Port ${port} on ${host} is in use: choose another with --port.`) : error;
  });
  log({ type: "listening", url: node.url, nodeId }, `node ${nodeId} listens on ${node.url}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  await node.close();
  return { json: { type: "stopped", nodeId }, text: `node ${nodeId} stopped` };
}

/** The proving key of each model, by the name that the model was given. @throws InputError if one is of none of them. */
function readZkeys(texts: readonly string[], models: readonly string[]): (string | undefined)[] {
  const names = models.map((model) => splitModel(model).name);
  const files = new Map(
    texts.map((text) => {
      const name = names.find((known) => text.startsWith(`${known}=`));
      if (name === undefined) throw new InputError(`"${text}" is no model's key: write ${names[0]}=FILE`);
      const file = text.slice(name.length + 1);
      if (!existsSync(file)) throw new InputError(`${file} cannot be read: there is no such file`);
      return [name, file];
    }),
  );
  return names.map((name) => files.get(name));
}

/** Refuses a model whose proofs the chain would not take: each of its requests would cost the node its coverage. */
async function requireProvable(context: Context, { modelId, module }: NamedModel, zkey?: string): Promise<void> {
  if (module.provesUnder === undefined) return;
  const { models } = context.contracts;
  const { version } = await models.read("currentRoute", modelId, Route.ZK);
  if (version === 0) return;
  const { parameters } = await models.read("routeAt", modelId, Route.ZK, version);
  const zk = decodeZkParameters(parameters);
  const info = zk && (await keyInfo(context.groth16(), zk.keyId));
  if (zk === undefined || info === undefined) return;
  const { vkey, weightsCommitment } = await module.provesUnder(zkey);
  if (weightsCommitment !== zk.weightsCommitment) {
    throw new OpgError(`Model ${modelId} has other weights than this node would run: every request would default.`);
  }
  if (keyIdOf(keyBytes(vkey, info.ceremony as Ceremony)) !== zk.keyId) {
    throw new OpgError(
      `Model ${modelId} is proven under key ${zk.keyId}, and this node would prove under another: every request would default. Name the final .zkey of its ceremony by --zkey.`,
    );
  }
}

/** The enclave that signs batches: the one of the first model that has one. */
async function enclaveOf(models: readonly NamedModel[], chainId: number): Promise<BatchSigner> {
  for (const { module } of models) if (module.enclave !== undefined) return module.enclave(chainId);
  throw new OpgError("Channels need an enclave's key: a model's module has to export it as `model.enclave`.");
}
