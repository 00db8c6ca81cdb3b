import { expect } from "chai";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import type { RunningNode } from "../../sdk/src/node/serveNode.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { Route } from "../../sdk/src/types.ts";
import { serveChannels } from "../support/channelNode.ts";
import { EnclaveRoute } from "../support/enclave.ts";
import { loadProtocol, OPG_UNIT } from "../support/fixtures.ts";
import { deploymentOf, shoutingModel, temporaryDirectory } from "../support/sdk.ts";

// A batch settles whole or not at all: one that would burn more than the node's free stake sticks, and with it everything
// behind it in the stream. A payer could make it so by many calls before the node looks at its stake again.
describe("Attack: more calls at once than the node's stake can burn", () => {
  let node: RunningNode | undefined;
  const directory = temporaryDirectory();
  after(async () => {
    await node?.close();
    directory.remove();
  });

  it("are answered as far as the stake goes, and these settle", async () => {
    const p = await loadProtocol();
    const { nodeId, modelId } = p;
    const route = await EnclaveRoute.open(p);
    const deployment = await deploymentOf(p);
    const operator = new OpgOperator({ signer: p.accounts.operator, deployment });
    const { free } = await p.contracts.nodes.accountOf(nodeId);
    await operator.unbond(nodeId, free - 3n * OPG_UNIT);

    node = await serveChannels(route, directory.path);
    const client = new OpgClient({ signer: p.accounts.requester, deployment });
    const token = await p.contracts.usd.getAddress();
    const channel = await client.openChannel({ nodeId, modelId, token, amount: 100_000n, endpoint: node.url });
    const model = shoutingModel(modelId, Route.TEE);
    for (const input of ["one", "two", "three"]) await channel.infer({ model, input });
    const refusal = await channel.infer({ model, input: "four", timeout: 1_000 }).then(
      () => "answered",
      ({ message }: Error) => message,
    );
    expect(refusal).not.to.equal("answered");
    await node.close();
    node = await serveChannels(route, directory.path);
    await node.settleBatches();
    expect(await p.contracts.batches.creditOf(token, p.accounts.payout)).to.equal(3_000n);
  });
});
