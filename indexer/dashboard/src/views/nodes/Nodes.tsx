import { Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Amount, Hint, None } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Id } from "../../components/Id.tsx";
import { Mark } from "../../components/Mark.tsx";
import { NetToggle, useNet } from "../../components/Net.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Price } from "../../components/Price.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { priceOrder } from "../../format/price.ts";
import { count, formatShare, shortLine } from "../../format/text.ts";
import { formatDuration } from "../../format/time.ts";
import { NODE_STATUS } from "../../format/words.ts";
import { MOST_OFFERS, type NodeRow, nodesQuery, type Reputation, type UsableOffer } from "../../queries/nodes.ts";

interface Row extends NodeRow {
  /** Unknown if absent: not every node's is asked for. */
  readonly reputation: Reputation | undefined;
  /** What a request can name now, the cheapest of a token first; unknown if absent. */
  readonly offers: readonly UsableOffer[] | undefined;
}

/**
 * The table's columns, with or without self-dealing.
 *
 * @param token Prices sort in this one; base units of others do not compare with it.
 */
function columnsOf(net: boolean, token: string | undefined): readonly Column<Row>[] {
  const reliability = ({ reputation }: Row) => (net ? reputation?.reliabilityNet : reputation?.reliability) ?? null;
  const settled = ({ settlements, reputation }: Row) => {
    const count = net ? reputation?.settledNet : settlements;
    return count === undefined ? null : BigInt(count);
  };
  const gap = ({ reputation }: Row) => (net ? reputation?.gapP95Net : reputation?.gapP95) ?? null;
  return [
    {
      key: "node",
      name: "Node",
      cell: ({ id, endpoint }) => (
        <span className="stacked">
          <Id value={id} what="node id" to={`/nodes/${id}`} />
          <span className="dim small">{endpoint === "" ? "no endpoint" : shortLine(endpoint, 34)}</span>
        </span>
      ),
    },
    {
      key: "status",
      name: "Status",
      cell: ({ status, reputation }) => (
        <span className="stacked">
          <State of={status} words={NODE_STATUS} />
          {BigInt(reputation?.slashed ?? 0) > 0n && <Mark tone="bad">Slashed</Mark>}
        </span>
      ),
      by: ({ status }) => status,
      orders: ["retired first", "active first"],
    },
    {
      key: "free",
      name: "Free",
      figures: true,
      cell: ({ free }) => <Amount value={free} />,
      by: ({ free }) => BigInt(free),
    },
    {
      key: "bonded",
      name: "Bonded",
      figures: true,
      cell: ({ bonded }) => <Amount value={bonded} />,
      by: ({ bonded }) => BigInt(bonded),
    },
    {
      key: "price",
      name: "Price from",
      figures: true,
      cell: ({ offers }) => {
        if (offers === undefined) return <None>unknown</None>;
        const cheapest = offers.find((offer) => offer.token === token) ?? offers[0];
        return cheapest === undefined ? (
          <span className="dim">none now</span>
        ) : (
          <span>
            <Price of={cheapest} />
            {offers.length > 1 && <span className="dim small"> +{offers.length - 1}</span>}
          </span>
        );
      },
      by: ({ offers }) => {
        const cheapest = offers?.find((offer) => offer.token === token);
        return cheapest === undefined ? null : priceOrder(cheapest);
      },
    },
    {
      key: "reliability",
      name: "Reliability",
      figures: true,
      cell: (row) => {
        const share = reliability(row);
        if (row.reputation === undefined) return <None>unknown</None>;
        return share === null ? (
          <span className="dim">no record</span>
        ) : (
          <span className="num">{formatShare(share)}</span>
        );
      },
      by: reliability,
    },
    {
      key: "settled",
      name: "Settled",
      figures: true,
      cell: (row) => {
        const count = settled(row);
        return count === null ? <None>unknown</None> : <span className="num">{count.toLocaleString("en")}</span>;
      },
      by: settled,
    },
    {
      key: "defaulted",
      name: "Defaulted",
      figures: true,
      cell: ({ defaults }) => (
        <span className={defaults === "0" ? "num dim" : "num"}>{BigInt(defaults).toLocaleString("en")}</span>
      ),
      by: ({ defaults }) => BigInt(defaults),
    },
    {
      key: "gap",
      name: "Gap p95",
      figures: true,
      cell: (row) => {
        const seconds = gap(row);
        const half = (net ? row.reputation?.gapP50Net : row.reputation?.gapP50) ?? null;
        if (row.reputation === undefined) return <None>unknown</None>;
        if (seconds === null || half === null) return <None>not measured</None>;
        return (
          <Hint
            text={`Half of its answers were proven within ${formatDuration(Number(half))}, 95 % within ${formatDuration(Number(seconds))}`}
          >
            {formatDuration(Number(seconds))}
          </Hint>
        );
      },
      by: (row) => {
        const seconds = gap(row);
        return seconds === null ? null : BigInt(seconds);
      },
    },
  ];
}

