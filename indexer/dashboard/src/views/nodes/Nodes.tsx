import { Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Amount, Hint } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Id } from "../../components/Id.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Price } from "../../components/Price.tsx";
import { printable } from "../../components/Proves.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { count, formatShare } from "../../format/text.ts";
import { formatDuration } from "../../format/time.ts";
import { NODE_STATUS } from "../../format/words.ts";
import { type NodeGap, type NodeRow, nodesQuery } from "../../queries/nodes.ts";

type Row = NodeRow & { readonly reputation: Reputation | undefined };

function columnsOf(net: boolean): readonly Column<Row>[] {
  const reliability = ({ reputation }: Row) => (net ? reputation?.reliabilityNet : reputation?.reliability) ?? null;
  const settled = ({ settlements, reputation }: Row) => BigInt(net ? (reputation?.settledNet ?? 0) : settlements);
  const gap = ({ reputation }: Row) => (net ? reputation?.gapP95Net : reputation?.gapP95) ?? null;
  return [
  {
    key: "node",
    name: "Node",
    cell: ({ id, endpoint }) => (
      <span className="two">
        <Id value={id} what="node id" to={`/nodes/${id}`} />
        <span className="dim small">{endpoint === "" ? "no endpoint" : printable(endpoint, 34)}</span>
      </span>
    ),
  },
  {
    key: "status",
    name: "Status",
    cell: ({ status }) => <State of={status} words={NODE_STATUS} />,
    by: ({ status }) => status,
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
    cell: ({ offers: { items } }) => {
      const [cheapest] = items;
      return cheapest === undefined ? (
        <span className="dim">no offer</span>
      ) : (
        <span>
          <Price of={cheapest} />
          {items.length > 1 && <span className="dim small"> +{items.length - 1}</span>}
        </span>
      );
    },
    by: ({ offers: { items } }) => {
      const [cheapest] = items;
      return cheapest === undefined ? null : BigInt(cheapest.pricePerRequest) + BigInt(cheapest.pricePerUnit);
    },
  },
  {
    key: "reliability",
    name: "Reliability",
    figures: true,
    cell: (row) => {
      const share = reliabilityOf(row);
      return share === null ? (
        <span className="dim">no record</span>
      ) : (
        <span className="num">{formatShare(share)}</span>
      );
    },
    by: reliabilityOf,
  },
  {
    key: "settled",
    name: "Settled",
    figures: true,
    cell: ({ settlements }) => <span className="num">{BigInt(settlements).toLocaleString("en")}</span>,
    by: ({ settlements }) => BigInt(settlements),
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
    cell: ({ gap }) =>
      gap === undefined ? (
        <span className="dim">–</span>
      ) : (
        <Hint
          text={`Half within ${formatDuration(Number(gap.p50))}, 95 % within ${formatDuration(Number(gap.p95))}, of ${count(BigInt(gap.count), "inference")}`}
        >
          {formatDuration(Number(gap.p95))}
        </Hint>
      ),
    by: ({ gap }) => (gap === undefined ? null : BigInt(gap.p95)),
  },
];

/** Whom one can ask: nodes with their stake, price and record. */
export function Nodes() {
  const [status, setStatus] = useState<string>("ACTIVE");
  const [text, setText] = useState("");
  const answer = useAsk(nodesQuery, status === "ANY" ? {} : { where: { status } });
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
    >
      <Panel title="All nodes" flush>
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
            <Empty title={status === "ANY" ? "No node has registered yet" : "No node has this status"}>
              {status === "ANY"
                ? "An operator lists one with: npm run opg -- node register --endpoint URL"
                : "Choose another status, or any."}
            </Empty>
          }
        >
          {({ nodes: { items, totalCount }, gaps }) => {
            const gapOf = new Map(gaps.items.map((gap) => [gap.subject, gap]));
            const rows = items
              .filter((node) => matches(node, text))
              .map((node) => ({ ...node, gap: gapOf.get(node.id) }));
            if (rows.length === 0)
              return <Empty title="No node matches">Try a shorter part of the id or the endpoint.</Empty>;
            return (
              <>
                <DataTable
                  caption="Nodes with stake, price and record"
                  columns={COLUMNS}
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

function matches({ id, owner, endpoint }: NodeRow, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [id, owner, endpoint.toLowerCase()].some((each) => each.includes(wanted));
}
