import { addressOf } from "../../sdk/src/deployment.ts";
import { modelRegistryAbi, verifierRegistryAbi } from "../../sdk/src/generated/abis.ts";
import type { Offer, OutputCommitment } from "../../sdk/src/types.ts";
import { requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { isBefore, type Located } from "./chain.ts";
import { type Notes, place, type Subject } from "./subject.ts";

/** How an inference is proven: the version of the model's route that its terms name. */
export interface ProvenRoute {
  /** The route's verifier; only its events are read. */
  readonly verifier: string;
  readonly verifierId: number;
  readonly parameters: string;
  readonly outputCommitment: OutputCommitment;
}

/** Reads a version of a model's route from the registries' events. @param use What rests on it. */
export async function readRoute(
  { chain, deployment }: Subject,
  { modelId, route, routeVersion }: Pick<Offer, "modelId" | "route" | "routeVersion">,
  use: Located,
): Promise<ProvenRoute> {
  const indexed = [modelId, word(route), word(routeVersion)];
  const [set] = await chain.events(addressOf(deployment, "ModelRegistry"), modelRegistryAbi, "RouteSet", indexed);
  if (set === undefined) throw new Unreadable(`the RPC node has no version ${routeVersion} of the model's route`);
  requireThat(isBefore(set, use), "the model's route was set after it was used");
  const { verifierId, parameters, outputCommitment } = set.args;
  const verifiers = addressOf(deployment, "VerifierRegistry");
  const [added] = await chain.events(verifiers, verifierRegistryAbi, "VerifierAdded", [word(verifierId)]);
  if (added === undefined) throw new Unreadable(`the RPC node has no verifier ${verifierId}`);
  requireThat(added.args.route === route, `verifier ${verifierId} is of another route`);
  return { verifier: added.args.verifier, verifierId, parameters, outputCommitment };
}

/** Checks that a route's verifier was not revoked before a settlement; mentions if it was later. */
export async function auditVerifier(
  { chain, deployment }: Subject,
  { verifierId }: ProvenRoute,
  settled: Located,
  { mind }: Pick<Notes, "mind">,
): Promise<void> {
  const verifiers = addressOf(deployment, "VerifierRegistry");
  for (const revoked of await chain.events(verifiers, verifierRegistryAbi, "VerifierRevoked", [word(verifierId)])) {
    requireThat(
      isBefore(settled, revoked),
      `the route's verifier was revoked before the settlement (${place(revoked)})`,
    );
    mind(`the route's verifier was revoked later (${place(revoked)}); this audit does not rest on its code`);
  }
}

/** A small number as a topic. */
export const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;
