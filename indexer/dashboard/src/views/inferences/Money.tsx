import { Amount } from "../../components/Amount.tsx";
import { Fee } from "../../components/Fee.tsx";
import { Panel } from "../../components/Panel.tsx";
import type { Inference } from "../../queries/inferences.ts";

/** One way that money of an escrow or a bond goes. */
interface Branch {
  readonly name: string;
  readonly value: bigint;
  /** Of what kind: to a person, burned, or still locked. */
  readonly kind: "paid" | "back" | "burned" | "locked";
}

/** Where the money went: the escrow's and the bond's two cycles, which never mix. */
export function Money({ of }: { readonly of: Inference }) {
  const { token, maxFee, status, verificationFee, coverage, route } = of;
  const isOpen = status === "REQUESTED" || status === "DELIVERED";
  const [fee, returned] = [BigInt(of.fee ?? 0), BigInt(of.returned ?? 0)];
  const [compensation, reward, burned] = [BigInt(of.compensation ?? 0), BigInt(of.reward ?? 0), BigInt(of.burned)];
  const bond = BigInt(coverage) + BigInt(verificationFee);
  const isBonded = !of.open || status === "DELIVERED" || status === "DEFAULTED";
  const escrow: Branch[] = isOpen
    ? [{ name: "Locked in the contract", value: BigInt(maxFee), kind: "locked" }]
    : [
        { name: "To the operator", value: fee, kind: "paid" },
        { name: "Back to the requester", value: returned, kind: "back" },
      ];
  const collateral: Branch[] = isOpen
    ? [{ name: "Locked for this request", value: bond, kind: "locked" }]
    : [
        { name: "Burned", value: burned, kind: "burned" },
        { name: "To the requester, as compensation", value: compensation, kind: "paid" },
        { name: "To who claimed the default", value: reward, kind: "paid" },
        { name: "Unlocked for the node", value: bond - burned - compensation - reward, kind: "back" },
      ];
  return (
    <Panel title="Money" note="Two cycles that never mix: what the user pays, and what the node stakes.">
      <Flow
        title="Paid by the requester, in escrow"
        total={BigInt(maxFee)}
        branches={escrow}
        amount={(value) => <Fee value={value} token={token} />}
      />
      {isBonded ? (
        <Flow
          title="Bonded by the node: coverage and verification fee"
          total={bond}
          branches={collateral}
          amount={(value) => <Amount value={value} />}
        />
      ) : (
        of.nodeId !== null && (
          <Flow
            title="Burned from the free OPG of the node that took it; an open request bonds nothing"
            total={burned}
            branches={[{ name: "Burned", value: burned, kind: "burned" }]}
            amount={(value) => <Amount value={value} />}
          />
        )
      )}
      <p className="small dim flow-note">
        {route === "ZK" || status !== "SETTLED" || fee > 0n
          ? "Fees are credited and can be withdrawn at any time. Burned OPG is gone for good."
          : "This inference cost nothing: its price was zero."}
      </p>
    </Panel>
  );
}

/** An amount, and the parts that it went into, as bars of their share. */
function Flow({
  title,
  total,
  branches,
  amount,
}: {
  readonly title: string;
  readonly total: bigint;
  readonly branches: readonly Branch[];
  readonly amount: (value: bigint) => React.ReactNode;
}) {
  const flowing = branches.filter(({ value }) => value > 0n);
  const share = (value: bigint) => (total > 0n ? Number((value * 10_000n) / total) / 100 : 0);
  return (
    <section className="flow">
      <div className="flow-head">
        <h3>{title}</h3>
        <span className="flow-total">{amount(total)}</span>
      </div>
      <div className="flow-bar" aria-hidden="true">
        {flowing.map(({ name, value, kind }) => (
          <span key={name} className={kind} style={{ width: `${share(value)}%` }} />
        ))}
      </div>
      <dl className="flow-parts">
        {flowing.length === 0 && (
          <div>
            <dt className="dim">Nothing moved</dt>
            <dd />
          </div>
        )}
        {flowing.map(({ name, value, kind }) => (
          <div key={name}>
            <dt>
              <span className={`flow-key ${kind}`} aria-hidden="true" />
              {name}
            </dt>
            <dd>{amount(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
