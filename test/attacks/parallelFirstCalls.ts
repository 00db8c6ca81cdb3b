import { expect } from "chai";
import { hexlify, toUtf8Bytes } from "ethers";
import { CHANNEL_CALLS_PATH } from "../../sdk/src/channel/channelWire.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { typedDataDomain, VOUCHER_TYPES } from "../../sdk/src/hash/typedData.ts";
import { randomSalt } from "../../sdk/src/model.ts";
import type { RunningNode } from "../../sdk/src/node/serveNode.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { serveChannels } from "../support/channelNode.ts";
import { EnclaveRoute } from "../support/enclave.ts";
import { loadProtocol } from "../support/fixtures.ts";
import { deploymentOf, temporaryDirectory } from "../support/sdk.ts";

// The first calls of a channel make the node read the channel from the chain. While it reads, it knows nothing of the
// channel: were each call counted alone, all of them would be answered out of money and a voucher for one.
describe("Attack: a channel's first calls, all at once", () => {
  let node: RunningNode | undefined;
  const directory = temporaryDirectory();
  after(async () => {
    await node?.close();
    directory.remove();
  });

  it("get as many answers as the channel can pay for", async () => {
    const p = await loadProtocol();
    node = await serveChannels(await EnclaveRoute.open(p), directory.path);
    const { requester } = p.accounts;
    const { batches, usd } = p.contracts;
    const [token, settlement] = [await usd.getAddress(), await batches.getAddress()];
    const deployment = await deploymentOf(p);
    const client = new OpgClient({ signer: requester, deployment });
    const { nodeId, modelId } = p;
    const channel = await client.openChannel({ nodeId, modelId, token, amount: 1_000n, endpoint: node.url });

    const voucher = { nodeId, modelId, routeVersion: channel.routeVersion, token, ceiling: 1_000n };
    const domain = typedDataDomain({ chainId: deployment.chainId, settlement });
    const signature = await requester.signTypedData(domain, VOUCHER_TYPES, voucher);
    const signer = await requester.getAddress();
    // The chain is far away, as it is in life.
    const { signer: reader } = p.accounts;
    const read = reader.call.bind(reader);
    reader.call = async (transaction) => {
      await new Promise((done) => setTimeout(done, 50));
      return read(transaction);
    };
    const call = (input: string) => ({
      ...{ ...voucher, signer, signature, maxAmount: 1_000n },
      ...{ input: hexlify(toUtf8Bytes(input)), salt: randomSalt() },
    });
    const statuses = await Promise.all(
      ["one", "two", "three", "four"].map(async (input) => {
        const response = await fetch(`${node?.url}${CHANNEL_CALLS_PATH}`, {
          method: "POST",
          body: toJson(call(input)),
        });
        return response.status;
      }),
    );
    expect(statuses.sort()).to.deep.equal([200, 402, 402, 402]);
  });
});
