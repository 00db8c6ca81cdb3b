import type { ContractRunner } from "ethers";
import { batchContract } from "../../chain/batchContract.ts";
import { contractsOf } from "../../chain/contracts.ts";
import { TypedContract } from "../../chain/TypedContract.ts";
import type { Deployment } from "../../deployment.ts";
import { x402GatesAbi } from "../../generated/abis.ts";
import { Route } from "../../types.ts";

/** A node's gate to x402: whom clients pay for a model. */
export interface X402GateInfo {
  readonly gate: string;
  /** Whether it is on chain already. Money can be deposited towards it before; batches can settle by it only after. */
  readonly made: boolean;
  /** The version of the model's TEE route that draws through it. */
  readonly routeVersion: number;
}

/**
 * Finds the gate of a node and model.
 *
 * @param runner A provider; a signer, to make the gate.
 * @param of The version of the model's TEE route is the current one if absent.
 * @param make Whether to make it if it is not there.
 * @throws ContractError if the model has no such route.
 */
export async function x402GateOf(
  deployment: Deployment,
  runner: ContractRunner,
  of: { readonly nodeId: string; readonly modelId: string; readonly routeVersion?: number | undefined },
  make = false,
): Promise<X402GateInfo> {
  const { nodeId, modelId } = of;
  const batches = batchContract(deployment, runner);
  const { models } = contractsOf(deployment, runner);
  const routeVersion = of.routeVersion ?? (await models.read("currentRoute", modelId, Route.TEE)).version;
  await models.read("routeAt", modelId, Route.TEE, routeVersion);
  const gates = new TypedContract(await batches.read("gates"), x402GatesAbi, runner);
  const gate = await gates.read("gateOf", nodeId, modelId, routeVersion);
  const made = (await batches.provider.getCode(gate)) !== "0x";
  if (!made && make) await gates.write("make", nodeId, modelId, routeVersion);
  return { gate, made: made || make, routeVersion };
}
