import { Anchor } from "@mantine/core";
import { Link } from "wouter";
import { printable } from "../../../../../sdk/src/verify/printable.ts";
import { Gap } from "../../charts/Gap.tsx";
import { Alerts } from "../../components/Alerts.tsx";
import { Amount, None } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { EnclaveTable } from "../../components/EnclaveTable.tsx";
import { Fact, Facts } from "../../components/Facts.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Copy, Id } from "../../components/Id.tsx";
import { NetToggle, useNet } from "../../components/Net.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Price } from "../../components/Price.tsx";
import { Proof } from "../../components/Proves.tsx";
import { RouteName } from "../../components/RouteName.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Duration, Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { count, formatShare, shorten, shortLine } from "../../format/text.ts";
import { NODE_EVENT, NODE_STATUS, REQUEST_STATUS } from "../../format/words.ts";
import type { Attester, BannedMeasurement, MeasurementSets } from "../../queries/enclaves.ts";
import {
  type InferenceLine,
  type NodeDetail,
  type NodeEvent,
  type NodeFunding,
  type NodeReputation,
  nodeQuery,
  type Offer,
} from "../../queries/node.ts";

const OFFERS: readonly Column<Offer>[] = [
  {
    key: "model",
    name: "Model",
    cell: ({ modelId }) => <Id value={modelId} what="model id" to={`/models/${modelId}`} />,
  },
  { key: "route", name: "Route", cell: (offer) => <RouteName of={offer} /> },
  { key: "price", name: "Price", figures: true, cell: (offer) => <Price of={offer} /> },
  {
    key: "coverage",
    name: "Coverage",
    figures: true,
    cell: ({ coverage }) => <Amount value={coverage} />,
    by: ({ coverage }) => BigInt(coverage),
  },
  {
    key: "delivery",
    name: "Answer within",
    figures: true,
    cell: ({ deliveryWindow }) => <Duration seconds={deliveryWindow} />,
  },
  { key: "proof", name: "Proof within", figures: true, cell: ({ proofWindow }) => <Duration seconds={proofWindow} /> },
  {
    key: "standing",
    name: "Offer",
    cell: ({ standing, updatedAt }) => (
      <span>
        {standing ? "standing" : "withdrawn"}{" "}
        <span className="dim small">
          <Time at={updatedAt} />
        </span>
      </span>
    ),
  },
];

const EVENTS: readonly Column<NodeEvent>[] = [
  {
    key: "what",
    name: "What",
    cell: ({ kind, address, status }) => (
      <span>
        {NODE_EVENT[kind]}
        {status !== null && `: ${NODE_STATUS[status].text}`}
        {address !== null && (
          <>
            {" "}
            <Id value={address} what="address" />
          </>
        )}
      </span>
    ),
  },
  { key: "amount", name: "Amount", figures: true, cell: ({ amount }) => <Amount value={amount} /> },
  { key: "free", name: "Free after", figures: true, cell: ({ free }) => <Amount value={free} /> },
  { key: "bonded", name: "Bonded after", figures: true, cell: ({ bonded }) => <Amount value={bonded} /> },
  { key: "when", name: "When", figures: true, cell: ({ timestamp }) => <Time at={timestamp} /> },
  {
    key: "transaction",
    name: "Transaction",
    figures: true,
    cell: ({ transactionHash }) => <Id value={transactionHash} what="transaction hash" />,
  },
];

const FUNDINGS: readonly Column<NodeFunding>[] = [
  { key: "account", name: "Account", cell: ({ account }) => <Id value={account} what="account" /> },
  { key: "funder", name: "Paid by", cell: ({ funder }) => <Id value={funder} what="funder" /> },
  {
    key: "payments",
    name: "Payments",
    figures: true,
    cell: ({ payments }) => <span className="num">{BigInt(payments).toLocaleString("en")}</span>,
  },
  { key: "since", name: "First", figures: true, cell: ({ timestamp }) => <Time at={timestamp} /> },
];

