import type { BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import { type RunningNode, serveNode } from "../../sdk/src/node/serveNode.ts";
import { Route } from "../../sdk/src/types.ts";
import type { EnclaveRoute } from "./enclave.ts";
import { deploymentOf, shoutingRuntime } from "./sdk.ts";

/** Serves the fixture's model to channels, for 1,000 base units a call; each takes a moment. */
export async function serveChannels(
  { protocol, enclave, offer }: EnclaveRoute,
  directory: string,
  signer: BatchSigner = { key: enclave.address, prove: (digest) => enclave.prove(digest, 0) },
): Promise<RunningNode> {
  const { accounts, contracts, modelId, nodeId } = protocol;
  const token = await contracts.usd.getAddress();
  const runtime = shoutingRuntime(modelId, Route.TEE);
  const routeVersion = Number(offer.routeVersion);
  return serveNode({
    signer: accounts.signer,
    deployment: await deploymentOf(protocol),
    nodes: [nodeId],
    models: [
      {
        ...runtime,
        run: async (...job) => {
          await new Promise((done) => setTimeout(done, 100));
          return runtime.run(...job);
        },
      },
    ],
    directory,
    pollingInterval: 20,
    concurrency: 16,
    channels: {
      enclave: signer,
      offers: [{ modelId, routeVersion, token, pricePerRequest: 1_000n, pricePerUnit: 0n }],
    },
  });
}
