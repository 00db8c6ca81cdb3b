import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AbiCoder } from "ethers";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { bytesModel, type InferenceModel } from "../../sdk/src/model.ts";
import type { NodeModel } from "../../sdk/src/node/NodeModel.ts";
import type { Route } from "../../sdk/src/types.ts";
import { ethers, Protocol } from "./fixtures.ts";

/** The fixture's protocol, as the SDK wants to be told of it. */
export async function deploymentOf({ contracts }: Protocol): Promise<Deployment> {
  const { chainId } = await ethers.provider.getNetwork();
  return {
    chainId: Number(chainId),
    startBlock: 0,
    addresses: {
      Settlement: await contracts.settlement.getAddress(),
      NodeRegistry: await contracts.nodes.getAddress(),
      ModelRegistry: await contracts.models.getAddress(),
      VerifierRegistry: await contracts.verifiers.getAddress(),
      OPG: await contracts.opg.getAddress(),
      BatchSettlement: await contracts.batches.getAddress(),
      TestUSD: await contracts.usd.getAddress(),
    },
  };
}

/** A model that turns text into upper case, as its requesters see it. */
export const shoutingModel = (modelId: string, route: Route): InferenceModel<string, string> => ({
  ...bytesModel(modelId, route),
  encodeInput: (text) => new TextEncoder().encode(text),
  decodeOutput: (bytes) => new TextDecoder().decode(bytes),
});

/** The same model as its node runs it: one unit per byte, proven to the fixture's verifier doubles. */
export const shoutingRuntime = (modelId: string, route: Route): NodeModel => ({
  ...bytesModel(modelId, route),
  run: async (input) => ({
    output: new TextEncoder().encode(new TextDecoder().decode(input).toUpperCase()),
    units: BigInt(input.length),
  }),
  prove: async ({ claim, claimHash }) =>
    AbiCoder.defaultAbiCoder().encode(
      ["tuple(bytes32,bytes32,bytes32,bytes32,bytes32,uint64)", "bytes32", "bytes"],
      [
        [claim.requestId, claim.modelId, claim.nodeId, claim.inputHash, claim.outputHash, claim.units],
        claimHash,
        Protocol.ROUTE_PARAMETERS,
      ],
    ),
});

/** A folder that is gone after the test. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "opg-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
