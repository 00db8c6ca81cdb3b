import { Fact, Facts } from "../../components/Facts.tsx";
import { Copy, Id } from "../../components/Id.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Term } from "../../components/Term.tsx";
import { readOutput } from "../../format/output.ts";
import { count } from "../../format/text.ts";
import { COMMITMENTS } from "../../format/words.ts";
import type { Inference } from "../../queries/inferences.ts";

/** What the node answered, as far as it is on chain. */
export function Answer({ of, outputHash }: { readonly of: Inference; readonly outputHash: string }) {
  const { status, units, output, parameters } = of;
  const commitment = parameters?.outputCommitment ?? "OPAQUE";
  const isValue = commitment === "VALUE";
  const note =
    status === "DELIVERED" ? "The node's word, until it is proven." : "The node's word: it was never proven.";
  return (
    <Panel title="Answer" note={status === "SETTLED" ? undefined : note}>
      {output !== null && !isValue && <Output of={output} />}
      <Facts>
        {output === null && !isValue && <Fact name="Who has it">the requester: it was delivered directly</Fact>}
        <Fact name={isValue ? "Its value" : "On chain"}>
          <span className="stacked">
            {isValue ? <Value of={outputHash} /> : <Id value={outputHash} what="output commitment" />}
            <span className="small dim">{COMMITMENTS[commitment]}</span>
          </span>
        </Fact>
        {units !== null && <Fact name={<Term of="units" />}>{BigInt(units).toLocaleString("en")}</Fact>}
      </Facts>
    </Panel>
  );
}

function Value({ of }: { readonly of: string }) {
  const value = BigInt(of).toString();
  return (
    <span className="inline">
      <strong className="wrap">{value}</strong>
      <Copy value={value} what="answer" />
    </span>
  );
}

/** Bytes of a node's choice: as text if they are, in a frame of their own. */
function Output({ of }: { readonly of: string }) {
  const { text, isText, bytes, isCut } = readOutput(of);
  return (
    <figure className="output">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be in reach of a keyboard */}
      <pre className={isText ? undefined : "mono"} tabIndex={0} dir="auto">
        {text}
      </pre>
      <figcaption className="small dim">
        {count(bytes, "byte")} on chain{isText ? ", as text" : ""}
        {isCut && "; only the beginning is shown"}
        <Copy value={of} what="output bytes" />
      </figcaption>
    </figure>
  );
}
