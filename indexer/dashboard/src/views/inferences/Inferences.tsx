import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Amount } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Finality, useFinality } from "../../components/Finality.tsx";
import { Id } from "../../components/Id.tsx";
import { Page } from "../../components/Page.tsx";
import { Pager, usePlace } from "../../components/Pager.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Proof } from "../../components/Proves.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Duration, Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { useNow } from "../../data/useNow.ts";
import { count } from "../../format/text.ts";
import { REQUEST_STATUS } from "../../format/words.ts";
import {
  type InferenceFilter,
  type InferenceRow,
  type InferenceStatus,
  inferencesQuery,
} from "../../queries/inferences.ts";
import "./inference.css";
import { DEALING_TAGS } from "./words.ts";

/** Spans of time to look back, in seconds. */
const SPANS = { hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000 } as const;

/** What the reader chose; kept while the page is open, so that coming back finds the list as it was. */
const EVERYTHING = { status: "", proof: "", dealing: "", since: "", who: "" } as const;
type Choice = { readonly [Name in keyof typeof EVERYTHING]: string };
let remembered: Choice = EVERYTHING;

/** All inferences, the newest first, as they happen. */
export function Inferences() {
  const [choice, setChoice] = useState(remembered);
  const [place, setPlace] = usePlace();
  // To the minute: a question that changes every second would never have its answer.
  const minute = useNow((now) => Math.floor(now / 60) * 60);
  const choose = (change: Partial<Choice>) => {
    remembered = { ...choice, ...change };
    setChoice(remembered);
    setPlace({});
  };
  const isWrong = choice.who !== "" && whoOf(choice.who) === undefined;
  const where = filterOf(choice, minute);
  const answer = useAsk(inferencesQuery, { where, ...place }, { enabled: !isWrong });
  const isFiltered = Object.values(choice).some((value) => value !== "");
  return (
    <Page
      title="Inferences"
      lead="Each request to a model, from escrow to proof. Open one for its timeline, its money, and to verify its proof yourself."
    >
      <Panel
        flush
        title={answer.data === undefined ? "Requests" : count(answer.data.inferences.totalCount, "request")}
        note="The newest first; the list follows the chain."
        aside={
          isFiltered && (
            <Button variant="subtle" size="xs" onClick={() => choose(EVERYTHING)}>
              Show everything
            </Button>
          )
        }
      >
        <Filters choice={choice} choose={choose} isWrong={isWrong} />
        <Loaded
          answer={answer}
          height={52}
          lines={12}
          isEmpty={({ inferences }) => inferences.items.length === 0}
          empty={
            <Empty title={isFiltered ? "No request fits" : "No request yet"} height={320}>
              {isFiltered
                ? "Nothing on the chain fits all of these filters. Show everything, or loosen one."
                : "A request appears here in the moment in which it is made on chain."}
            </Empty>
          }
        >
          {({ inferences }) => (
            <>
              <List rows={inferences.items} />
              <Pager of={inferences} move={setPlace} what="requests" timed />
            </>
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}

function Filters({
  choice,
  choose,
  isWrong,
}: {
  readonly choice: Choice;
  readonly choose: (change: Partial<Choice>) => void;
  readonly isWrong: boolean;
}) {
  const select = (name: keyof Choice, label: string, data: readonly { value: string; label: string }[]) => (
    <NativeSelect
      size="xs"
      label={label}
      value={choice[name]}
      onChange={({ currentTarget: { value } }) => choose({ [name]: value })}
      data={[...data]}
    />
  );
  return (
    <search className="filters" aria-label="Filter the requests">
      {select("status", "Status", [
        { value: "", label: "Any status" },
        ...Object.entries(REQUEST_STATUS).map(([value, { text }]) => ({ value, label: text })),
      ])}
      {select("proof", "Proof", [
        { value: "", label: "Any proof" },
        { value: "ZK", label: "Zero knowledge" },
        { value: "LOCAL", label: "Enclave, LOCAL" },
        { value: "GATEWAY", label: "Enclave, GATEWAY" },
      ])}
      {select("dealing", "Demand", [
        { value: "", label: "Gross: all" },
        { value: "NET", label: "Net of self-dealing" },
        { value: "PARTY", label: "Only own nodes" },
        { value: "FUNDED", label: "Only funded by operators" },
        { value: "UNPAID", label: "Only unpaid" },
      ])}
      {select("since", "Requested", [
        { value: "", label: "At any time" },
        { value: "hour", label: "In the last hour" },
        { value: "day", label: "In the last day" },
        { value: "week", label: "In the last week" },
        { value: "month", label: "In the last 30 days" },
      ])}
      <TextInput
        size="xs"
        className="filter-who"
        label="Request, node, model or requester"
        placeholder="0x…"
        leftSection={<IconSearch size={14} aria-hidden="true" />}
        value={choice.who}
        onChange={({ currentTarget: { value } }) => choose({ who: value.trim() })}
        error={isWrong && "An id has 64 digits of hex after 0x, an address 40"}
        spellCheck={false}
        autoComplete="off"
      />
    </search>
  );
}

/** What an id or an address can stand for; undefined if it is neither. */
function whoOf(text: string): InferenceFilter | undefined {
  const value = text.toLowerCase();
  if (/^0x[0-9a-f]{40}$/.test(value)) return { requester: value };
  if (/^0x[0-9a-f]{64}$/.test(value)) return { OR: [{ id: value }, { nodeId: value }, { modelId: value }] };
  return undefined;
}

function filterOf({ status, proof, dealing, since, who }: Choice, now: number): InferenceFilter {
  return {
    ...(status !== "" && { status: status as InferenceStatus }),
    ...(proof === "ZK" && { route: "ZK" }),
    ...((proof === "LOCAL" || proof === "GATEWAY") && { trust: proof }),
    ...(dealing === "NET" && { dealing: "ARMS_LENGTH" }),
    ...((dealing === "PARTY" || dealing === "FUNDED" || dealing === "UNPAID") && { dealing }),
    ...(since in SPANS && { requestedAt_gte: String(now - SPANS[since as keyof typeof SPANS]) }),
    ...whoOf(who),
  };
}

/** The newest block that a row rests on. */
const blockOf = ({ endedBlock, deliveredBlock, requestedBlock }: InferenceRow): string =>
  endedBlock ?? deliveredBlock ?? requestedBlock;

function List({ rows }: { readonly rows: readonly InferenceRow[] }) {
  const finalityOf = useFinality(rows.map(blockOf));
  const columns: readonly Column<InferenceRow>[] = [
    {
      key: "request",
      name: "Request",
      cell: ({ id, requestedAt }) => (
        <span className="stacked">
          <Id value={id} what="request id" to={`/inferences/${id}`} />
          <span className="small dim">
            <Time at={requestedAt} />
          </span>
        </span>
      ),
    },
    {
      key: "status",
      name: "Status",
      cell: (row) => (
        <span className="stacked">
          <State of={row.status} words={REQUEST_STATUS} />
          <Finality of={finalityOf(blockOf(row))} />
        </span>
      ),
    },
    {
      key: "proof",
      name: "Proof",
      cell: (row) => <Proof {...row} />,
    },
    {
      key: "parties",
      name: "Requester → node",
      cell: ({ requester, nodeId, dealing }) => (
        <span className="stacked">
          <span className="pair">
            <Id value={requester} what="requester" />
            <span aria-hidden="true" className="dim">
              →
            </span>
            <span className="visually-hidden">to</span>
            {nodeId === null ? (
              <span className="dim small">any node</span>
            ) : (
              <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} />
            )}
          </span>
          {DEALING_TAGS[dealing] !== null && <span className="tag">{DEALING_TAGS[dealing]}</span>}
        </span>
      ),
    },
    {
      key: "model",
      name: "Model",
      cell: ({ modelId }) => <Id value={modelId} what="model id" to={`/models/${modelId}`} />,
    },
    {
      key: "fee",
      name: "Fee",
      figures: true,
      cell: ({ fee, maxFee, token, status }) =>
        fee === null && (status === "REQUESTED" || status === "DELIVERED") ? (
          <span className="dim">
            ≤ <Fee value={maxFee} token={token} />
          </span>
        ) : (
          <Fee value={fee} token={token} />
        ),
    },
    {
      key: "burned",
      name: "Burned",
      figures: true,
      cell: ({ burned }) => <Amount value={burned === "0" ? null : burned} />,
    },
    {
      key: "gap",
      name: "Trust gap",
      head: <Term of="gap" />,
      figures: true,
      cell: ({ trustGapSeconds }) => <Duration seconds={trustGapSeconds} />,
    },
  ];
  return <DataTable caption="Requests, the newest first" columns={columns} rows={rows} id={({ id }) => id} />;
}
