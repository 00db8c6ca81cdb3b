import { Anchor } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "wouter";
import { Amount } from "../../components/Amount.tsx";
import { Fact, Facts } from "../../components/Facts.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Id } from "../../components/Id.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Proof } from "../../components/Proves.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { State } from "../../components/State.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { Duration, Time } from "../../components/Time.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { count } from "../../format/text.ts";
import { formatDuration } from "../../format/time.ts";
import { DEALING, REQUEST_STATUS } from "../../format/words.ts";
import { type Inference as InferenceData, inferenceQuery } from "../../queries/inferences.ts";
import { Verify } from "../../verify/Verify.tsx";
import { Answer } from "./Answer.tsx";
import "./inference.css";
import { Money } from "./Money.tsx";
import { Timeline } from "./Timeline.tsx";
import { MEANINGS } from "./words.ts";

/** One inference: where it stands, how it came there, its money, and the proof to verify. */
export function Inference({ id }: { readonly id: string }) {
  const answer = useAsk(inferenceQuery, { id: id.toLowerCase() });
  return (
    <Page title="Inference" lead={<Id value={id} what="request id" digits={10} />}>
      <Loaded
        answer={answer}
        height={140}
        lines={5}
        isEmpty={({ inference }) => inference === null}
        empty={
          <div className="panel">
            <Empty title="There is no such request">
              The chain has no request with this id, as far as the indexer has read it. An inference that was paid by a
              channel is part of{" "}
              <Anchor component={Link} href="/batches">
                a batch
              </Anchor>
              .
            </Empty>
          </div>
        }
      >
        {({ inference }) => (inference === null ? null : <Detail of={inference} />)}
      </Loaded>
    </Page>
  );
}

function Detail({ of }: { readonly of: InferenceData }) {
  const { status, route, proves, trustGapSeconds, trustGapBlocks, token, fee, maxFee, burned, coverage } = of;
  const isOpen = status === "REQUESTED" || status === "DELIVERED";
  return (
    <>
      <Stats>
        <Stat label="Status" note={MEANINGS[status]}>
          <State of={status} words={REQUEST_STATUS} />
        </Stat>
        <Stat label={<Term of="gap" />} note={gapNote(of)}>
          {trustGapSeconds === null ? "–" : <Duration seconds={trustGapSeconds} />}
          {trustGapBlocks !== null && <span className="unit"> {count(BigInt(trustGapBlocks), "block")}</span>}
        </Stat>
        <Stat
          label={isOpen ? "In escrow" : "Fee to the node"}
          note={
            isOpen || status === "SETTLED"
              ? "All of it is the operator's: there is no protocol cut."
              : "All that was escrowed went back to the requester."
          }
        >
          <Fee value={isOpen ? maxFee : (fee ?? "0")} token={token} />
        </Stat>
        {status === "DELIVERED" ? (
          <Stat label={<Term of="atRisk" />} note="Locked until the proof comes.">
            <Amount value={coverage} />
          </Stat>
        ) : (
          <Stat label={<Term of="burn">Burned</Term>} note="From the node's own OPG.">
            <Amount value={burned} />
          </Stat>
        )}
      </Stats>
      {status === "SETTLED" && of.trust === "GATEWAY" && (
        <div className="verdict minded">
          <IconAlertTriangle size={22} aria-hidden="true" />
          <div>
            <strong>A relay, not an execution</strong>
            <p>
              This answer came through a gateway: its proof shows what was asked of a named service and what it
              answered, and nothing of what ran there.
            </p>
          </div>
        </div>
      )}
      {status === "SETTLED" && proves === "DEVELOPMENT" && (
        <div className="verdict minded">
          <IconAlertTriangle size={22} aria-hidden="true" />
          <div>
            <strong>{route === "ZK" ? "A development key" : "A development root"}</strong>
            <p>
              {route === "ZK"
                ? "Whoever made the key that checks this circuit's proofs can prove anything under it: this proof shows nothing to others. Such keys are for tests."
                : "It is not AWS that says what this enclave is: whoever owns the root of its attestation can attest anything, so this proof shows nothing to others. Such roots are for tests."}
            </p>
          </div>
        </div>
      )}
      {of.outputHash !== null && <Answer of={of} outputHash={of.outputHash} />}
      <div className="columns">
        <Timeline of={of} />
        <Money of={of} />
      </div>
      {status === "SETTLED" ? (
        <Verify kind="inferences" id={of.id} />
      ) : (
        <Panel title="Verify in your browser">
          <p className="dim unverified">
            {isOpen
              ? "There is nothing to verify yet: the proof can be checked here as soon as it is settled."
              : "There is nothing to verify: this request ended without a proof."}
          </p>
        </Panel>
      )}
      <div className="columns">
        <Parties of={of} />
        <Terms of={of} />
      </div>
    </>
  );
}

