import { AWS_NITRO_ROOT_HASH } from "../../../../sdk/src/attestation/awsRoot.ts";
import { shortLine } from "../format/text.ts";
import type { InferenceRow } from "../queries/inferences.ts";
import { Mark } from "./Mark.tsx";
import { Term } from "./Term.tsx";

const DevelopmentRoot = () => <Term of="developmentRoot">development root</Term>;

/**
 * What an enclave's program is trusted for, in plain words. A relay is never shown as a proof of execution, nor is a machine
 * that AWS says nothing of.
 *
 * @param rootHash What its attestation ends at; undefined where it is about programs and not about machines.
 */
export function TrustMark({
  trust,
  backend,
  rootHash = AWS_NITRO_ROOT_HASH,
}: {
  readonly trust: string | undefined;
  readonly backend?: string;
  readonly rootHash?: string | null | undefined;
}) {
  const isAws = rootHash === AWS_NITRO_ROOT_HASH;
  const under = !isAws && (
    <>
      , by a <DevelopmentRoot />
    </>
  );
  if (trust === "LOCAL") {
    return (
      <Mark tone={isAws ? "good" : "warn"}>
        <Term of="local">LOCAL</Term>: the model ran inside{under}
      </Mark>
    );
  }
  if (trust === "GATEWAY") {
    return (
      <Mark tone="warn">
        <Term of="gateway">GATEWAY</Term>: relayed only{backend ? ` to ${shortLine(backend)}` : ""}
        {under}
      </Mark>
    );
  }
  return <Mark tone="quiet">no model trusts it</Mark>;
}

/** What the signature of a batch shows. */
export function ProvesMark({ of: { proves, trust } }: { readonly of: Pick<InferenceRow, "proves" | "trust"> }) {
  if (proves === null || trust === null) return <Mark tone="quiet">unknown</Mark>;
  return <TrustMark trust={trust} {...(proves === "DEVELOPMENT" && { rootHash: null })} />;
}

/** How it is proven; neither a gateway nor a key or root that is not for production is ever shown as a proof of execution. */
export function Proof({ route, proves, trust }: Pick<InferenceRow, "route" | "proves" | "trust">) {
  if (route === "ZK") {
    return (
      <span className="stacked">
        <Term of="zk">Zero knowledge</Term>
        {proves === "DEVELOPMENT" && (
          <span className="small warn-text">
            <Term of="development">development key</Term>, no proof to others
          </span>
        )}
        {proves === null && <span className="small warn-text">its key is not known</span>}
      </span>
    );
  }
  return (
    <span className="stacked">
      {trust === "LOCAL" ? (
        <Term of="local">Enclave, LOCAL</Term>
      ) : trust === "GATEWAY" ? (
        <Term of="gateway">Enclave, GATEWAY</Term>
      ) : (
        <Term of="tee">Enclave</Term>
      )}
      {trust === "GATEWAY" && <span className="small warn-text">relay, not execution</span>}
      {proves === "DEVELOPMENT" && (
        <span className="small warn-text">
          <DevelopmentRoot />, no proof to others
        </span>
      )}
      {proves === null && <span className="small warn-text">what it shows is not known</span>}
    </span>
  );
}
