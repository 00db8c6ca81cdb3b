import type { Contracts } from "../chain/contracts.ts";
import { NodeStatus, type Offer, type Route } from "../types.ts";

/** A standing offer, and the node behind it. */
export interface StandingOffer {
  readonly offer: Offer;
  readonly offerHash: string;
  /** Where the node is reached. */
  readonly endpoint: string;
  /** The node's free OPG, in base units: what it can still pledge. */
  readonly free: bigint;
}

/** Which offers to find. */
export interface OfferFilter {
  readonly modelId?: string;
  readonly nodeId?: string;
  readonly route?: Route;
  readonly token?: string;
}

/**
 * The offers that stand now, whatever their nodes' status: from the registry's events, each checked against its state.
 *
 * @param fromBlock The deployment's first block.
 */
export async function standingOffers(
  { nodes }: Contracts,
  fromBlock: number,
  filter: OfferFilter,
): Promise<{ readonly offer: Offer; readonly offerHash: string }[]> {
  const posted = await nodes.events("OfferPosted", [filter.nodeId ?? null, filter.modelId ?? null], fromBlock);
  const offers = new Map(posted.map(({ args: { offer, offerHash } }) => [offerHash, offer]));
  const checked = await Promise.all(
    [...offers].map(async ([offerHash, offer]) => {
      const { nodeId, modelId, route, token } = offer;
      if ((filter.route ?? route) !== route) return undefined;
      if ((filter.token ?? token).toLowerCase() !== token.toLowerCase()) return undefined;
      const current = await nodes.read("offerOf", nodeId, modelId, route, token);
      return current === offerHash ? { offer, offerHash } : undefined;
    }),
  );
  return checked.filter((offer) => offer !== undefined);
}

/** The standing offers of nodes that take requests, the cheapest per request first. */
export async function findOffers(
  contracts: Contracts,
  fromBlock: number,
  filter: OfferFilter = {},
): Promise<StandingOffer[]> {
  const { nodes } = contracts;
  const found = await Promise.all(
    (await standingOffers(contracts, fromBlock, filter)).map(async (standing) => {
      const { nodeId } = standing.offer;
      const [{ status }, { free }, { endpoint }] = await Promise.all([
        nodes.read("nodeOf", nodeId),
        nodes.read("accountOf", nodeId),
        nodes.read("descriptionOf", nodeId),
      ]);
      return status === NodeStatus.ACTIVE ? { ...standing, endpoint, free } : undefined;
    }),
  );
  return found
    .filter((offer) => offer !== undefined)
    .sort((a, b) => (a.offer.pricePerRequest < b.offer.pricePerRequest ? -1 : 1));
}