function gapNote({ status, trustGapSeconds, trustGapBlocks, deliveredAt }: InferenceData): string {
  if (trustGapBlocks === "0") return "The proof came with the answer.";
  if (trustGapSeconds === "0") return "Within the same second.";
  if (trustGapSeconds !== null) return "From delivery to settlement.";
  if (status === "DELIVERED") return "Open: the answer is out since its delivery.";
  return deliveredAt === null ? "Nothing was delivered." : "It never closed.";
}

function Parties({ of }: { readonly of: InferenceData }) {
  const { requester, nodeId, modelId, consumer, payout, claimer, dealing, open, routeVersion } = of;
  return (
    <Panel title="Parties">
      <Facts>
        <Fact name="Requester">
          <Id value={requester} what="requester" />
        </Fact>
        <Fact name="Demand">
          <State of={dealing} words={DEALING} />
        </Fact>
        <Fact name="Node">
          {nodeId === null ? "any node may take it" : <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} />}
        </Fact>
        {open && <Fact name="Request">open: it named no node</Fact>}
        <Fact name="Model">
          <Id value={modelId} what="model id" to={`/models/${modelId}`} />
        </Fact>
        <Fact name="Proof">
          <Proof {...of} />
        </Fact>
        <Fact name="Route version">{routeVersion}</Fact>
        {consumer !== null && (
          <Fact name="Contract called back">
            <Id value={consumer} what="consumer" />
          </Fact>
        )}
        {payout !== null && (
          <Fact name="Paid to">
            <Id value={payout} what="payout address" />
          </Fact>
        )}
        {claimer !== null && (
          <Fact name="Default claimed by">
            <Id value={claimer} what="claimer" />
          </Fact>
        )}
      </Facts>
    </Panel>
  );
}

function Terms({ of }: { readonly of: InferenceData }) {
  const { token, mode, inputHash, compensationBps, rewardBps, proofBlocks } = of;
  const percent = (bps: number) => `${bps / 100} %`;
  return (
    <Panel title="Terms" note="Fixed when the request was made: its id is the hash of all of them.">
      <Facts>
        <Fact name="Price per request">
          <Fee value={of.pricePerRequest} token={token} />
        </Fact>
        {of.pricePerUnit !== "0" && (
          <Fact name={<Term of="units">Price per unit</Term>}>
            <Fee value={of.pricePerUnit} token={token} />
          </Fact>
        )}
        <Fact name="Verification fee, burned by the proof">
          <Amount value={of.verificationFee} />
        </Fact>
        <Fact name={<Term of="coverage" />}>
          <Amount value={of.coverage} />
        </Fact>
        <Fact name="Of it at a default">
          {percent(compensationBps)} to the requester, {percent(rewardBps)} to the claimer
        </Fact>
        <Fact name="To deliver within">{formatDuration(Number(of.deliveryWindow))}</Fact>
        <Fact name="To prove within">
          {formatDuration(Number(of.proofWindow))} and {count(proofBlocks, "block")}
        </Fact>
        <Fact name="Delivery">
          {mode === "ONCHAIN" ? "on chain, for everybody to read" : "directly to the requester"}
        </Fact>
        <Fact name="Input, committed">
          <Id value={inputHash} what="input commitment" />
        </Fact>
        <Fact name="Could be requested until">
          <Time at={of.deadline.length > 12 ? null : of.deadline} />
        </Fact>
      </Facts>
    </Panel>
  );
}
