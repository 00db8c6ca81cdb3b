import { Amount, WholeAmount } from "../../components/Amount.tsx";
import { useNet } from "../../components/Net.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useRead } from "../../data/useAsk.ts";
import { formatShare } from "../../format/text.ts";

interface Rolling {
  readonly since: number;
  readonly burned: string;
  readonly burnedNet: string;
  readonly annualised: number;
  readonly annualisedNet: number;
}

interface Summary {
  readonly supply: string;
  readonly rolling: { readonly day: Rolling; readonly week: Rolling; readonly month: Rolling };
  readonly projection: readonly { readonly days: number; readonly supply: string; readonly supplyNet: string }[];
}

const WINDOWS = [
  { key: "day", name: "Last 24 hours" },
  { key: "week", name: "Last 7 days" },
  { key: "month", name: "Last 30 days" },
] as const;

/** How fast the supply shrinks, and where it goes at that pace. */
export function Deflation() {
  const net = useNet();
  const answer = useRead<Summary>("/metrics/deflation/summary");
  return (
    <Panel
      title="Deflation"
      note={`${net ? "without self-dealing; " : ""}windows begin at a full hour; projected at the pace of the last 30 days`}
      flush
    >
      <Loaded
        answer={answer}
        height={244}
        isEmpty={(data) => data === null}
        empty={<Empty title="No rates yet">They appear once the indexer has read the first blocks.</Empty>}
      >
        {(summary) =>
          summary && (
            <table className="plain inset">
              <thead>
                <tr>
                  <th scope="col">Window</th>
                  <th scope="col" className="figures">
                    Burned
                  </th>
                  <th scope="col" className="figures">
                    <Term of="annualised" />
                  </th>
                </tr>
              </thead>
              <tbody>
                {WINDOWS.map(({ key, name }) => {
                  const window = summary.rolling[key];
                  return (
                    <tr key={key}>
                      <th scope="row">{name}</th>
                      <td className="figures">
                        <Amount value={net ? window.burnedNet : window.burned} />
                      </td>
                      <td className="figures num">{formatShare(net ? window.annualisedNet : window.annualised)}</td>
                    </tr>
                  );
                })}
              </tbody>
              <thead>
                <tr>
                  <th scope="col">Projection</th>
                  <th scope="col" className="figures">
                    Supply then
                  </th>
                  <th scope="col" className="figures">
                    Less than now
                  </th>
                </tr>
              </thead>
              <tbody>
                {summary.projection.map(({ days, supply, supplyNet }) => {
                  const then = BigInt(net ? supplyNet : supply);
                  return (
                    <tr key={days}>
                      <th scope="row">In {days} days</th>
                      <td className="figures">
                        <WholeAmount value={then} />
                      </td>
                      <td className="figures">
                        <Amount value={BigInt(summary.supply) - then} />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </Panel>
  );
}
