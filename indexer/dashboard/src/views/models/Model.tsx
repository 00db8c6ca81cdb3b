import { Anchor } from "@mantine/core";
import { Link } from "wouter";
import { CHART_HEIGHT, ChartPanel } from "../../charts/ChartPanel.tsx";
import { Gap } from "../../charts/Gap.tsx";
import { Amount, None } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Fact, Facts } from "../../components/Facts.tsx";
import { Copy, Id } from "../../components/Id.tsx";
import { Mark } from "../../components/Mark.tsx";
import { NetToggle, useNet } from "../../components/Net.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Price } from "../../components/Price.tsx";
import { TrustMark } from "../../components/Proves.tsx";
import { RouteName } from "../../components/RouteName.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { useNow } from "../../data/useNow.ts";
import { zkParametersOf } from "../../format/parameters.ts";
import { priceOrder } from "../../format/price.ts";
import { BUCKETS, fill } from "../../format/series.ts";
import { count, shorten, shortLine } from "../../format/text.ts";
import { formatPeriod } from "../../format/time.ts";
import { COMMITMENTS, MODEL_EVENT, ROUTE, VERIFIER_STATUS } from "../../format/words.ts";
import { type ModelDetail, type ModelOffer, type ModelRoute, modelQuery } from "../../queries/model.ts";
import { Ceremony } from "./Ceremony.tsx";

type Event = ModelDetail["events"]["items"][number];

const OFFERS: readonly Column<ModelOffer>[] = [
  { key: "node", name: "Node", cell: ({ nodeId }) => <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} /> },
  { key: "route", name: "Route", cell: (offer) => <RouteName of={offer} /> },
  {
    key: "price",
    name: "Price",
    figures: true,
    cell: (offer) => <Price of={offer} />,
    by: priceOrder,
  },
  {
    key: "coverage",
    name: "Coverage",
    figures: true,
    cell: ({ coverage }) => <Amount value={coverage} />,
    by: ({ coverage }) => BigInt(coverage),
  },
];

const EVENTS: readonly Column<Event>[] = [
  {
    key: "what",
    name: "What",
    cell: ({ kind, route, version, address }) => (
      <span>
        {MODEL_EVENT[kind]}
        {route !== null && `: ${ROUTE[route]}`}
        {version !== null && ` v${version}`}
        {address !== null && (
          <>
            {" "}
            <Id value={address} what="address" />
          </>
        )}
      </span>
    ),
  },
  { key: "when", name: "When", figures: true, cell: ({ timestamp }) => <Time at={timestamp} /> },
  {
    key: "transaction",
    name: "Transaction",
    figures: true,
    cell: ({ transactionHash }) => <Id value={transactionHash} what="transaction hash" />,
  },
];

