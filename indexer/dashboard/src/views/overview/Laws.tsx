import { useEffect, useState } from "react";
import { Amount } from "../../components/Amount.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Mark } from "../../components/Mark.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useListed } from "../../data/tokens.ts";
import { useAsk } from "../../data/useAsk.ts";
import { type Law, lawsQuery } from "../../queries/laws.ts";

/** What a law compares, in plain words. */
const LAWS: Readonly<Record<string, string>> = {
  ESCROW: "Escrow is what unfinished requests have deposited",
  CREDITS: "Credits are what accounts can withdraw",
  CHANNELS: "Channel deposits are the channels' balances",
  CHANNEL_CREDITS: "Channel credits are what accounts can withdraw",
  BURN: "What burned is what left the supply",
  BONDS: "Bonded OPG is the bonds of unfinished requests",
};

/** Whether what the contracts owe is what they are owed for. */
export function Laws() {
  const answer = useAsk(lawsQuery, { listed: useListed() });
  const laws = answer.data?.laws.items ?? [];
  const broken = laws.filter(({ holds }) => !holds).length;
  const sure = useSecondLook(broken > 0, answer.refetch);
  return (
    <Panel
      title={<Term of="laws">The books</Term>}
      note="each sum is counted twice, from different rows; for OPG and listed tokens, and for any other where they differ"
      aside={
        laws.length === 0 ? null : broken === 0 ? (
          <Mark tone="good">all balance</Mark>
        ) : sure ? (
          <Mark tone="bad">{broken} broken</Mark>
        ) : (
          <Mark tone="wait">counting again</Mark>
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
              {[...Map.groupBy(items.toSorted(inOrder), ({ law }) => law)].map(([law, sums]) => (
                <tr key={law}>
                  <th scope="row">{LAWS[law] ?? law}</th>
                  <td className="figures">
                    <Sums of={sums} />
                  </td>
                  <td>
                    {sums.every(({ holds }) => holds) ? (
                      <Mark tone="good">yes</Mark>
                    ) : sure ? (
                      <Mark tone="bad">no</Mark>
                    ) : (
                      <Mark tone="wait">…</Mark>
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

/** How long to wait before sums that differ are counted again, in milliseconds. */
const SECOND_LOOK = 2_500;

/**
 * Whether what looks broken is: an embedded database lets one see a block of which half is written, so a second look has
 * to find it, too.
 */
function useSecondLook(broken: boolean, look: () => Promise<unknown>): boolean {
  const [sure, setSure] = useState(false);
  useEffect(() => {
    if (!broken) return setSure(false);
    const timer = setTimeout(() => void look().then(() => setSure(true)), SECOND_LOOK);
    return () => clearTimeout(timer);
  }, [broken, look]);
  return broken && sure;
}

const placeOf = ({ law, subject }: Law): string => `${law} ${subject}`;
const inOrder = (a: Law, b: Law): number => (placeOf(a) < placeOf(b) ? -1 : 1);

/** A law's sums by token; where the two countings differ, both. */
function Sums({ of }: { readonly of: readonly Law[] }) {
  return of.map(({ law, subject, left, right, holds }, place) => (
    <span key={subject} className="num sum">
      {place > 0 && <span className="dim dot-between"> · </span>}
      <Sum value={left} law={law} token={subject} />
      {!holds && (
        <>
          {" "}
          against <Sum value={right} law={law} token={subject} />
        </>
      )}
    </span>
  ));
}

function Sum({ value, law, token }: { readonly value: string; readonly law: string; readonly token: string }) {
  return law === "BURN" || law === "BONDS" ? <Amount value={value} /> : <Fee value={value} token={token} />;
}
