import type { Route } from "../../../src/mapping/enums.ts";
import { ROUTE } from "../format/words.ts";
import { Term } from "./Term.tsx";

/** A route and the version of it that an offer is for. */
export function RouteName({
  of: { route, routeVersion },
}: {
  readonly of: { readonly route: Route; readonly routeVersion: string };
}) {
  return (
    <span>
      <Term of={route === "ZK" ? "zk" : "tee"}>{ROUTE[route]}</Term> <span className="dim small">v{routeVersion}</span>
    </span>
  );
}
