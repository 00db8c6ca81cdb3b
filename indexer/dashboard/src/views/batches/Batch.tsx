import { Amount } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Fact, Facts } from "../../components/Facts.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Finality, useFinality } from "../../components/Finality.tsx";
import { Copy, Id } from "../../components/Id.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { ProvesMark } from "../../components/Proves.tsx";
import { RouteName } from "../../components/RouteName.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { count, shorten } from "../../format/text.ts";
import { DEALING, ROW_FAULT } from "../../format/words.ts";
import { type BatchDetail, batchQuery, type RowNotPaid, rowsNotPaidQuery } from "../../queries/batch.ts";
import { Verify } from "../../verify/Verify.tsx";

/** All about one batch. */
export function Batch({ id }: { readonly id: string }) {
  const answer = useAsk(batchQuery, { id: id.toLowerCase() });
  return (
    <Page
      title={`Batch ${shorten(id)}`}
      beside={<Copy value={id} what="batch id" />}
      lead="Inferences that one signature of an enclave has settled."
    >
      <Loaded
        answer={answer}
        height={102}
        lines={4}
        isEmpty={({ batchSettlement }) => batchSettlement === null}
        empty={
          <div className="panel">
            <Empty title="No such batch">The chain has settled none with this id, as far as it is read.</Empty>
          </div>
        }
      >
        {({ batchSettlement }) => batchSettlement && <Detail of={batchSettlement} />}
      </Loaded>
    </Page>
  );
}

function Detail({ of }: { readonly of: BatchDetail }) {
  const first = BigInt(of.first);
  const inferences = BigInt(of.count);
  const finalityOf = useFinality([of.blockNumber]);
  return (
    <>
      <Stats>
        <Stat
          label="Inferences"
          note={`№ ${first.toLocaleString("en")} to ${(first + inferences - 1n).toLocaleString("en")} of their stream`}
        >
          <span className="num">{inferences.toLocaleString("en")}</span>
        </Stat>
        <Stat label="Paid to the node" note={of.rows === null ? "by x402" : `by ${count(BigInt(of.rows), "channel")}`}>
          <Fee value={of.paid} token={of.token} />
        </Stat>
        <Stat label={<Term of="burn">Burned</Term>} note="a verification fee for each inference">
          <Amount value={of.burned} />
        </Stat>
        <Stat
          label="Settled"
          note={
            <>
              in block {BigInt(of.blockNumber).toLocaleString("en")} · <Finality of={finalityOf(of.blockNumber)} />
            </>
          }
        >
          <Time at={of.timestamp} />
        </Stat>
      </Stats>
      <div className="columns">
        <Panel title="What it shows">
          <Facts>
            <Fact name="The signature shows">
              <ProvesMark of={of} />
            </Fact>
            <Fact name="Node">
              <Id value={of.nodeId} what="node id" to={`/nodes/${of.nodeId}`} />
            </Fact>
            <Fact name="Model">
              <Id value={of.modelId} what="model id" to={`/models/${of.modelId}`} />
            </Fact>
            <Fact name="Route">
              <RouteName of={{ route: "TEE", routeVersion: of.routeVersion }} />
            </Fact>
            <Fact name="Enclave's key">
              <Id value={of.key} what="enclave key" />
            </Fact>
            <Fact name="Its payers">
              <State of={of.dealing} words={DEALING} />
            </Fact>
          </Facts>
        </Panel>
        <Panel title="What is on chain">
          <Facts>
            <Fact name="Batch id">
              <Id value={of.id} what="batch id" digits={8} />
            </Fact>
            <Fact name={<Term of="stream" />}>
              <Id value={of.streamId} what="stream id" />
            </Fact>
            <Fact name="Merkle root">
              <Id value={of.root} what="Merkle root" />
            </Fact>
            <Fact name="Hash of the rows">
              <Id value={of.rowsHash} what="hash of the rows" />
            </Fact>
            <Fact name="Payout">
              <Id value={of.payout} what="payout address" />
            </Fact>
            <Fact name="Transaction">
              <Id value={of.transactionHash} what="transaction hash" />
            </Fact>
          </Facts>
        </Panel>
      </div>
      <Verify kind="batches" id={of.id} />
      <NotPaid batch={of} />
    </>
  );
}

/** Payers whose rows were not paid in full, and why. */
function NotPaid({ batch }: { readonly batch: BatchDetail }) {
  const some = batch.rowsNotPaid !== "0";
  const answer = useAsk(rowsNotPaidQuery, { drawId: batch.drawId }, { enabled: some });
  const columns: readonly Column<RowNotPaid>[] = [
    {
      key: "index",
      name: "Row",
      cell: ({ index }) => <span className="num">{BigInt(index).toLocaleString("en")}</span>,
      by: ({ index }) => BigInt(index),
    },
    { key: "channel", name: "Channel", cell: ({ channelId }) => <Id value={channelId} what="channel id" /> },
    {
      key: "signer",
      name: "Signer",
      cell: ({ signer }) =>
        signer === null ? <span className="dim">by x402</span> : <Id value={signer} what="signer" />,
    },
    {
      key: "missing",
      name: "Missing",
      figures: true,
      cell: ({ missing }) => <Fee value={missing} token={batch.token} />,
      by: ({ missing }) => BigInt(missing),
    },
    { key: "why", name: "Why", cell: ({ fault }) => <span className="small">{ROW_FAULT[fault]}</span> },
  ];
  return (
    <Panel title="Not paid in full" note="what is proven and could not be drawn stays owed" flush>
      {some ? (
        <Loaded answer={answer} height={42} lines={2}>
          {({ rowNotPaids }) => (
            <DataTable caption="Rows not paid in full" columns={columns} rows={rowNotPaids.items} id={({ id }) => id} />
          )}
        </Loaded>
      ) : (
        <Empty title="Everything was paid">Each channel covered what was proven for it.</Empty>
      )}
    </Panel>
  );
}
