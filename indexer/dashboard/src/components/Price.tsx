import type { Priced } from "../format/price.ts";
import { Fee } from "./Fee.tsx";

/** What an inference costs: a price per request, and one per unit where it is metered. */
export function Price({ of: { token, pricePerRequest, pricePerUnit } }: { readonly of: Priced }) {
  const metered = BigInt(pricePerUnit) > 0n;
  if (!metered)
    return BigInt(pricePerRequest) === 0n ? <span>free</span> : <Fee value={pricePerRequest} token={token} />;
  return (
    <span>
      {BigInt(pricePerRequest) > 0n && (
        <>
          <Fee value={pricePerRequest} token={token} />
          {" + "}
        </>
      )}
      <Fee value={pricePerUnit} token={token} />
      <span className="dim"> / unit</span>
    </span>
  );
}
