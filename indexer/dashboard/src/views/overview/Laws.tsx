import { Fee } from "../../components/Fee.tsx";
import { Mark } from "../../components/Mark.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { type Law, lawsQuery } from "../../queries/laws.ts";

/** What a law compares, in plain words. */
const LAWS: Readonly<Record<string, string>> = {
  ESCROW: "Escrow is what open requests have deposited",
  CREDITS: "Credits are what accounts can withdraw",
  CHANNELS: "Channel deposits are the channels' balances",
  CHANNEL_CREDITS: "Channel credits are what accounts can withdraw",
  BURN: "What burned is what left the supply",
  BONDS: "Bonded OPG is the bonds of open requests",
};

/** Whether what the contracts owe is what they are owed for. */
export function Laws() {
  const answer = useAsk(lawsQuery, {});
  const laws = answer.data?.laws.items ?? [];
  const broken = laws.filter(({ holds }) => !holds).length;
  return (
    <Panel
      title={<Term of="laws">The books</Term>}
      note="each sum is counted twice, from different rows"
      aside={
        laws.length === 0 ? null : broken === 0 ? (
          <Mark tone="good">all balance</Mark>
        ) : (
          <Mark tone="bad">{broken} broken</Mark>
        )
      }
      flush
    >
      <Loaded
        answer={answer}
        height={36}
        lines={7}
        isEmpty={({ laws: { items } }) => items.length === 0}
        empty={<Empty title="Nothing to count yet">The sums appear with the first token and the first stake.</Empty>}
      >
        {({ laws: { items } }) => (
          <table className="plain inset">
            <thead>
              <tr>
                <th scope="col">Law</th>
                <th scope="col" className="figures">
                  Sum
                </th>
                <th scope="col">Holds</th>
              </tr>
            </thead>
            <tbody>
              {[...Map.groupBy(items, ({ law }) => law)].map(([law, sums]) => (
                <tr key={law}>
                  <th scope="row">{LAWS[law] ?? law}</th>
                  <td className="figures">
                    <Sums of={sums} />
                  </td>
                  <td>
                    {sums.every(({ holds }) => holds) ? <Mark tone="good">yes</Mark> : <Mark tone="bad">no</Mark>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Panel>
  );
}

/** A law's sums by token; where the two countings differ, both. */
function Sums({ of }: { readonly of: readonly Law[] }) {
  return of.map(({ subject, left, right, holds }, place) => (
    <span key={subject} className="num sum">
      {place > 0 && <span className="dim dot-between"> · </span>}
      <Fee value={left} token={subject} />
      {!holds && (
        <>
          {" "}
          against <Fee value={right} token={subject} />
        </>
      )}
    </span>
  ));
}
