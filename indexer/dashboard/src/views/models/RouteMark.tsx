import { AWS_NITRO_ROOT_HASH } from "../../../../../sdk/src/attestation/awsRoot.ts";
import { Mark } from "../../components/Mark.tsx";
import { Term } from "../../components/Term.tsx";
import type { ModelRow } from "../../queries/models.ts";
import { isForProduction } from "./isForProduction.ts";

type Route = ModelRow["routes"]["items"][number];

/** A route in force, and what its proof shows: good is only what shows that the model ran. */
export function RouteMark({ of: { route, current } }: { readonly of: Route }) {
  const status = current?.verifier?.status;
  const stopped = status === "FROZEN" ? ", frozen" : status === "REVOKED" ? ", revoked" : "";
  const trust = current?.measurementSet?.trust;
  const key = current?.verifyingKey ?? null;
  const isAws = current?.verifier?.rootHash === AWS_NITRO_ROOT_HASH;
  const isExecution = route === "ZK" ? key !== null && isForProduction(key) : trust === "LOCAL" && isAws;
  return (
    <Mark tone={stopped !== "" ? "bad" : isExecution ? "good" : "warn"}>
      {route === "ZK" ? (
        <>
          <Term of="zk">Zero knowledge</Term>
          {!isExecution && ", "}
          {!isExecution && (key === null ? "key not known" : <Term of="development">development key</Term>)}
        </>
      ) : (
        <>
          <Term of="tee">Enclave</Term>,{" "}
          {trust === "GATEWAY" ? (
            <>
              <Term of="gateway">GATEWAY</Term>, relay only
            </>
          ) : trust === "LOCAL" ? (
            <Term of="local">LOCAL</Term>
          ) : (
            "program not known"
          )}
          {!isAws && ", "}
          {!isAws && <Term of="developmentRoot">development root</Term>}
        </>
      )}
      {stopped}
    </Mark>
  );
}
