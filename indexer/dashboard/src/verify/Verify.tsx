import { Button, Collapse, TextInput, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconAlertTriangle,
  IconCheck,
  IconChevronDown,
  IconDownload,
  IconLoader2,
  IconShieldCheck,
  IconX,
} from "@tabler/icons-react";
import { useId, useRef, useState } from "react";
import type { Verification, VerificationStep } from "../../../../sdk/src/verify/verifyEvidence.ts";
import { Copy } from "../components/Id.tsx";
import { Panel } from "../components/Panel.tsx";
import type { Run, Subject } from "./runVerification.ts";
import "./verify.css";

/** How long a step stays the latest one before the next is shown, in milliseconds: so that each is seen. */
const PACE = 140;

type State =
  | { readonly phase: "idle" }
  | { readonly phase: "running"; readonly steps: readonly VerificationStep[] }
  | { readonly phase: "done"; readonly steps: readonly VerificationStep[]; readonly run: Run }
  | { readonly phase: "broken"; readonly steps: readonly VerificationStep[]; readonly reason: string };

/** Checks a settled proof in the reader's own browser, and shows each step. */
export function Verify({ kind, id }: Subject) {
  const [state, setState] = useState<State>({ phase: "idle" });
  const [asks, { toggle }] = useDisclosure(false);
  const [rpc, setRpc] = useState("");
  const latest = useRef(0);
  const rpcId = useId();
  const isRunning = state.phase === "running";
  const wrong = rpc !== "" && !isRpcUrl(rpc) ? "An address begins with https://, or http:// on this machine" : null;

  const verify = async () => {
    const turn = ++latest.current;
    const steps: VerificationStep[] = [];
    const show = (next: State) => {
      if (turn === latest.current) setState(next);
    };
    show({ phase: "running", steps: [] });
    try {
      const { runVerification } = await import("./runVerification.ts");
      const run = await runVerification({ kind, id }, rpc, async (step) => {
        steps.push(step);
        show({ phase: "running", steps: [...steps] });
        await pause();
      });
      show({ phase: "done", steps, run });
    } catch (error) {
      show({ phase: "broken", steps, reason: error instanceof Error ? error.message : String(error) });
    }
  };

  return (
    <Panel
      title="Verify in your browser"
      note={
        kind === "batches"
          ? "Checks the enclave's signature of this batch and its attestation on this device. What is left to believe is said at the end."
          : "Checks the proof on this device. What is left to believe is said at the end."
      }
      aside={
        <Button
          leftSection={<IconShieldCheck size={18} />}
          onClick={() => void verify()}
          loading={isRunning}
          disabled={wrong !== null}
        >
          {state.phase === "idle" ? "Verify" : "Verify again"}
        </Button>
      }
    >
      <div className="verify">
        <div>
          <UnstyledButton className="verify-more" onClick={toggle} aria-expanded={asks} aria-controls={rpcId}>
            <IconChevronDown size={14} aria-hidden="true" className={asks ? "turned" : ""} />
            Read the evidence from an RPC node of your own
          </UnstyledButton>
          <Collapse expanded={asks} id={rpcId}>
            <TextInput
              className="verify-rpc"
              size="sm"
              type="url"
              label="Address of the RPC node"
              description="Terms, route, key and attestation are then read from it, and not from this indexer. It is asked by your browser alone."
              placeholder="https://…"
              value={rpc}
              onChange={({ currentTarget: { value } }) => setRpc(value.trim())}
              error={wrong}
            />
          </Collapse>
        </div>
        {state.phase !== "idle" && (
          <>
            <ol className="steps" aria-label="Steps of the verification" aria-live="polite" aria-relevant="additions">
              {state.steps.map((step, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: steps keep their places
                <Step key={place} step={step} />
              ))}
            </ol>
            {isRunning && (
              <p className="step-next">
                <IconLoader2 size={18} className="spin" aria-hidden="true" />
                {state.steps.length === 0 ? "Fetching the evidence…" : "Checking the next step…"}
              </p>
            )}
          </>
        )}
        <div role="status">
          {state.phase === "done" && <Verdict found={state.run.found} />}
          {state.phase === "broken" && (
            <div className="verdict fails" data-verdict="fails">
              <IconAlertTriangle size={22} aria-hidden="true" />
              <div>
                <strong>It could not be verified</strong>
                <p>{state.reason}</p>
              </div>
            </div>
          )}
        </div>
        {state.phase === "done" && <After run={state.run} id={id} />}
      </div>
    </Panel>
  );
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PACE));

