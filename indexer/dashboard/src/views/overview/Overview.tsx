import { Alert, SegmentedControl } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Gap } from "../../charts/Gap.tsx";
import { Alerts } from "../../components/Alerts.tsx";
import { Amount, WholeAmount } from "../../components/Amount.tsx";
import { NetToggle, useNet } from "../../components/Net.tsx";
import { Page } from "../../components/Page.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import type { Bucket } from "../../format/series.ts";
import { count, formatShare } from "../../format/text.ts";
import { type NetTotal, type Protocol, protocolQuery } from "../../queries/protocol.ts";
import { BurnShares } from "./BurnShares.tsx";
import { Deflation } from "./Deflation.tsx";
import { Laws } from "./Laws.tsx";
import { Series } from "./Series.tsx";

/** The protocol at a glance. */
export function Overview() {
  const [bucket, choose] = useState<Bucket>("day");
  return (
    <Page
      title="Overview"
      lead="Supply, burn and proofs of the protocol, recounted from the chain's own events. Hours, days and weeks are those of UTC."
      aside={
        <div className="controls">
          <SegmentedControl
            size="xs"
            aria-label="Length of a period"
            value={bucket}
            onChange={(value) => choose(value === "hour" || value === "week" ? value : "day")}
            data={[
              { value: "hour", label: "Hours" },
              { value: "day", label: "Days" },
              { value: "week", label: "Weeks" },
            ]}
          />
          <NetToggle />
        </div>
      }
    >
      <Now>
        <Series bucket={bucket} />
        <div className="columns">
          <Gap />
          <Deflation />
        </div>
        <div className="columns">
          <Alerts />
          <div className="page-body">
            <BurnShares />
            <Laws />
          </div>
        </div>
      </Now>
    </Page>
  );
}

/** The figures of this moment, and what is under them: drawn later, so that nothing moves when the figures come. */
function Now({ children }: { readonly children: ReactNode }) {
  const answer = useAsk(protocolQuery, {});
  return (
    <Loaded
      answer={answer}
      height={102}
      lines={6}
      isEmpty={({ protocols }) => protocols.items.length === 0}
      empty={
        <div className="panel">
          <Empty title="The indexer is starting">It has not read the protocol's first block yet.</Empty>
        </div>
      }
    >
      {({ protocols: { items }, total }) => (
        <>
          {items.map((protocol) => (
            <Figures key={protocol.chainId} of={protocol} total={total.items[0]} />
          ))}
          {children}
        </>
      )}
    </Loaded>
  );
}

function Figures({ of, total }: { readonly of: Protocol; readonly total: NetTotal | undefined }) {
  const net = useNet();
  const inAll = BigInt(of.settled) + BigInt(of.batched);
  const settled = net ? BigInt(total?.settlementsNet ?? 0) : inAll;
  const burned = BigInt(net ? (total?.burnedNet ?? 0) : of.burned);
  const initial = BigInt(of.initialSupply) + BigInt(of.minted);
  const burnedShare = initial === 0n ? 0 : Number((burned * 10n ** 12n) / initial) / 10 ** 12;
  const waiting = BigInt(of.delivered);
  return (
    <>
      {of.paused && (
        <Alert color="yellow" title="New requests are paused">
          Whatever was requested before goes on: settling, refunds, defaults and withdrawals never stop.
        </Alert>
      )}
      <Stats>
        <Stat label="Supply" note={<Initial value={initial} />}>
          <WholeAmount value={of.supply} />
        </Stat>
        <Stat
          label={<Term of="burn">Burned</Term>}
          note={`${formatShare(burnedShare)} of all OPG${net ? ", net" : ""}`}
        >
          <Amount value={burned} />
        </Stat>
        <Stat
          label="Inferences settled"
          note={
            net
              ? `net, of ${inAll.toLocaleString("en")} in all`
              : `${BigInt(of.batched).toLocaleString("en")} of them in ${count(BigInt(of.batches), "batch", "batches")}`
          }
        >
          <span className="num">{settled.toLocaleString("en")}</span>
        </Stat>
        <Stat
          label={<Term of="atRisk" />}
          note={
            waiting === 0n
              ? "no request waits for its proof; answers by channels are not on chain"
              : `${count(waiting, "answer")} not proven yet`
          }
        >
          <Amount value={of.coverageAtRisk} />
        </Stat>
        <Stat
          label={<Term of="stake">Staked by nodes</Term>}
          note={
            <>
              <Amount value={of.bonded} /> of it bonded
            </>
          }
        >
          <Amount value={BigInt(of.free) + BigInt(of.bonded) + BigInt(of.unbonding)} />
        </Stat>
      </Stats>
    </>
  );
}

function Initial({ value }: { readonly value: bigint }) {
  return (
    <>
      <Amount value={value} /> at the start
    </>
  );
}
