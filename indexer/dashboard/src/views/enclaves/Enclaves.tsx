import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { None } from "../../components/Amount.tsx";
import { type Column, DataTable } from "../../components/DataTable.tsx";
import { EnclaveTable } from "../../components/EnclaveTable.tsx";
import { Id } from "../../components/Id.tsx";
import { Mark } from "../../components/Mark.tsx";
import { Page } from "../../components/Page.tsx";
import { Panel } from "../../components/Panel.tsx";
import { TrustMark } from "../../components/Proves.tsx";
import { Empty, Loaded } from "../../components/states.tsx";
import { Term } from "../../components/Term.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { useNow } from "../../data/useNow.ts";
import { type EnclavesAnswer, enclavesQuery, type MeasurementSet } from "../../queries/enclaves.ts";

/** Attested machines: what runs in them, and for how long their keys count. */
export function Enclaves() {
  const [shown, show] = useState<"valid" | "all">("valid");
  const answer = useAsk(enclavesQuery, {});
  return (
    <Page
      title="Enclaves"
      lead={
        <>
          Machines whose attestations the chain has checked. A <Term of="measurement">measurement</Term> names the
          program; <Term of="local">LOCAL</Term> and <Term of="gateway">GATEWAY</Term> say what a signature by its key
          shows, by the word of the models that trust it.
        </>
      }
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Which enclaves"
          value={shown}
          onChange={(value) => show(value === "all" ? "all" : "valid")}
          data={[
            { value: "valid", label: "Keys that count" },
            { value: "all", label: "All" },
          ]}
        />
      }
    >
      <Panel title="Attested keys" flush>
        <Loaded
          answer={answer}
          height={46}
          lines={4}
          isEmpty={({ enclaves: { items } }) => items.length === 0}
          empty={
            <Empty title="No enclave has been attested">
              An operator attests one with: npm run opg -- node attest FILE. Routes by zero knowledge need none.
            </Empty>
          }
        >
          {(data) => <Keys of={data} all={shown === "all"} />}
        </Loaded>
      </Panel>
      {!answer.isPending && (
        <Panel title="Programs that models trust" note="by the measurement sets of their enclave routes" flush>
          <Loaded
            answer={answer}
            height={46}
            lines={2}
            isEmpty={({ measurementSets: { items } }) => items.length === 0}
            empty={
              <Empty title="No model trusts a program yet">A model names them when it sets an enclave route.</Empty>
            }
          >
            {(data) => <Sets of={data} />}
          </Loaded>
        </Panel>
      )}
    </Page>
  );
}

function Keys({ of, all }: { readonly of: EnclavesAnswer; readonly all: boolean }) {
  const { items, totalCount } = of.enclaves;
  // Which keys count changes when one ends: drawn again then, and not each second.
  const lastEnd = useNow((now) =>
    Math.max(0, ...items.map(({ validUntil }) => Number(validUntil)).filter((at) => at <= now)),
  );
  const counting = items.filter(
    ({ validUntil, revokedAt, fault }) => Number(validUntil) > lastEnd && revokedAt === null && fault === null,
  );
  const rows = all ? items : counting;
  if (rows.length === 0) {
    return (
      <Empty title="No key counts now">
        {items.length} have expired or been revoked or caught; &ldquo;All&rdquo; shows them. A node attests its enclave
        again to go on.
      </Empty>
    );
  }
  return (
    <>
      <EnclaveTable
        enclaves={rows}
        sets={of.measurementSets}
        attesters={of.attesters.items}
        banned={of.bannedMeasurements.items}
      />
      {totalCount > items.length && (
        <p className="more">
          The {items.length} that end last of {totalCount.toLocaleString("en")}.
        </p>
      )}
    </>
  );
}

function Sets({ of }: { readonly of: EnclavesAnswer }) {
  const banned = new Set(of.bannedMeasurements.items.map(({ measurement }) => measurement));
  const trustedBy = Map.groupBy(of.modelRoutes.items, ({ current }) => current?.measurementSetId ?? "");
  const columns: readonly Column<MeasurementSet>[] = [
    { key: "set", name: "Set", cell: ({ id }) => <Id value={id} what="measurement set id" /> },
    {
      key: "trust",
      name: "What it shows",
      cell: ({ trust, backend }) => <TrustMark trust={trust} backend={backend} />,
    },
    {
      key: "measurements",
      name: "Programs",
      cell: ({ measurements }) => (
        <span className="stacked">
          {measurements.slice(0, 4).map((measurement) => (
            <span key={measurement} className="inline">
              <Id value={measurement} what="measurement" />
              {banned.has(measurement) && <Mark tone="bad">banned</Mark>}
            </span>
          ))}
          {measurements.length > 4 && <span className="dim small">and {measurements.length - 4} more</span>}
        </span>
      ),
    },
    {
      key: "models",
      name: "Models that trust it now",
      cell: ({ id }) => {
        const models = trustedBy.get(id) ?? [];
        if (models.length === 0) return <None />;
        return (
          <span className="stacked">
            {models.slice(0, 4).map(({ modelId }) => (
              <Id key={modelId} value={modelId} what="model id" to={`/models/${modelId}`} />
            ))}
            {models.length > 4 && <span className="dim small">and {models.length - 4} more</span>}
          </span>
        );
      },
    },
  ];
  return <DataTable caption="Measurement sets" columns={columns} rows={of.measurementSets.items} id={({ id }) => id} />;
}
