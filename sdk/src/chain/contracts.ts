import type { ContractRunner } from "ethers";
import { addressOf, type Deployment } from "../deployment.ts";
import { modelRegistryAbi, nodeRegistryAbi, opgAbi, settlementAbi, verifierRegistryAbi } from "../generated/abis.ts";
import { TypedContract } from "./TypedContract.ts";

/** The protocol's contracts, typed. */
export interface Contracts {
  readonly settlement: TypedContract<typeof settlementAbi>;
  readonly nodes: TypedContract<typeof nodeRegistryAbi>;
  readonly models: TypedContract<typeof modelRegistryAbi>;
  readonly verifiers: TypedContract<typeof verifierRegistryAbi>;
  readonly opg: TypedContract<typeof opgAbi>;
}

/** The contracts of a deployment, called through a provider or a signer. */
export const contractsOf = (deployment: Deployment, runner: ContractRunner): Contracts => ({
  settlement: new TypedContract(addressOf(deployment, "Settlement"), settlementAbi, runner),
  nodes: new TypedContract(addressOf(deployment, "NodeRegistry"), nodeRegistryAbi, runner),
  models: new TypedContract(addressOf(deployment, "ModelRegistry"), modelRegistryAbi, runner),
  verifiers: new TypedContract(addressOf(deployment, "VerifierRegistry"), verifierRegistryAbi, runner),
  opg: new TypedContract(addressOf(deployment, "OPG"), opgAbi, runner),
});