/** Whether a page may ask it: over TLS, or on this machine. */
function isRpcUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1"].includes(hostname));
}

const SAID = { ok: "Holds", caveat: "Holds, mind", failed: "Does not hold" } as const;
const ICONS = { ok: IconCheck, caveat: IconAlertTriangle, failed: IconX } as const;

function Step({ step: { title, detail, state, values } }: { readonly step: VerificationStep }) {
  const [opened, { toggle }] = useDisclosure(false);
  const valuesId = useId();
  const Icon = ICONS[state];
  return (
    <li className={`step ${state}`} data-state={state}>
      <span className="step-icon" aria-hidden="true">
        <Icon size={14} stroke={2.5} />
      </span>
      <div className="step-body">
        <p className="step-title">
          <span className="visually-hidden">{SAID[state]}: </span>
          {title}
        </p>
        <p className="step-detail">{detail}</p>
        {values.length > 0 && (
          <>
            <UnstyledButton className="verify-more" onClick={toggle} aria-expanded={opened} aria-controls={valuesId}>
              <IconChevronDown size={14} aria-hidden="true" className={opened ? "turned" : ""} />
              {opened ? "Hide" : "Show"} values<span className="visually-hidden"> of: {title}</span>
            </UnstyledButton>
            <Collapse expanded={opened} id={valuesId}>
              <dl className="step-values">
                {values.map(({ name, value }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>
                      <span className="mono wrap">{value}</span>
                      <Copy value={value} what={name} />
                    </dd>
                  </div>
                ))}
              </dl>
            </Collapse>
          </>
        )}
      </div>
    </li>
  );
}

const VERDICTS = {
  proven: "Proven",
  refuted: "Not proven",
  unreadable: "It cannot be checked here",
} as const;

function Verdict({ found: { verdict, summary, caveats } }: { readonly found: Verification }) {
  const holds = verdict === "proven";
  const minded = holds && caveats.length > 0;
  const Icon = minded || verdict === "unreadable" ? IconAlertTriangle : holds ? IconShieldCheck : IconX;
  return (
    <div
      className={`verdict ${minded || verdict === "unreadable" ? "minded" : holds ? "holds" : "fails"}`}
      data-verdict={holds ? "holds" : "fails"}
    >
      <Icon size={22} aria-hidden="true" />
      <div>
        <strong>{minded ? "The checks pass, but mind what follows" : VERDICTS[verdict]}</strong>
        <p>{summary}</p>
        {caveats.length > 0 && (
          <ul>
            {caveats.map((caveat) => (
              <li key={caveat}>{caveat}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** What the verdict rests on, and the evidence to keep. */
function After({ run: { found, evidence }, id }: { readonly run: Run; readonly id: string }) {
  const download = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([evidence], { type: "application/json" }));
    link.download = `evidence-${id.slice(0, 10)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  };
  return (
    <div className="verify-after">
      <div>
        <h3>What this rests on</h3>
        <ul>
          {found.restsOn.map((what) => (
            <li key={what} className="wrap">
              {what}
            </li>
          ))}
        </ul>
      </div>
      <Button variant="default" size="xs" leftSection={<IconDownload size={15} />} onClick={download}>
        Download evidence
      </Button>
    </div>
  );
}
