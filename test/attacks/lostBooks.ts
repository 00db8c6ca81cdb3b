import { expect } from "chai";
import { DevelopmentEnclave } from "../../scripts/enclave/enclave.ts";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import type { RunningNode } from "../../sdk/src/node/serveNode.ts";
import { Route } from "../../sdk/src/types.ts";
import { serveChannels } from "../support/channelNode.ts";
import { EnclaveRoute, IMAGE } from "../support/enclave.ts";
import { loadProtocol, networkHelpers, type Protocol } from "../support/fixtures.ts";
import { deploymentOf, shoutingModel, temporaryDirectory } from "../support/sdk.ts";

// What an operator's accidents could cost: a disk that is lost while the key lives on, which would number anew what is
// settled (equivocation: the stake); and a key that is lost while its last batch is not signed.
describe("Attack: a node that lost its books, or its key", () => {
  let p: Protocol;
  let route: EnclaveRoute;
  let node: RunningNode | undefined;
  let directory: ReturnType<typeof temporaryDirectory>;

  beforeEach(async () => {
    p = await loadProtocol();
    route = await EnclaveRoute.open(p);
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    await node?.close();
    node = undefined;
    directory.remove();
  });

  async function openChannel() {
    const { nodeId, modelId } = p;
    const token = await p.contracts.usd.getAddress();
    const client = new OpgClient({ signer: p.accounts.requester, deployment: await deploymentOf(p) });
    const name = { nodeId, modelId, token, ...(node && { endpoint: node.url }) };
    await client.openChannel({ ...name, amount: 10_000n }).catch(() => undefined);
    const channel = await client.channel(name);
    return (input: string) => channel.infer({ model: shoutingModel(modelId, Route.TEE), input });
  }

  it("does not serve a stream from new books that the chain has settled some of", async () => {
    node = await serveChannels(route, directory.path);
    await (await openChannel())("settled");
    await node.settleBatches();
    await node.close();
    directory.remove();
    directory = temporaryDirectory();

    const serving = serveChannels(route, directory.path).then(
      (started) => {
        node = started;
        return "serves";
      },
      ({ message }: Error) => message,
    );
    expect(await serving).to.match(/^The chain has settled 1 inferences .* they are new or an older copy/);
  });

  it("settles what a new key signs, though a batch of the old one was never signed", async () => {
    let isBroken = false;
    node = await serveChannels(route, directory.path, {
      key: route.enclave.address,
      prove: async (digest) => {
        if (isBroken) throw new Error("the enclave is gone");
        return route.enclave.prove(digest, 0);
      },
    });
    await (await openChannel())("lost");
    isBroken = true;
    expect(await node.settleBatches().catch(({ message }: Error) => message)).to.equal("the enclave is gone");
    await node.close();

    const now = await networkHelpers.time.latest();
    const successor = new DevelopmentEnclave({ root: route.root, measurement: IMAGE, now });
    const [userData, nonce] = await route.tee.expectedBinding(p.nodeId);
    const document = successor.attest({ userData, nonce }, now * 1000);
    await route.tee.connect(p.accounts.operator).attest(p.nodeId, document, await documentHints(document));
    node = await serveChannels(route, directory.path, {
      key: successor.address,
      prove: (digest) => successor.prove(digest, 1),
    });
    await (await openChannel())("kept");
    const failure = await node.settleBatches().catch(({ message }: Error) => message);
    expect(failure).to.match(/was never signed, and that key is gone/);
    const { contracts, accounts } = p;
    expect(await contracts.batches.creditOf(contracts.usd, accounts.payout)).to.equal(1_000n);
  });
});
