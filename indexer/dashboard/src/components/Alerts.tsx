import { Button } from "@mantine/core";
import { useState } from "react";
import { useAsk } from "../data/useAsk.ts";
import { ALERTS, type Tone } from "../format/words.ts";
import { type Alert, alertsQuery } from "../queries/alerts.ts";
import { Id } from "./Id.tsx";
import { Mark } from "./Mark.tsx";
import { Panel } from "./Panel.tsx";
import { Empty, Loaded } from "./states.tsx";
import { Time } from "./Time.tsx";

/** Most alerts on display: of everything, of one node, and on request. */
const SHOWN = { overall: 8, node: 30, all: 100 } as const;
const TONES: Readonly<Record<Alert["severity"], Tone>> = { INFO: "info", WARNING: "warn", CRITICAL: "bad" };

/** What needs a look, the most urgent first: of everything, or of one node. */
export function Alerts({ nodeId }: { readonly nodeId?: string }) {
  const [all, showAll] = useState(false);
  const few = nodeId === undefined ? SHOWN.overall : SHOWN.node;
  const shown = all ? SHOWN.all : few;
  // One more tells whether there are more.
  const answer = useAsk(alertsQuery, { limit: shown + 1, ...(nodeId === undefined ? {} : { where: { nodeId } }) });
  const raised = answer.data?.alerts.items.length ?? 0;
  return (
    <Panel
      title="Alerts"
      note={
        raised > shown ? `the ${shown} most urgent, of more` : "defaults, revocations, keys that end, stakes too small"
      }
      flush
    >
      <Loaded
        answer={answer}
        height={44}
        lines={5}
        isEmpty={() => raised === 0}
        empty={
          <Empty title="Nothing needs a look">
            Defaults, slashings, revoked keys, attestations about to end and stakes that are too small would be here.
          </Empty>
        }
      >
        {({ alerts: { items } }) => (
          <>
            <ul className="alerts">
              {items.slice(0, shown).map((alert) => (
                <Line key={alert.id} of={alert} withNode={nodeId === undefined} />
              ))}
            </ul>
            {raised > few && (
              <p className="more">
                <Button size="xs" variant="default" onClick={() => showAll(!all)}>
                  {all ? "Show fewer" : "Show more"}
                </Button>
              </p>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Line({ of, withNode }: { readonly of: Alert; readonly withNode: boolean }) {
  const { kind, severity, nodeId, subject, timestamp } = of;
  const { text, subject: what, to } = ALERTS[kind];
  return (
    <li>
      <span className="alert-what">
        <Mark tone={TONES[severity]}>{text}</Mark>
        <span className="dim small">
          <Time at={timestamp} />
        </span>
      </span>
      <span className="alert-who small">
        {withNode && nodeId !== null && (
          <span>
            <span className="dim">node</span> <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} />
          </span>
        )}
        {subject !== nodeId && (
          <span>
            <span className="dim">{what}</span>{" "}
            <Id value={subject} what={what} {...(to === undefined ? {} : { to: `${to}/${subject}` })} />
          </span>
        )}
      </span>
    </li>
  );
}