/** Whom one can ask: nodes with their stake, price and record. */
export function Nodes() {
  const net = useNet();
  const [status, setStatus] = useState<string>("ACTIVE");
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  // A whole id or address is found among all nodes, whatever their status.
  const exact = /^0x[0-9a-f]{64}$/.test(wanted)
    ? { id: wanted }
    : /^0x[0-9a-f]{40}$/.test(wanted)
      ? { owner: wanted }
      : undefined;
  const where = exact ?? (status === "ANY" ? undefined : { status });
  const answer = useAsk(nodesQuery, where === undefined ? {} : { where });
  const kind = exact !== undefined || status === "ANY" ? "" : `${status.toLowerCase()} `;
  return (
    <Page
      title="Nodes"
      lead={
        <>
          Whom you can ask, what they charge, and whether they keep their word. A node's <Term of="stake">stake</Term>{" "}
          stands for its answers until they are proven; <Term of="reliability">reliability</Term> and{" "}
          <Term of="gap">trust gap</Term> are its record.
        </>
      }
      aside={<NetToggle />}
    >
      <Panel
        title={
          answer.data === undefined || answer.isPlaceholderData
            ? "Nodes"
            : count(answer.data.nodes.totalCount, `${kind}node`)
        }
        flush
      >
        <search className="filters">
          <TextInput
            size="xs"
            label="Id, owner or endpoint"
            placeholder="0x… or a host"
            leftSection={<IconSearch size={14} />}
            value={text}
            onChange={({ currentTarget: { value } }) => setText(value)}
          />
          <Select
            size="xs"
            label="Status"
            w={130}
            allowDeselect={false}
            value={status}
            onChange={(value) => setStatus(value ?? "ANY")}
            data={[
              { value: "ANY", label: "Any" },
              { value: "ACTIVE", label: "Active" },
              { value: "PAUSED", label: "Paused" },
              { value: "RETIRED", label: "Retired" },
            ]}
          />
        </search>
        <Loaded
          answer={answer}
          height={46}
          lines={6}
          isEmpty={({ nodes: { items } }) => items.length === 0}
          empty={
            exact !== undefined ? (
              <Empty title="No such node">The chain has none with this id or owner, as far as it is read.</Empty>
            ) : status === "ANY" ? (
              <Empty title="No node has registered yet">
                An operator lists one with: npm run opg -- node register --endpoint URL
              </Empty>
            ) : (
              <Empty title="No node has this status">Choose another status, or any.</Empty>
            )
          }
        >
          {({ nodes: { items, totalCount }, reputations, usableOffers }) => {
            const offersOf = Map.groupBy(usableOffers.items.toSorted(byPrice), ({ nodeId }) => nodeId);
            const none = usableOffers.items.length === MOST_OFFERS ? undefined : [];
            const known = new Map(reputations.items.map((each) => [each.nodeId, each]));
            const rows = items
              .filter((node) => matches(node, wanted))
              .map((node) => ({ ...node, reputation: known.get(node.id), offers: offersOf.get(node.id) ?? none }));
            if (rows.length === 0)
              return totalCount > items.length ? (
                <Empty title={`None of the ${items.length} with most free OPG matches`}>
                  A whole id, or the whole address of an owner, is looked for among all.
                </Empty>
              ) : (
                <Empty title="No node matches">Try a shorter part of the id or the endpoint.</Empty>
              );
            return (
              <>
                <DataTable
                  caption="Nodes with stake, price and record"
                  columns={columnsOf(net, commonToken(usableOffers.items))}
                  rows={rows}
                  id={({ id }) => id}
                  sorted={{ key: "free", descending: true }}
                />
                {totalCount > items.length && (
                  <p className="more">
                    The {items.length} with most free OPG of {totalCount.toLocaleString("en")}.
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

function byPrice(a: UsableOffer, b: UsableOffer): number {
  return priceOrder(a) < priceOrder(b) ? -1 : 1;
}

/** The token that most offers are in. */
function commonToken(offers: readonly UsableOffer[]): string | undefined {
  const [common] = [...Map.groupBy(offers, ({ token }) => token)].toSorted(([, a], [, b]) => b.length - a.length);
  return common?.[0];
}

function matches({ id, owner, endpoint }: NodeRow, wanted: string): boolean {
  return [id, owner, endpoint.toLowerCase()].some((each) => each.includes(wanted));
}
