import type { nodeRegistryAbi } from "../../../sdk/src/generated/abis.ts";
import type { EventArgs } from "./args.ts";
import { nameOf, ROUTES } from "./enums.ts";

/** The row of an offer that was posted. None of it is checked by the registry, so any value of any type occurs. */
export function offerRow({
  offerHash,
  offer,
}: Pick<EventArgs<typeof nodeRegistryAbi, "OfferPosted">, "offerHash" | "offer">) {
  return {
    nodeId: offer.nodeId,
    modelId: offer.modelId,
    route: nameOf(ROUTES, offer.route),
    token: offer.token,
    hash: offerHash,
    routeVersion: BigInt(offer.routeVersion),
    pricePerRequest: offer.pricePerRequest,
    pricePerUnit: offer.pricePerUnit,
    coverage: offer.coverage,
    deliveryWindow: BigInt(offer.deliveryWindow),
    proofWindow: BigInt(offer.proofWindow),
  };
}
