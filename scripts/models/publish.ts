import { ZeroAddress } from "ethers";
import { decodeZkParameters, encodeZkParameters } from "../../circuits/src/key.ts";
import { isLocalChain } from "../../sdk/src/chain/isLocalChain.ts";
import type { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import { keyWeaknesses } from "../../sdk/src/client/keyWeaknesses.ts";
import { ContractError } from "../../sdk/src/errors/ContractError.ts";
import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import type { groth16VerifierAbi } from "../../sdk/src/generated/abis.ts";
import { modelIdOf } from "../../sdk/src/hash/modelIdOf.ts";
import type { OpgModels } from "../../sdk/src/operator/OpgModels.ts";
import { Route } from "../../sdk/src/types.ts";
import type { CircuitKey, Sources } from "./sources.ts";

/** What to say, in these words, to use a key on a real chain that is not one for production. */
export const UNSAFE_KEY_WORDS = "whoever made this key can forge proofs";

/**
 * Refuses, outside local chains, a key that is not one for production, unless told otherwise in so many words.
 *
 * @param weaknesses Why it is none.
 * @param words What the user said.
 * @throws OpgError naming what is missing.
 */
export function requireSafeKey(chainId: number, keyId: string, weaknesses: readonly string[], words?: string): void {
  if (weaknesses.length === 0 || isLocalChain(chainId) || words === UNSAFE_KEY_WORDS) return;
  throw new OpgError(
    `Key ${keyId} is not one for production (${weaknesses.join("; ")}), so it is refused on chain ${chainId}: use one of a ceremony with at least two contributions and a beacon (docs/zk.md), or say --accept-unsafe-key "${UNSAFE_KEY_WORDS}".`,
  );
}

/** {@link requireSafeKey} for a route's parameters, by what their key declares on chain. Others than Groth16's are fine. */
export async function requireSafeParameters(
  chainId: number,
  groth16: Groth16,
  parameters: string,
  words?: string,
): Promise<void> {
  const keyId = decodeZkParameters(parameters)?.keyId;
  if (keyId === undefined || isLocalChain(chainId)) return;
  const info = await keyInfo(groth16, keyId);
  requireSafeKey(chainId, keyId, info === undefined ? ["it is not registered"] : keyWeaknesses(info.ceremony), words);
}

/** The Groth16 verifier's contract, called through a provider or a signer. */
export type Groth16 = TypedContract<typeof groth16VerifierAbi>;

/** What a verifying key declares on chain; undefined if it is not registered. */
export async function keyInfo(groth16: Groth16, keyId: string) {
  try {
    return await groth16.read("keyInfo", keyId);
  } catch (error) {
    if (error instanceof ContractError && error.error === "Groth16_UnknownKey") return undefined;
    throw error;
  }
}

/** Who publishes, and where. */
export interface Publisher {
  readonly account: string;
  readonly chainId: number;
  readonly models: OpgModels;
  readonly groth16: Groth16;
}

/** What a requester needs to know of a model that was published. */
export interface Publication {
  readonly modelId: string;
  readonly routeVersion: number;
  readonly verifierId: number;
  /** What had to be sent; the rest was there. */
  readonly sent: readonly ("key" | "model" | "route")[];
}

/**
 * Registers a model's key, the model and its ZK route: whatever of it is not there yet, so that it can be run again after a
 * failure, and changes nothing the second time.
 *
 * @param words What the user said to a key that is not one for production; see {@link requireSafeKey}.
 * @throws OpgError if such a key is refused, or if the model is somebody else's by now.
 */
export async function publishModel(
  { account, chainId, models, groth16 }: Publisher,
  { circuit, contentHash, weightsCommitment }: Sources,
  { keyBytes, keyId, weaknesses }: CircuitKey,
  { metadata = "", words }: { readonly metadata?: string; readonly words?: string } = {},
): Promise<Publication> {
  requireSafeKey(chainId, keyId, weaknesses, words);
  const verifierId = await models.verifierIdOf(groth16.address);
  const sent: Publication["sent"][number][] = [];

  if ((await keyInfo(groth16, keyId)) === undefined) {
    await groth16.write("registerKey", keyBytes);
    sent.push("key");
  }

  const modelId = modelIdOf(account, contentHash);
  const { owner } = await models.contracts.models.read("ownerOf", modelId);
  if (owner === ZeroAddress) {
    await models.register(contentHash, metadata);
    sent.push("model");
  } else if (owner.toLowerCase() !== account.toLowerCase()) {
    throw new OpgError(`Model ${modelId} belongs to ${owner} by now: only it can set the route.`);
  }

  const parameters = encodeZkParameters({ keyId, weightsCommitment, units: circuit.units });
  const route = { route: Route.ZK, verifierId, outputCommitment: circuit.output, parameters };
  const current = await currentRoute(models, modelId);
  const isSet =
    current !== undefined &&
    current.verifierId === verifierId &&
    current.outputCommitment === circuit.output &&
    current.parameters === parameters;
  if (isSet) return { modelId, routeVersion: current.version, verifierId, sent };
  return { modelId, routeVersion: await models.setRoute(modelId, route), verifierId, sent: [...sent, "route"] };
}

/** A model's ZK route as requests find it now; undefined if it has none. */
export async function currentRoute({ contracts: { models } }: Pick<OpgModels, "contracts">, modelId: string) {
  const { version } = await models.read("currentRoute", modelId, Route.ZK);
  return version === 0 ? undefined : { version, ...(await models.read("routeAt", modelId, Route.ZK, version)) };
}
