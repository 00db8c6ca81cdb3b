import { Title } from "@mantine/core";
import { Amount } from "../../components/Amount.tsx";
import { Id } from "../../components/Id.tsx";
import { useNet } from "../../components/Net.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Shares } from "../../components/Shares.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { burnSharesQuery } from "../../queries/burnShares.ts";

const ROUTES = { ZK: "Zero-knowledge proofs", TEE: "Enclaves" } as const;

/** What burned since the start, by the way of proving and by model. */
export function BurnShares() {
  const net = useNet();
  const answer = useAsk(burnSharesQuery, {});
  return (
    <Panel title="What burned" note={`since the start${net ? ", without self-dealing" : ""}`}>
      <Loaded
        answer={answer}
        height={220}
        isEmpty={({ byRoute }) => byRoute.items.every(({ burned }) => burned === "0")}
        empty={<Empty title="Nothing has burned yet">Each proof that settles burns a verification fee.</Empty>}
      >
        {({ byRoute, byModel }) => (
          <>
            <Title order={3} className="sub">
              By route
            </Title>
            <Shares
              of={byRoute.items.map((row) => {
                const burned = net ? row.burnedNet : row.burned;
                return {
                  id: row.route,
                  name: <Term of={row.route === "ZK" ? "zk" : "tee"}>{ROUTES[row.route]}</Term>,
                  part: BigInt(burned),
                  amount: <Amount value={burned} />,
                };
              })}
            />
            <Title order={3} className="sub">
              By model
            </Title>
            <Shares
              of={byModel.items.map((row) => {
                const burned = net ? row.burnedNet : row.burned;
                return {
                  id: row.modelId,
                  name: <Id value={row.modelId} what="model id" to={`/models/${row.modelId}`} />,
                  part: BigInt(burned),
                  amount: <Amount value={burned} />,
                };
              })}
            />
          </>
        )}
      </Loaded>
    </Panel>
  );
}
