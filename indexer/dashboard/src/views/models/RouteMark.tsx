import { Mark } from "../../components/Mark.tsx";
import { Term } from "../../components/Term.tsx";

/** A route in force, and what its proof shows. */
export function RouteMark({
  route,
  trust,
  status,
}: {
  readonly route: "ZK" | "TEE";
  readonly trust: string | undefined;
  readonly status: string | undefined;
}) {
  const stopped = status === "FROZEN" ? ", frozen" : status === "REVOKED" ? ", revoked" : "";
  const tone = stopped !== "" ? "bad" : trust === "GATEWAY" ? "warn" : "good";
  return (
    <Mark tone={tone}>
      {route === "ZK" ? (
        <Term of="zk">Zero knowledge</Term>
      ) : trust === "GATEWAY" ? (
        <>
          <Term of="tee">Enclave</Term>, <Term of="gateway">relay only</Term>
        </>
      ) : (
        <>
          <Term of="tee">Enclave</Term>
          {trust === "LOCAL" ? (
            <>
              , <Term of="local">model inside</Term>
            </>
          ) : (
            ""
          )}
        </>
      )}
      {stopped}
    </Mark>
  );
}
