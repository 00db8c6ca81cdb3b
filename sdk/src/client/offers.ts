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

/**
 * The standing offers that a request can take: of active nodes, in a listed token, for the route as it is now, with
 * windows that the protocol allows. The cheapest per request first.
 */
export async function findOffers(
  contracts: Contracts,
  fromBlock: number,
  filter: OfferFilter = {},
): Promise<StandingOffer[]> {
  const { nodes, models, settlement } = contracts;
  const limits = await settlement.read("limits");
  const found = await Promise.all(
    (await standingOffers(contracts, fromBlock, filter)).map(async (standing) => {
      const { nodeId, modelId, route, routeVersion, token, deliveryWindow, proofWindow } = standing.offer;
      const [{ status }, { free }, { endpoint }, isListed, { version }] = await Promise.all([
        nodes.read("nodeOf", nodeId),
        nodes.read("accountOf", nodeId),
        nodes.read("descriptionOf", nodeId),
        settlement.read("isListed", token),
        models.read("currentRoute", modelId, route),
      ]);
      const takeable =
        status === NodeStatus.ACTIVE &&
        isListed &&
        version === routeVersion &&
        deliveryWindow <= limits.deliveryWindow &&
        proofWindow <= limits.proofWindow;
      return takeable ? { ...standing, endpoint, free } : undefined;
    }),
  );
  return found
    .filter((offer) => offer !== undefined)
    .sort((a, b) => (a.offer.pricePerRequest < b.offer.pricePerRequest ? -1 : 1));
}

/**
 * The offer that costs least, of offers in one token.
 *
 * @param units How many units are metered, if that is known; then it is the least for these.
 * @param maxFee Otherwise, it is the one under which this escrow buys the most units.
 */
export function cheapest(
  offers: readonly StandingOffer[],
  units: bigint | undefined,
  maxFee: bigint | undefined,
): StandingOffer | undefined {
  const bought = ({ pricePerRequest, pricePerUnit }: Offer): bigint =>
    pricePerUnit === 0n ? 2n ** 64n : ((maxFee ?? 0n) - pricePerRequest) / pricePerUnit;
  const isCheaper = (a: Offer, b: Offer): boolean => {
    const [left, right] = units === undefined ? [bought(b), bought(a)] : [priceOf(a, units), priceOf(b, units)];
    return left === right ? a.pricePerRequest < b.pricePerRequest : left < right;
  };
  return offers
    .filter(({ offer }) => maxFee === undefined || offer.pricePerRequest <= maxFee)
    .reduce<StandingOffer | undefined>(
      (best, next) => (best === undefined || isCheaper(next.offer, best.offer) ? next : best),
      undefined,
    );
}

/** What `units` cost under an offer, in base units of its token. */
export const priceOf = (
  { pricePerRequest, pricePerUnit }: Pick<Offer, "pricePerRequest" | "pricePerUnit">,
  units: bigint,
): bigint => pricePerRequest + units * pricePerUnit;
