import { Amount } from "../../components/Amount.tsx";
import { Page } from "../../components/Page.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { protocolQuery } from "../../queries/protocol.ts";

export function Overview() {
  const answer = useAsk(protocolQuery, {});
  return (
    <Page title="Overview" lead="Supply, burn and proofs of the protocol, from the chain's own events.">
      <Loaded
        answer={answer}
        height={97}
        isEmpty={({ protocols }) => protocols.items.length === 0}
        empty={<Empty title="The indexer is starting">It has not read the first block yet.</Empty>}
      >
        {({ protocols: { items } }) =>
          items.map((protocol) => (
            <Stats key={protocol.chainId}>
              <Stat label="Supply">
                <Amount value={protocol.supply} />
              </Stat>
              <Stat label={<Term of="burn">Burned</Term>}>
                <Amount value={protocol.burned} />
              </Stat>
              <Stat label={<Term of="atRisk" />}>
                <Amount value={protocol.coverageAtRisk} />
              </Stat>
            </Stats>
          ))
        }
      </Loaded>
    </Page>
  );
}
