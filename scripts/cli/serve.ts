import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import type { BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import type { BatchEvent } from "../../sdk/src/node/batch/BatchSettler.ts";
import { type NodeEvent, serveNode } from "../../sdk/src/node/serveNode.ts";
import { Route } from "../../sdk/src/types.ts";
import { printable } from "../../sdk/src/verify/printable.ts";
import { toJson } from "../../sdk/src/wire.ts";
import type { Report } from "./command.ts";
import type { Context } from "./context.ts";
import { type NamedModel, readModel } from "./models.ts";

/** Runs a node until it is interrupted (SIGINT or SIGTERM). Logs one line per event: JSON lines with `--json`. */
export async function serve(
  context: Context,
  options: {
    readonly node?: string;
    readonly salt?: string;
    readonly model: readonly string[];
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
  const models = await Promise.all(
    named.map(({ module, modelId }) => module.runtime(modelId, (line) => console.error(`opg: ${line}`))),
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

/** The enclave that signs batches: the one of the first model that has one. */
async function enclaveOf(models: readonly NamedModel[], chainId: number): Promise<BatchSigner> {
  for (const { module } of models) if (module.enclave !== undefined) return module.enclave(chainId);
  throw new OpgError("Channels need an enclave's key: a model's module has to export it as `model.enclave`.");
}
