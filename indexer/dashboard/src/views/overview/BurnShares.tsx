import { Title } from "@mantine/core";
import { Id } from "../../components/Id.tsx";
import { useNet } from "../../components/Net.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Shares } from "../../components/Shares.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { type Burned, burnSharesQuery } from "../../queries/burnShares.ts";

const ROUTES = { ZK: "Zero-knowledge proofs", TEE: "Enclaves" } as const;

/** What burned since the start, by the way of proving and by model. */
export function BurnShares() {
  const net = useNet();
  const answer = useAsk(burnSharesQuery, {});
  const burnedOf = ({ burned, burnedNet }: Burned) => BigInt(net ? burnedNet : burned);
  return (
    <Panel title="What burned" note={`since the start${net ? ", without self-dealing" : ""}`}>
      <Loaded
        answer={answer}
        height={220}
        isEmpty={({ total: { items } }) => items.every(({ burned }) => burned === "0")}
        empty={<Empty title="Nothing has burned yet">Each proof that settles burns a verification fee.</Empty>}
      >
        {({ total, byRoute, byModel }) => {
          const whole = total.items.reduce((sum, row) => sum + burnedOf(row), 0n);
          return (
            <>
              <Title order={3} className="sub">
                By route
              </Title>
              <Shares
                whole={whole}
                rest="Slashing"
                of={byRoute.items.map((row) => ({
                  id: row.route,
                  name: <Term of={row.route === "ZK" ? "zk" : "tee"}>{ROUTES[row.route]}</Term>,
                  part: burnedOf(row),
                }))}
              />
              <Title order={3} className="sub">
                By model
              </Title>
              <Shares
                whole={whole}
                rest={byModel.totalCount > byModel.items.length ? "Other models and slashing" : "Slashing"}
                of={byModel.items.map((row) => ({
                  id: row.modelId,
                  name: <Id value={row.modelId} what="model id" to={`/models/${row.modelId}`} />,
                  part: burnedOf(row),
                }))}
              />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}
