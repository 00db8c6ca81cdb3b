import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { EthereumProvider } from "hardhat/types/providers";

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: unknown[];
}

/** A chain that can be reached at an address. */
export interface RpcServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves an in-process chain as JSON-RPC over HTTP on 127.0.0.1, for what can only read a chain by its address. */
export async function serveRpc(provider: Pick<EthereumProvider, "request">): Promise<RpcServer> {
  const answer = async ({ id, method, params = [] }: Call) => {
    try {
      return { jsonrpc: "2.0", id, result: await provider.request({ method, params }) };
    } catch (error) {
      const { code, message, data } = Object(error) as { code?: number; message?: string; data?: unknown };
      return { jsonrpc: "2.0", id, error: { code: code ?? -32603, message: message ?? String(error), data } };
    }
  };
  const server = createServer(async (request, response) => {
    let body: Call | Call[];
    try {
      body = JSON.parse(await text(request)) as Call | Call[];
    } catch {
      // On a busy machine a client may give up in the middle of its request.
      response.destroy();
      return;
    }
    const result = Array.isArray(body) ? await Promise.all(body.map(answer)) : await answer(body);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the RPC server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
