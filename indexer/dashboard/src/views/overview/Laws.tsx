import { Fee } from "../../components/Fee.tsx";
import { Mark } from "../../components/Mark.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { lawsQuery } from "../../queries/laws.ts";

/** What a law compares, in plain words. */
const LAWS: Readonly<Record<string, string>> = {
  ESCROW: "Escrow = the fees of open requests",
  CREDITS: "Credits = what accounts can withdraw",
  CHANNELS: "Channel deposits = the channels' balances",
  CHANNEL_CREDITS: "Channel credits = what accounts can withdraw",
  BURN: "Burn = OPG that left the supply",
  BONDS: "Bonded OPG = the bonds of open requests",
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
        lines={6}
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
              {items.map(({ law, subject, left, right, holds }) => (
                <tr key={`${law} ${subject}`}>
                  <th scope="row">{LAWS[law] ?? law}</th>
                  <td className="figures">
                    <Fee value={left} token={subject} />
                  </td>
                  <td>
                    {holds ? (
                      <Mark tone="good">yes</Mark>
                    ) : (
                      <Mark tone="bad">
                        no: <Fee value={right} token={subject} />
                      </Mark>
                    )}
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
