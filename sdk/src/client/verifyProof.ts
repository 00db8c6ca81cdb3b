import type { Contracts } from "../chain/contracts.ts";
import { TypedContract } from "../chain/TypedContract.ts";
import { ContractError } from "../errors/ContractError.ts";
import { OpgError } from "../errors/OpgError.ts";
import { proofVerifierAbi, teeVerifierAbi } from "../generated/abis.ts";
import { claimOf } from "../hash/claimOf.ts";
import { hashClaim } from "../hash/hashClaim.ts";
import { hashTerms } from "../hash/hashTerms.ts";
import type { SettlementDomain } from "../hash/typedData.ts";
import { type Offer, Route, type Terms, Trust } from "../types.ts";
import type { InferenceReply } from "../wire.ts";

/**
 * What a proof of a model's route shows: that the model ran (`EXECUTION`), or only what an attested gateway relayed
 * (`RELAY`). Undefined if the route's verifier does not say.
 */
export type ProofMeaning = "EXECUTION" | "RELAY" | undefined;

/** A version of a model's route. */
type RouteName = Pick<Offer, "modelId" | "route" | "routeVersion">;

/** Reads what a proof of the offer's route shows; see {@link ProofMeaning}. */
export async function readProofMeaning(contracts: Contracts, offer: RouteName): Promise<ProofMeaning> {
  if (offer.route === Route.ZK) return "EXECUTION";
  const { verifier, parameters } = await verifierFor(contracts, offer);
  // Only a verifier of enclaves reads parameters so.
  const tee = new TypedContract(verifier, teeVerifierAbi, contracts.models.provider);
  try {
    const { trust } = await tee.read("decodeParameters", parameters);
    return trust === Trust.LOCAL ? "EXECUTION" : trust === Trust.GATEWAY ? "RELAY" : undefined;
  } catch (error) {
    if (error instanceof ContractError) return undefined;
    throw error;
  }
}

/**
 * Asks the route's own verifier, on chain, about the proof in a node's answer, as the settlement will: for an enclave,
 * that its key was attested for this node, is valid now, runs an image that the model trusts, and signed this claim.
 *
 * @throws OpgError if the proof does not prove the answer.
 */
export async function verifyProof(
  contracts: Contracts,
  domain: SettlementDomain,
  terms: Terms,
  reply: InferenceReply,
): Promise<void> {
  const { proof } = reply;
  const claim = claimOf(hashTerms(domain, terms), terms, reply);
  const [{ verifier, parameters }, block] = await Promise.all([
    verifierFor(contracts, terms.offer),
    contracts.models.provider.getBlock("latest"),
  ]);
  const claimedAt = BigInt(block?.timestamp ?? 0);
  const contract = new TypedContract(verifier, proofVerifierAbi, contracts.models.provider);
  if (!(await contract.read("verify", claim, hashClaim(domain, claim), claimedAt, parameters, proof))) {
    throw new OpgError(
      proof === "0x" ? "the node sent no signature of its enclave" : "the proof does not prove the answer",
    );
  }
}

/** The contract that verifies the proofs of an offer's route, and the model's parameters for it. */
export async function verifierFor({ models, verifiers }: Contracts, { modelId, route, routeVersion }: RouteName) {
  const { verifierId, parameters } = await models.read("routeAt", modelId, route, routeVersion);
  const { verifier } = await verifiers.read("verifierOf", verifierId);
  return { verifier, parameters };
}
