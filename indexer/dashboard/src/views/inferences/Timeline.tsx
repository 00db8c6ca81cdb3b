import { Finality, useFinality } from "../../components/Finality.tsx";
import { Id } from "../../components/Id.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Term } from "../../components/Term.tsx";
import { Time } from "../../components/Time.tsx";
import { formatAbsolute, formatDuration } from "../../format/time.ts";
import type { Inference, InferenceEvent } from "../../queries/inferences.ts";
import { EVENTS } from "./words.ts";

/** What happened to an inference, in order, with the time in between; and what is to happen next. */
export function Timeline({ of }: { readonly of: Inference }) {
  const events = of.events.items;
  const finalityOf = useFinality(events.map(({ blockNumber }) => blockNumber));
  return (
    <Panel title="Timeline" note="Each step as the chain has it.">
      <ol className="timeline">
        {events.map((event, place) => (
          <Step key={event.id} event={event} previous={events[place - 1]} finality={finalityOf(event.blockNumber)} />
        ))}
        <Next of={of} />
      </ol>
    </Panel>
  );
}

function Step({
  event: { kind, timestamp, blockNumber, transactionHash, sender },
  previous,
  finality,
}: {
  readonly event: InferenceEvent;
  readonly previous: InferenceEvent | undefined;
  readonly finality: string | undefined;
}) {
  const { title, meaning } = EVENTS[kind];
  const passed = previous === undefined ? null : Number(timestamp) - Number(previous.timestamp);
  const isGap = kind === "SETTLED" && passed !== null;
  return (
    <>
      {passed !== null && passed > 0 && (
        <li className={isGap ? "passed gap" : "passed"}>
          {formatDuration(passed)} {isGap ? <Term of="gap">of trust gap</Term> : "later"}
        </li>
      )}
      <li className={`moment ${kind.toLowerCase()}`}>
        <div className="moment-head">
          <strong>{title}</strong>
          <Time at={timestamp} />
        </div>
        <p className="small dim">{meaning}</p>
        <div className="moment-where small dim">
          <span>{formatAbsolute(Number(timestamp))}</span>
          <span className="num">block {Number(blockNumber).toLocaleString("en")}</span>
          <Finality of={finality} />
          <span className="pair">
            transaction <Id value={transactionHash} what="transaction hash" />
          </span>
          <span className="pair">
            by <Id value={sender} what="sender" />
          </span>
        </div>
      </li>
    </>
  );
}

/** What a request that has not ended waits for. */
function Next({ of: { status, deliveryDeadline, proofDeadline, proofDeadlineBlock } }: { readonly of: Inference }) {
  if (status === "REQUESTED") {
    return (
      <li className="moment next">
        <div className="moment-head">
          <strong>Delivery is due</strong>
          <Time at={deliveryDeadline} />
        </div>
        <p className="small dim">If no answer comes until then, anyone can have the escrow returned.</p>
      </li>
    );
  }
  if (status !== "DELIVERED") return null;
  return (
    <li className="moment next">
      <div className="moment-head">
        <strong>The proof is due</strong>
        <Time at={proofDeadline} />
      </div>
      <p className="small dim">
        After that, and after block {Number(proofDeadlineBlock ?? 0).toLocaleString("en")}, anyone can claim the
        default: the requester then gets the whole escrow and a compensation.
      </p>
    </li>
  );
}
