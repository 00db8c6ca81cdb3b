import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation, useSearch } from "wouter";
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
import { type InferenceRow, inferencesQuery } from "../../queries/inferences.ts";
import { type Choice, FILTERS, filterOf, readChoice, whoOf, writeChoice } from "./filters.ts";
import "./inference.css";
import { DEALING_TAGS } from "./words.ts";

/** All inferences, the newest first, as they happen. */
export function Inferences() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const choice = readChoice(search);
  const [place, setPlace] = usePlace(search);
  // What is typed is in the address only when it is an id; what comes by the address stands in the field.
  const [typed, setTyped] = useState({ search, text: choice.who });
  const text = typed.search === search ? typed.text : choice.who;
  // To the minute: a question that changes every second would never have its answer.
  const minute = useNow((now) => Math.floor(now / 60) * 60);
  const setText = (text: string) => setTyped({ search, text });
  const goTo = (choice: Partial<Choice>) => navigate(`/inferences${writeChoice(choice)}`, { replace: true });
  const answer = useAsk(inferencesQuery, { where: filterOf(choice, minute), ...place });
  const isFiltered = text !== "" || Object.values(choice).some((value) => value !== "");
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
            <Button
              variant="subtle"
              size="xs"
              onClick={() => {
                setText("");
                goTo({});
              }}
            >
              Show everything
            </Button>
          )
        }
      >
        <Filters choice={choice} choose={(change) => goTo({ ...choice, ...change })} text={text} setText={setText} />
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
  text,
  setText,
}: {
  readonly choice: Choice;
  readonly choose: (change: Partial<Choice>) => void;
  /** What stands in the field, which may be no id yet. */
  readonly text: string;
  readonly setText: (text: string) => void;
}) {
  return (
    <search className="filters" aria-label="Filter the requests">
      {(Object.keys(FILTERS) as (keyof typeof FILTERS)[]).map((name) => (
        <NativeSelect
          key={name}
          size="xs"
          label={FILTERS[name].label}
          value={choice[name]}
          onChange={({ currentTarget: { value } }) => choose({ [name]: value })}
          data={Object.entries(FILTERS[name].options).map(([value, label]) => ({ value, label }))}
        />
      ))}
      <TextInput
        size="xs"
        className="filter-who"
        label="Request, node, model or requester"
        placeholder="0x…"
        leftSection={<IconSearch size={14} aria-hidden="true" />}
        value={text}
        onChange={({ currentTarget: { value } }) => {
          const who = value.trim();
          setText(who);
          if (who === "" || whoOf(who)) choose({ who });
        }}
        error={text !== "" && !whoOf(text) && "An id has 64 digits of hex after 0x, an address 40"}
        spellCheck={false}
        autoComplete="off"
      />
    </search>
  );
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