/** All about one model. */
export function Model({ id }: { readonly id: string }) {
  const net = useNet();
  const answer = useAsk(modelQuery, { id: id.toLowerCase() });
  return (
    <Page
      title={`Model ${shorten(id)}`}
      beside={<Copy value={id} what="model id" />}
      lead={
        answer.data?.model ? shortLine(answer.data.model.metadataURI, 60) || "No description on chain" : <>&nbsp;</>
      }
      aside={<NetToggle />}
    >
      <Loaded
        answer={answer}
        height={102}
        lines={4}
        isEmpty={({ model }) => model === null}
        empty={
          <div className="panel">
            <Empty title="No such model">The chain has none with this id, as far as it is read.</Empty>
          </div>
        }
      >
        {({ model, usableOffers, usage: { items }, days }) => {
          const [usage] = items;
          if (model === null) return null;
          return (
            <>
              <Stats>
                <Stat
                  label="Settled"
                  note={`${BigInt(usage?.requests ?? 0).toLocaleString("en")} requested one by one`}
                >
                  <span className="num">
                    {BigInt((net ? usage?.settlementsNet : usage?.settlements) ?? 0).toLocaleString("en")}
                  </span>
                </Stat>
                <Stat label="Defaulted" note="answers whose proof never came">
                  <span className="num">{BigInt(usage?.defaults ?? 0).toLocaleString("en")}</span>
                </Stat>
                <Stat label={<Term of="burn">Burned</Term>} note="for its inferences">
                  <Amount value={(net ? usage?.burnedNet : usage?.burned) ?? 0n} />
                </Stat>
                <Stat
                  label="Registered"
                  note={
                    <>
                      by <Id value={model.owner} what="owner" />
                    </>
                  }
                >
                  <Time at={model.registeredAt} />
                </Stat>
              </Stats>
              <div className="columns">
                {model.routes.items.map((route) => (
                  <RoutePanel key={route.route} of={route} />
                ))}
              </div>
              <div className="columns">
                <Usage modelId={model.id} days={days.items} net={net} />
                <Gap scope="model" subject={model.id} />
              </div>
              <Panel
                title="Who offers it"
                note={
                  usableOffers.totalCount > usableOffers.items.length
                    ? `${usableOffers.items.length} of ${usableOffers.totalCount.toLocaleString("en")} that a request can name now`
                    : "what a request can name now; by token, the cheapest first"
                }
                flush
              >
                {usableOffers.items.length === 0 ? (
                  <Empty title="Nobody can be asked for it now">
                    An operator does with: npm run opg -- node offer --model {shorten(model.id)}
                  </Empty>
                ) : (
                  <DataTable
                    caption="Offers for this model"
                    columns={OFFERS}
                    rows={usableOffers.items}
                    sorted={{ key: "price", descending: false }}
                    id={({ nodeId, route, token }) => `${nodeId} ${route} ${token}`}
                  />
                )}
              </Panel>
              <Panel title="History" flush>
                <DataTable
                  caption="Changes of this model"
                  columns={EVENTS}
                  rows={model.events.items}
                  id={(event) => event.id}
                />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Usage({
  modelId,
  days,
  net,
}: {
  readonly modelId: string;
  readonly days: readonly { readonly start: string; readonly settlements: string; readonly settlementsNet: string }[];
  readonly net: boolean;
}) {
  const today = useNow((now) => now - (now % BUCKETS.day));
  const rows = days.map(({ start, settlements, settlementsNet }) => ({
    start: Number(start),
    settled: Number(net ? settlementsNet : settlements),
  }));
  const filled = fill(rows.reverse(), { bucket: "day", now: today, limit: 60 }, (_, start) => ({ start, settled: 0 }));
  return (
    <ChartPanel
      title="Inferences per day"
      note={net ? "settled, without self-dealing" : "settled"}
      aside={
        <Anchor component={Link} href={`/inferences?who=${modelId}`} size="sm">
          All inferences of this model
        </Anchor>
      }
      axis="Day"
      says={`In ${count(filled.length, "day")}, ${filled.reduce((sum, { settled }) => sum + settled, 0).toLocaleString("en")} were settled.`}
      chart={
        filled.length === 0
          ? undefined
          : {
              kind: "bar",
              points: filled.map(({ start, settled }) => ({ label: formatPeriod(start, "day"), values: { settled } })),
              series: [{ key: "settled", name: "Settled", colour: "var(--opg-accent)" }],
              format: (value) => value.toLocaleString("en"),
            }
      }
      empty={
        <Empty title="Nobody has used it yet" height={CHART_HEIGHT}>
          Days appear here with the first request for this model.
        </Empty>
      }
    />
  );
}

/** One way of proving, and what it shows in plain words. */
function RoutePanel({ of: { route, current, latestVersion } }: { readonly of: ModelRoute }) {
  const zk = route === "ZK" && current !== null ? zkParametersOf(current.parameters) : null;
  return (
    <Panel
      title={<Term of={route === "ZK" ? "zk" : "tee"}>{route === "ZK" ? "By zero knowledge" : "By an enclave"}</Term>}
      note={current === null ? "disabled for new requests" : `version ${current.version} in force`}
      aside={
        current?.verifier ? (
          <State of={current.verifier.status} words={VERIFIER_STATUS} />
        ) : (
          <Mark tone="quiet">disabled</Mark>
        )
      }
    >
      {current === null ? (
        <p className="dim small">
          Its latest version was {latestVersion}. Requests from before are still settled by the version that they name.
        </p>
      ) : (
        <Facts>
          <Fact name="A proof shows">
            {route === "ZK" ? (
              "this circuit, with these weights, gave this output"
            ) : (
              <TrustMark
                trust={current.measurementSet?.trust}
                rootHash={current.verifier?.rootHash ?? null}
                {...(current.measurementSet ? { backend: current.measurementSet.backend } : {})}
              />
            )}
          </Fact>
          <Fact name="On chain is">{COMMITMENTS[current.outputCommitment]}</Fact>
          <Fact name="Verifier">
            {current.verifier === null ? <None /> : <Id value={current.verifier.address} what="verifier" />}
          </Fact>
          {zk !== null && (
            <>
              <Fact name="Verifying key">
                <Id value={zk.keyId} what="verifying key id" />
              </Fact>
              <Fact name="Its ceremony">
                <Ceremony of={current.verifyingKey} />
              </Fact>
              <Fact name="Weights' commitment">
                <Id value={zk.weightsCommitment} what="weights commitment" />
              </Fact>
              <Fact name={<Term of="units" />}>{zk.units.toLocaleString("en")}</Fact>
            </>
          )}
          {current.measurementSet !== null && (
            <Fact name={<Term of="measurement">Trusted programs</Term>}>
              <span className="stacked">
                {current.measurementSet.measurements.slice(0, 4).map((measurement) => (
                  <Id key={measurement} value={measurement} what="measurement" />
                ))}
              </span>
            </Fact>
          )}
          <Fact name="In force since">
            <Time at={current.timestamp} />
          </Fact>
        </Facts>
      )}
    </Panel>
  );
}
