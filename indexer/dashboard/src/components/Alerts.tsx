import { useAsk } from "../data/useAsk.ts";
import { ALERTS } from "../format/words.ts";
import { type Alert, alertsQuery } from "../queries/alerts.ts";
import { Id } from "./Id.tsx";
import { Mark, type Tone } from "./Mark.tsx";
import { Panel } from "./Panel.tsx";
import { Empty, Loaded } from "./states.tsx";
import { Time } from "./Time.tsx";

/** Most alerts on display. */
const SHOWN = 8;
const TONES: Readonly<Record<Alert["severity"], Tone>> = { INFO: "info", WARNING: "warn", CRITICAL: "bad" };

/** What needs a look, the most urgent first: of everything, or of one node. */
export function Alerts({ nodeId }: { readonly nodeId?: string }) {
  const answer = useAsk(alertsQuery, { limit: SHOWN + 1, ...(nodeId === undefined ? {} : { where: { nodeId } }) });
  const raised = answer.data?.alerts.items.length ?? 0;
  return (
    <Panel
      title="Alerts"
      note={
        raised > SHOWN ? `the ${SHOWN} most urgent, of more` : "defaults, revocations, keys that end, stakes too small"
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
          <ul className="alerts">
            {items.slice(0, SHOWN).map((alert) => (
              <Line key={alert.id} of={alert} withNode={nodeId === undefined} />
            ))}
          </ul>
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
