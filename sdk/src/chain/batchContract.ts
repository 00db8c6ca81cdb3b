import type { ContractRunner } from "ethers";
import { addressOf, type Deployment } from "../deployment.ts";
import { batchSettlementAbi } from "../generated/abis.ts";
import { TypedContract } from "./TypedContract.ts";

/** The contract of channels and batches. */
export type BatchContract = TypedContract<typeof batchSettlementAbi>;

/** The batch settlement of a deployment. @throws OpgError if the deployment has none. */
export const batchContract = (deployment: Deployment, runner: ContractRunner): BatchContract =>
  new TypedContract(addressOf(deployment, "BatchSettlement"), batchSettlementAbi, runner);