const INFERENCES: readonly Column<InferenceLine>[] = [
  { key: "id", name: "Inference", cell: ({ id }) => <Id value={id} what="request id" to={`/inferences/${id}`} /> },
  { key: "status", name: "Status", cell: ({ status }) => <State of={status} words={REQUEST_STATUS} /> },
  { key: "proof", name: "Proof", cell: (row) => <Proof {...row} /> },
  { key: "gap", name: "Gap", figures: true, cell: ({ trustGapSeconds }) => <Duration seconds={trustGapSeconds} /> },
  {
    key: "fee",
    name: "Fee",
    figures: true,
    cell: ({ fee, token }) => (fee === null ? <None /> : <Fee value={fee} token={token} />),
  },
  { key: "when", name: "Requested", figures: true, cell: ({ requestedAt }) => <Time at={requestedAt} /> },
];

/** All about one node. */
export function Node({ id }: { readonly id: string }) {
  const answer = useAsk(nodeQuery, { id: id.toLowerCase() });
  return (
    <Page
      title={`Node ${shorten(id)}`}
      beside={<Copy value={id} what="node id" />}
      lead={
        answer.data?.node ? (
          <span className="inline">
            <State of={answer.data.node.status} words={NODE_STATUS} />
            <Endpoint of={answer.data.node.endpoint} />
          </span>
        ) : (
          <span className="inline">&nbsp;</span>
        )
      }
      aside={<NetToggle />}
    >
      <Loaded
        answer={answer}
        height={102}
        lines={5}
        isEmpty={({ node }) => node === null}
        empty={
          <div className="panel">
            <Empty title="No such node">The chain has none with this id, as far as it is read.</Empty>
          </div>
        }
      >
        {({ node, measurementSets, attesters, bannedMeasurements, nodeReputations, nodeFundings }) =>
          node && (
            <Detail
              node={node}
              sets={measurementSets}
              attesters={attesters.items}
              banned={bannedMeasurements.items}
              reputation={nodeReputations.items[0]}
              fundings={nodeFundings.items}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function Endpoint({ of }: { readonly of: string }) {
  if (of === "") return <span>no endpoint</span>;
  return (
    <span className="id">
      {shortLine(of, 60)}
      <Copy value={printable(of).trim()} what="endpoint" />
    </span>
  );
}

function Detail({
  node,
  sets,
  attesters,
  banned,
  reputation,
  fundings,
}: {
  readonly node: NodeDetail;
  readonly sets: MeasurementSets;
  readonly attesters: readonly Attester[];
  readonly banned: readonly BannedMeasurement[];
  readonly reputation: NodeReputation | undefined;
  readonly fundings: readonly NodeFunding[];
}) {
  const net = useNet();
  const reliability = (net ? reputation?.reliabilityNet : reputation?.reliability) ?? null;
  const settled = BigInt(net ? (reputation?.settledNet ?? 0) : node.settlements);
  const slashed = BigInt(reputation?.slashed ?? 0);
  return (
    <>
      <Stats>
        <Stat label="Free" note="backs new requests">
          <Amount value={node.free} />
        </Stat>
        <Stat label="Bonded" note="for unfinished requests">
          <Amount value={node.bonded} />
        </Stat>
        <Stat
          label="Unbonding"
          note={
            BigInt(node.unbonding) === 0n ? (
              "nothing on its way out"
            ) : (
              <>
                withdrawable <Time at={node.withdrawableAt} />
              </>
            )
          }
        >
          <Amount value={node.unbonding} />
        </Stat>
        <Stat
          label={<Term of="reliability" />}
          note={`${settled.toLocaleString("en")} settled, ${BigInt(node.defaults).toLocaleString("en")} defaulted`}
        >
          {reliability === null ? <None>no record</None> : <span className="num">{formatShare(reliability)}</span>}
        </Stat>
        <Stat
          label={<Term of="burn">Burned</Term>}
          note={
            slashed === 0n ? (
              "never slashed"
            ) : (
              <>
                <Amount value={slashed} /> slashed, caught {count(BigInt(reputation?.equivocations ?? 0), "time")}{" "}
                signing two batches for one range
              </>
            )
          }
        >
          <Amount value={node.burned} />
        </Stat>
      </Stats>
      <Panel title="Offers" note="terms for one inference; the standing ones bind new requests" flush>
        {node.offers.items.length === 0 ? (
          <Empty title="It has never offered anything">An operator posts one with: npm run opg -- node offer</Empty>
        ) : (
          <DataTable
            caption="Offers of this node"
            columns={OFFERS}
            rows={node.offers.items}
            id={({ modelId, route, token }) => `${modelId} ${route} ${token}`}
          />
        )}
      </Panel>
      <div className="columns">
        <Gap scope="node" subject={node.id} />
        <Panel title="Who runs it">
          <Facts>
            <Fact name="Node id">
              <Id value={node.id} what="node id" digits={8} />
            </Fact>
            <Fact name="Owner">
              <Id value={node.owner} what="owner" />
            </Fact>
            {node.pendingOwner !== null && (
              <Fact name="Owner-elect">
                <Id value={node.pendingOwner} what="owner-elect" />
              </Fact>
            )}
            <Fact name="Signer">
              <Id value={node.signer} what="signer" />
            </Fact>
            <Fact name="Payout">
              <Id value={node.payout} what="payout address" />
            </Fact>
            {node.parties.length > 3 && (
              <Fact name="All that were one of these">{node.parties.length.toLocaleString("en")} accounts</Fact>
            )}
            <Fact name="Registered">
              <Time at={node.registeredAt} />
            </Fact>
            <Fact name="Requested one by one">{BigInt(node.requests).toLocaleString("en")}</Fact>
            <Fact name="Answers delivered">{BigInt(node.deliveries).toLocaleString("en")}</Fact>
            <Fact name="Declined">{BigInt(node.declines).toLocaleString("en")}</Fact>
            <Fact name="Metadata">{node.metadataURI === "" ? <None /> : shortLine(node.metadataURI, 80)}</Fact>
          </Facts>
        </Panel>
      </div>
      <div className="columns">
        <Alerts nodeId={node.id} />
        <Panel
          title="Accounts that it has paid"
          note="what they ask of this node from then on is in no net figure"
          flush
        >
          {fundings.length === 0 ? (
            <Empty title="None that the chain shows">
              Accounts that have their money from an owner, signer or payout address of this node would be here.
            </Empty>
          ) : (
            <DataTable
              caption="Accounts that this node's parties have paid"
              columns={FUNDINGS}
              rows={fundings}
              id={({ account, funder }) => `${account} ${funder}`}
            />
          )}
        </Panel>
      </div>
      <Panel title="Enclaves" note="machines whose keys sign for this node" flush>
        {node.enclaves.items.length === 0 ? (
          <Empty title="It has attested no enclave">It can prove by zero knowledge only.</Empty>
        ) : (
          <EnclaveTable enclaves={node.enclaves.items} sets={sets} attesters={attesters} banned={banned} ofOneNode />
        )}
      </Panel>
      <Panel
        title="Latest inferences"
        note="requested one by one; those in batches are under Batches"
        aside={
          <Anchor component={Link} href={`/inferences?who=${node.id}`} size="sm">
            All inferences of this node
          </Anchor>
        }
        flush
      >
        {node.inferences.items.length === 0 ? (
          <Empty title="Nobody has asked it yet">Requests that name it, or that it takes, appear here.</Empty>
        ) : (
          <DataTable
            caption="Latest inferences of this node"
            columns={INFERENCES}
            rows={node.inferences.items}
            id={({ id }) => id}
          />
        )}
      </Panel>
      <Panel title="Account" note="the latest changes, and the account after each" flush>
        <DataTable
          caption="Changes of this node's account"
          columns={EVENTS}
          rows={node.events.items}
          id={({ id }) => id}
        />
      </Panel>
    </>
  );
}
