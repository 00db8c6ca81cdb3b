import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** One JSON-RPC exchange that passes through the proxy. */
export interface Exchange {
  readonly method: string;
  readonly params: readonly unknown[];
  /** What the node answered. */
  result: unknown;
}

/** What happens to a request. */
export type Fault =
  /** The node refuses: too many requests. */
  | { readonly kind: "429" }
  /** No answer comes until the client gives up. */
  | { readonly kind: "silence" }
  /** The connection breaks. */
  | { readonly kind: "broken" }
  /** Another result. */
  | { readonly kind: "other"; readonly change: (exchange: Exchange) => unknown };

/** An RPC node with faults. */
export interface FaultyRpc {
  readonly url: string;
  /** Decides what goes wrong, if anything; asked for every request, each of a batch on its own. */
  fault: (method: string, params: readonly unknown[]) => Fault | null;
  close(): Promise<void>;
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** Puts a proxy before an RPC node, which passes everything on until it is told what should go wrong. */
export async function serveFaultyRpc(upstream: string): Promise<FaultyRpc> {
  const forward = async (call: Call | Call[]) => {
    const response = await fetch(upstream, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(call),
    });
    return (await response.json()) as { id: unknown; result?: unknown } | { id: unknown; result?: unknown }[];
  };
  const held = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Call | Call[];
    const calls = [body].flat();
    const faults = calls.map(({ method, params = [] }) => proxy.fault(method, params));
    const stop = faults.find((fault) => fault !== null && fault.kind !== "other");
    if (stop?.kind === "429") return void response.writeHead(429).end("too many requests");
    if (stop?.kind === "broken") return void request.socket.destroy();
    if (stop?.kind === "silence") return void held.add(response);
    const answers = [await forward(body)].flat();
    for (const [index, fault] of faults.entries()) {
      const call = calls[index];
      const answer = answers.find(({ id }) => id === call?.id);
      if (fault?.kind !== "other" || call === undefined || answer === undefined) continue;
      answer.result = fault.change({ method: call.method, params: call.params ?? [], result: answer.result });
    }
    const reply = Array.isArray(body) ? answers : answers[0];
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
  const proxy: FaultyRpc = {
    url: `http://127.0.0.1:${address.port}`,
    fault: () => null,
    async close() {
      for (const response of held) response.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
