import { Amount, None } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Finality, useFinality } from "../../components/Finality.tsx";
import { Id } from "../../components/Id.tsx";
import { Mark } from "../../components/Mark.tsx";
import { Page } from "../../components/Page.tsx";
import { Pager, usePlace } from "../../components/Pager.tsx";
import { Panel } from "../../components/Panel.tsx";
import { ProvesMark } from "../../components/Proves.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { DEALING } from "../../format/words.ts";
import { type BatchRow, batchesQuery, type ChannelRow, channelsQuery } from "../../queries/batches.ts";

const CHANNELS: readonly Column<ChannelRow>[] = [
  { key: "channel", name: "Channel", cell: ({ id }) => <Id value={id} what="channel id" /> },
  { key: "payer", name: "Payer", cell: ({ payer }) => <Id value={payer} what="payer" /> },
  { key: "node", name: "Node", cell: ({ nodeId }) => <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} /> },
  {
    key: "deposited",
    name: "Deposited",
    figures: true,
    cell: ({ deposited, token }) => <Fee value={deposited} token={token} />,
  },
  { key: "claimed", name: "Drawn", figures: true, cell: ({ claimed, token }) => <Fee value={claimed} token={token} /> },
  {
    key: "balance",
    name: "Balance",
    figures: true,
    cell: ({ balance, token }) => <Fee value={balance} token={token} />,
  },
  {
    key: "state",
    name: "Withdrawal",
    cell: ({ withdrawableAt }) =>
      withdrawableAt === null ? (
        <None>not announced</None>
      ) : (
        <Mark tone="wait">
          from <Time at={withdrawableAt} />
        </Mark>
      ),
  },
  {
    key: "payer-is",
    name: "The payer is",
    cell: ({ dealing }) =>
      dealing === "ARMS_LENGTH" ? <None>independent</None> : <State of={dealing} words={DEALING} />,
  },
  {
    key: "opened",
    name: "Opened",
    figures: true,
    cell: ({ timestamp }) => <Time at={timestamp} />,
  },
];

/** Many inferences in one settlement, and the channels that pay for them. */
export function Batches() {
  const [batchPlace, moveBatches] = usePlace();
  const [channelPlace, moveChannels] = usePlace();
  const batches = useAsk(batchesQuery, batchPlace);
  const channels = useAsk(channelsQuery, channelPlace);
  return (
    <Page
      title="Batches"
      lead={
        <>
          A <Term of="batch">batch</Term> settles many inferences with one enclave's signature. They are paid out of{" "}
          <Term of="channel">channels</Term>, and only for what is proven.
        </>
      }
    >
      <Panel title="Settled batches" note="the latest first" flush>
        <Loaded
          answer={batches}
          height={42}
          lines={6}
          isEmpty={({ batchSettlements: { items } }) => items.length === 0}
          empty={
            <Empty title="No batch has been settled yet">
              A node with an attested enclave settles one when its channels have run up enough.
            </Empty>
          }
        >
          {({ batchSettlements }) => (
            <>
              <BatchTable rows={batchSettlements.items} />
              <Pager of={batchSettlements} move={moveBatches} what="batches" timed />
            </>
          )}
        </Loaded>
      </Panel>
      {/* Not before the batches are there, whose number moves it. */}
      {!batches.isPending && (
        <Panel title="Channels" note="payers' prepaid balances, the largest first" flush>
          <Loaded
            answer={channels}
            height={42}
            lines={6}
            isEmpty={({ channels: { items } }) => items.length === 0}
            empty={<Empty title="No channel is open">A payer opens one with: npm run opg -- channel open</Empty>}
          >
            {(data) => (
              <>
                <DataTable caption="Channels" columns={CHANNELS} rows={data.channels.items} id={({ id }) => id} />
                <Pager of={data.channels} move={moveChannels} what="channels" />
              </>
            )}
          </Loaded>
        </Panel>
      )}
    </Page>
  );
}

function BatchTable({ rows }: { readonly rows: readonly BatchRow[] }) {
  const finalityOf = useFinality(rows.map(({ blockNumber }) => blockNumber));
  const columns: readonly Column<BatchRow>[] = [
    { key: "batch", name: "Batch", cell: ({ id }) => <Id value={id} what="batch id" to={`/batches/${id}`} /> },
    { key: "node", name: "Node", cell: ({ nodeId }) => <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} /> },
    {
      key: "range",
      name: "Inferences",
      figures: true,
      cell: ({ first, count }) => (
        <span className="num">
          {BigInt(count).toLocaleString("en")}{" "}
          <span className="dim small">
            № {BigInt(first).toLocaleString("en")}–{(BigInt(first) + BigInt(count) - 1n).toLocaleString("en")}
          </span>
        </span>
      ),
    },
    { key: "proves", name: "Shows", cell: (row) => <ProvesMark of={row} /> },
    {
      key: "rows",
      name: "Payers paid in full",
      cell: ({ rows, rowsNotPaid }) =>
        rows === null ? (
          rowsNotPaid === "0" ? (
            <Mark tone="good">all, by x402</Mark>
          ) : (
            <Mark tone="warn">all but {BigInt(rowsNotPaid).toLocaleString("en")}, by x402</Mark>
          )
        ) : rowsNotPaid === "0" ? (
          <Mark tone="good">all {BigInt(rows).toLocaleString("en")}</Mark>
        ) : (
          <Mark tone="warn">
            {(BigInt(rows) - BigInt(rowsNotPaid)).toLocaleString("en")} of {BigInt(rows).toLocaleString("en")}
          </Mark>
        ),
    },
    { key: "paid", name: "Paid", figures: true, cell: ({ paid, token }) => <Fee value={paid} token={token} /> },
    {
      key: "burned",
      name: "Burned",
      figures: true,
      cell: ({ burned }) => <Amount value={burned} />,
    },
    {
      key: "when",
      name: "Settled",
      figures: true,
      cell: ({ timestamp, blockNumber }) => (
        <span className="stacked">
          <Time at={timestamp} />
          <Finality of={finalityOf(blockNumber)} />
        </span>
      ),
    },
  ];
  return <DataTable caption="Settled batches" columns={columns} rows={rows} id={({ id }) => id} />;
}
