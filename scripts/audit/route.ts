import { addressOf } from "../../sdk/src/deployment.ts";
import { modelRegistryAbi, verifierRegistryAbi } from "../../sdk/src/generated/abis.ts";
import type { OutputCommitment } from "../../sdk/src/types.ts";
import { isBefore } from "./chain.ts";
import type { Subject } from "./subject.ts";
import type { Request } from "./terms.ts";
import { require, Unreadable } from "./verdict.ts";

/** How an inference is proven: the version of the model's route that its terms name. */
export interface ProvenRoute {
  /** The route's verifier; only its events are read. */
  readonly verifier: string;
  readonly verifierId: number;
  readonly parameters: string;
  readonly outputCommitment: OutputCommitment;
}

/** Reads the version of the model's route that a request names, from the registries' events. */
export async function readRoute({ chain, deployment }: Subject, request: Request): Promise<ProvenRoute> {
  const { modelId, route, routeVersion } = request.args.terms.offer;
  const indexed = [modelId, word(route), word(routeVersion)];
  const [set] = await chain.events(addressOf(deployment, "ModelRegistry"), modelRegistryAbi, "RouteSet", indexed);
  if (set === undefined) throw new Unreadable(`the RPC node has no version ${routeVersion} of the model's route`);
  require(isBefore(set, request), "the model's route was set after the request");
  const { verifierId, parameters, outputCommitment } = set.args;
  const verifiers = addressOf(deployment, "VerifierRegistry");
  const [added] = await chain.events(verifiers, verifierRegistryAbi, "VerifierAdded", [word(verifierId)]);
  if (added === undefined) throw new Unreadable(`the RPC node has no verifier ${verifierId}`);
  require(added.args.route === route, `verifier ${verifierId} is of another route`);
  return { verifier: added.args.verifier, verifierId, parameters, outputCommitment };
}

/** A small number as a topic. */
export const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;
