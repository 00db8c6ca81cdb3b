import { Amount, None } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Id } from "../../components/Id.tsx";
import { NetToggle, useNet } from "../../components/Net.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { shortLine } from "../../format/text.ts";
import { type ModelRow, type ModelUsage, modelsQuery } from "../../queries/models.ts";
import { RouteMark } from "./RouteMark.tsx";

/** `usage` is unknown if null: not every model's is asked for. */
type Row = ModelRow & { readonly usage: Omit<ModelUsage, "modelId"> | null };

const UNUSED = { settlements: "0", settlementsNet: "0", defaults: "0", burned: "0", burnedNet: "0" } as const;

function columnsOf(net: boolean): readonly Column<Row>[] {
  const settled = ({ usage }: Row) => usage && BigInt(net ? usage.settlementsNet : usage.settlements);
  const defaults = ({ usage }: Row) => usage && BigInt(usage.defaults);
  const burned = ({ usage }: Row) => usage && BigInt(net ? usage.burnedNet : usage.burned);
  return [
    {
      key: "model",
      name: "Model",
      cell: ({ id, metadataURI }) => (
        <span className="stacked">
          <Id value={id} what="model id" to={`/models/${id}`} />
          {metadataURI !== "" && <span className="dim small">{shortLine(metadataURI, 40)}</span>}
        </span>
      ),
    },
    {
      key: "routes",
      name: "Proven by",
      cell: ({ routes: { items } }) => {
        const inForce = items.filter(({ current }) => current !== null);
        return inForce.length === 0 ? (
          <None>no route in force</None>
        ) : (
          <span className="stacked">
            {inForce.map((one) => (
              <RouteMark key={one.route} of={one} />
            ))}
          </span>
        );
      },
    },
    {
      key: "settled",
      name: "Settled",
      figures: true,
      cell: (row) => <Count of={settled(row)} />,
      by: settled,
    },
    {
      key: "defaults",
      name: "Defaulted",
      figures: true,
      cell: (row) => <Count of={defaults(row)} />,
      by: defaults,
    },
    { key: "burned", name: "Burned", figures: true, cell: (row) => <Amount value={burned(row)} />, by: burned },
    {
      key: "registered",
      name: "Registered",
      figures: true,
      cell: ({ registeredAt }) => <Time at={registeredAt} />,
      by: ({ registeredAt }) => BigInt(registeredAt),
      orders: ["latest first", "earliest first"],
    },
  ];
}

function Count({ of }: { readonly of: bigint | null }) {
  return of === null ? <None>unknown</None> : <span className="num">{of.toLocaleString("en")}</span>;
}

/** Models, and the ways by which their inferences are proven. */
export function Models() {
  const net = useNet();
  const answer = useAsk(modelsQuery, {});
  return (
    <Page
      title="Models"
      lead={
        <>
          What can be asked for, and what a proof of it shows: by <Term of="zk">zero knowledge</Term>, or by an{" "}
          <Term of="tee">enclave</Term>.
        </>
      }
      aside={<NetToggle />}
    >
      <Panel title="All models" flush>
        <Loaded
          answer={answer}
          height={58}
          lines={4}
          isEmpty={({ models: { items } }) => items.length === 0}
          empty={
            <Empty title="No model has been registered yet">
              Anybody publishes one with: npm run opg -- model publish
            </Empty>
          }
        >
          {({ models: { items, totalCount }, usage }) => {
            const usageOf = new Map(usage.items.map((row) => [row.modelId, row]));
            return (
              <>
                <DataTable
                  caption="Models with routes and usage"
                  columns={columnsOf(net)}
                  rows={items.map((model) => ({
                    ...model,
                    usage:
                      usageOf.get(model.id) ?? (model.requests === "0" && model.settlements === "0" ? UNUSED : null),
                  }))}
                  id={({ id }) => id}
                  sorted={{ key: "settled", descending: true }}
                />
                {totalCount > items.length && (
                  <p className="more">
                    The {items.length} most used of {totalCount.toLocaleString("en")}.
                  </p>
                )}
              </>
            );
          }}
        </Loaded>
      </Panel>
    </Page>
  );
}
