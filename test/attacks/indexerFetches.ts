import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createPublicClient, encodeErrorResult, type Hex, parseAbi } from "viem";
import { checkedTransport } from "../../indexer/src/rpc/checkedTransport.ts";
import { tokenWords } from "../../indexer/src/rpc/tokenWords.ts";
import { withoutAddress } from "../../indexer/src/rpc/withoutAddress.ts";
import { serveRpc } from "../support/rpcServer.ts";

const TOKEN = `0x${"77".repeat(20)}` as const;
const KEY = "the-operators-key";

describe("attack: what the indexer asks its RPC node is turned against its operator", () => {
  it("goes to no address that a token names (EIP-3668)", async () => {
    let asked = 0;
    const inside = createServer((_, response) => {
      asked++;
      response.end(JSON.stringify({ data: "0x" }));
    }).listen(0, "127.0.0.1");
    await once(inside, "listening");
    const { port } = inside.address() as AddressInfo;
    const abi = parseAbi(["error OffchainLookup(address,string[],bytes,bytes4,bytes)"]);
    const urls = [`http://127.0.0.1:${port}/latest/{sender}/{data}`];
    const data = encodeErrorResult({ abi, args: [TOKEN, urls, "0x1234", "0x12345678", "0x"] });
    const rpc = await serveRpc({
      request: async () => {
        throw Object.assign(new Error("execution reverted"), { code: 3, data });
      },
    });
    const client = createPublicClient({ transport: checkedTransport(rpc.url, "off") });
    const call = (call: { to: Hex; data: Hex }) =>
      client.request({ method: "eth_call", params: [call, "latest"] }) as Promise<Hex>;
    expect(await tokenWords(TOKEN, call)).to.deep.equal({ symbol: null, decimals: null });
    expect(asked).to.equal(0);
    inside.close();
    await rpc.close();
  });

  it("tells nobody the RPC node's address, whatever the node answers", async () => {
    let status = 200;
    const node = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32_000, message: "missing trie node" } }));
    }).listen(0, "127.0.0.1");
    await once(node, "listening");
    const { port } = node.address() as AddressInfo;
    const said = async (url: string) => {
      const client = createPublicClient({ transport: checkedTransport(url, "off") });
      const error = await client.request({ method: "eth_chainId" }).catch((reason: unknown) => reason);
      expect(String(error)).to.contain(KEY);
      return withoutAddress(error).message;
    };
    const url = `http://127.0.0.1:${port}/v2/${KEY}`;
    expect(await said(url)).to.equal("missing trie node");
    status = 403;
    expect(await said(url)).to.not.contain(KEY);
    node.close();
    node.closeAllConnections();
    expect(await said(`http://127.0.0.1:1/v2/${KEY}`)).to.not.contain(KEY);
  });
});
