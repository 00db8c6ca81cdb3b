import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import { type NodeEvent, serveNode } from "../../sdk/src/node/serveNode.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { printable, type Report } from "./command.ts";
import type { Context } from "./context.ts";
import { readModel } from "./models.ts";

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
  const { deployment } = context;
  const { port, host, directory } = options;
  const node = await serveNode({ signer, deployment, nodes: [nodeId], models, port, host, directory, onEvent }).catch(
    (error: unknown) => {
      const busy = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      throw busy ? new OpgError(`Port ${port} on ${host} is in use: choose another with --port.`) : error;
    },
  );
  log({ type: "listening", url: node.url, nodeId }, `node ${nodeId} listens on ${node.url}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  await node.close();
  return { json: { type: "stopped", nodeId }, text: `node ${nodeId} stopped` };
}
