import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { type RunningNode, serveNode } from "../../sdk/src/node/serveNode.ts";
import { loadProtocol } from "../support/fixtures.ts";
import { deploymentOf, temporaryDirectory } from "../support/sdk.ts";

// Each connection may hold a body in memory that never ends. A node that runs out of memory misses the proof deadlines
// of what it has delivered, and loses its coverage.
describe("Attack: connections without end", () => {
  let node: RunningNode | undefined;
  const directory = temporaryDirectory();
  const sockets: Socket[] = [];

  after(async () => {
    for (const socket of sockets) socket.destroy();
    await node?.close();
    directory.remove();
  });

  it("are closed beyond a number", async () => {
    const p = await loadProtocol();
    node = await serveNode({
      signer: p.accounts.signer,
      deployment: await deploymentOf(p),
      nodes: [p.nodeId],
      models: [],
      directory: directory.path,
      maxConnections: 3,
    });
    const { hostname, port } = new URL(node.url);
    const open = async () => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      await once(socket, "connect");
      return socket;
    };
    const held = [await open(), await open(), await open()];
    for (const socket of held)
      socket.write("POST /v1/inferences HTTP/1.1\r\nhost: node\r\ncontent-length: 1000000\r\n\r\n{");
    const refused = await open();
    refused.resume();
    await once(refused, "close");
    expect(held.map(({ destroyed }) => destroyed)).to.deep.equal([false, false, false]);
  });
});
