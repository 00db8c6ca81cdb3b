import type { ProofMeaning } from "../../../src/mapping/enums.ts";
import { shortLine } from "../format/text.ts";
import type { InferenceRow } from "../queries/inferences.ts";
import { Mark } from "./Mark.tsx";
import { Term } from "./Term.tsx";

/** What an enclave's program is trusted for, in plain words. A relay is never shown as a proof of execution. */
export function TrustMark({ trust, backend }: { readonly trust: string | undefined; readonly backend?: string }) {
  if (trust === "LOCAL") {
    return (
      <Mark tone="good">
        <Term of="local">LOCAL</Term>: the model ran inside
      </Mark>
    );
  }
  if (trust === "GATEWAY") {
    return (
      <Mark tone="warn">
        <Term of="gateway">GATEWAY</Term>: relayed only{backend ? ` to ${shortLine(backend)}` : ""}
      </Mark>
    );
  }
  return <Mark tone="quiet">no model trusts it</Mark>;
}

/** What the signature of a batch shows; null if its route's program is not known. */
export function ProvesMark({ of }: { readonly of: ProofMeaning | null }) {
  if (of === "EXECUTION") return <Mark tone="good">the model ran</Mark>;
  if (of === "RELAY") {
    return (
      <Mark tone="warn">
        <Term of="gateway">relayed only</Term>
      </Mark>
    );
  }
  return <Mark tone="quiet">unknown</Mark>;
}

/** How it is proven; neither a gateway nor a key that is not for production is ever shown as a proof of execution. */
export function Proof({ route, proves }: Pick<InferenceRow, "route" | "proves">) {
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
  if (proves === "RELAY") {
    return (
      <span className="stacked">
        <Term of="gateway">Enclave, GATEWAY</Term>
        <span className="small warn-text">relay, not execution</span>
      </span>
    );
  }
  return proves === "EXECUTION" ? <Term of="local">Enclave, LOCAL</Term> : <Term of="tee">Enclave</Term>;
}
