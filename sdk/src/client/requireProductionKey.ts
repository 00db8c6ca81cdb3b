import { AbiCoder, dataLength } from "ethers";
import type { Contracts } from "../chain/contracts.ts";
import { isLocalChain } from "../chain/isLocalChain.ts";
import { TypedContract } from "../chain/TypedContract.ts";
import { ContractError } from "../errors/ContractError.ts";
import { OpgError } from "../errors/OpgError.ts";
import { groth16VerifierAbi } from "../generated/abis.ts";
import { type Offer, Route } from "../types.ts";
import { keyWeaknesses } from "./keyWeaknesses.ts";

/** A model's parameters for Groth16: see IGroth16Verifier. */
export interface ZkParameters {
  /** The verifying key. */
  readonly keyId: string;
  readonly weightsCommitment: string;
  /** What every inference of this model meters. */
  readonly units: bigint;
}

/**
 * What a ZK route's parameters say, if its verifier is a Groth16 verifier; undefined for another proof system.
 *
 * @throws OpgError if the verifying key is not one for production by what it declares (see `keyWeaknesses`) and the chain
 * is not a local one: whoever made it can prove anything.
 */
export async function requireProductionKey(
  { models, verifiers }: Contracts,
  chainId: number,
  { modelId, route, routeVersion }: Pick<Offer, "modelId" | "route" | "routeVersion">,
): Promise<ZkParameters | undefined> {
  if (route !== Route.ZK) return undefined;
  const { verifierId, parameters } = await models.read("routeAt", modelId, route, routeVersion);
  if (dataLength(parameters) !== 96) return undefined;
  const { verifier } = await verifiers.read("verifierOf", verifierId);
  const [keyId, weightsCommitment, units] = AbiCoder.defaultAbiCoder().decode(
    ["bytes32", "bytes32", "uint64"],
    parameters,
  );
  const groth16 = new TypedContract(verifier, groth16VerifierAbi, models.provider);
  const info = await groth16.read("keyInfo", keyId).catch((error: unknown) => {
    // A verifier of another proof system has no such function; whatever else went wrong must not pass for that.
    if (error instanceof ContractError && error.error === undefined) return undefined;
    throw error;
  });
  if (info === undefined) return undefined;
  const [weakness] = keyWeaknesses(info.ceremony);
  if (weakness !== undefined && !isLocalChain(chainId)) {
    throw new OpgError(
      `Model ${modelId} is proven under key ${keyId}, and ${weakness}: whoever made it can prove anything, so it is refused on chain ${chainId}.`,
    );
  }
  return { keyId, weightsCommitment, units };
}
