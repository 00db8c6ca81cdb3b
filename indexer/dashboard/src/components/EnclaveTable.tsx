import { useNow } from "../data/useNow.ts";
import { formatDuration } from "../format/time.ts";
import { trustOf } from "../format/trust.ts";
import type { Attester, BannedMeasurement, Enclave, MeasurementSets } from "../queries/enclaves.ts";
import { Hint } from "./Amount.tsx";
import { type Column, DataTable } from "./DataTable.tsx";
import { Id } from "./Id.tsx";
import { Mark } from "./Mark.tsx";
import { TrustMark } from "./Proves.tsx";
import { Time } from "./Time.tsx";

/** Below this, an enclave's end is near: seconds. */
const SOON = 86_400;

/** Attestations with what their programs are trusted for, and how long their keys count. */
export function EnclaveTable({
  enclaves,
  sets,
  attesters,
  banned,
  ofOneNode = false,
}: {
  readonly enclaves: readonly Enclave[];
  readonly sets: MeasurementSets;
  readonly attesters: readonly Attester[];
  readonly banned: readonly BannedMeasurement[];
  readonly ofOneNode?: boolean;
}) {
  const columns: readonly Column<Enclave>[] = [
    {
      key: "key",
      name: "Signing key",
      cell: ({ key }) => <Id value={key} what="signing key" />,
    },
    ...(ofOneNode
      ? []
      : [
          {
            key: "node",
            name: "Node",
            cell: ({ nodeId }: Enclave) => <Id value={nodeId} what="node id" to={`/nodes/${nodeId}`} />,
          },
        ]),
    {
      key: "trust",
      name: "What models trust it for",
      cell: ({ measurement, verifier }) => (
        <Trusted
          measurement={measurement}
          sets={sets}
          rootHash={attesters.find(({ address }) => address === verifier)?.rootHash ?? null}
        />
      ),
    },
    {
      key: "measurement",
      name: "Program",
      cell: ({ measurement, verifier }) => (
        <span>
          <Id value={measurement} what="measurement" />
          {banned.some((each) => each.verifier === verifier && each.measurement === measurement) && (
            <Mark tone="bad">banned</Mark>
          )}
        </span>
      ),
    },
    {
      key: "status",
      name: "Key counts",
      cell: (enclave) => <Validity of={enclave} />,
    },
    {
      key: "until",
      name: "Until",
      figures: true,
      cell: ({ validUntil }) => <Time at={validUntil} />,
      by: ({ validUntil }) => BigInt(validUntil),
      orders: ["latest first", "earliest first"],
    },
  ];
  return (
    <DataTable
      caption="Enclaves"
      columns={columns}
      rows={enclaves}
      id={({ verifier, nodeId, index }) => `${verifier} ${nodeId} ${index}`}
    />
  );
}

/** What models trust a program for, or that only the model in question can say it. */
function Trusted({
  measurement,
  sets,
  rootHash,
}: {
  readonly measurement: string;
  readonly sets: MeasurementSets;
  readonly rootHash: string | null;
}) {
  const set = trustOf(measurement, sets);
  if (set === undefined) return <TrustMark trust={undefined} />;
  if (set !== "DIFFER" && set !== "UNKNOWN")
    return <TrustMark trust={set.trust} backend={set.backend} rootHash={rootHash} />;
  const why =
    set === "DIFFER"
      ? "Models differ in what this program does: run the model itself, or relay, or where to."
      : "There are too many models to ask all what they trust this program for.";
  return (
    <Mark tone="warn">
      <Hint text={`${why} Look at the page of the model that you use.`}>
        depends on the model{set === "DIFFER" && ": they differ"}
      </Hint>
    </Mark>
  );
}

/** Whether an enclave's key counts now, and for how long. */
function Validity({ of }: { readonly of: Enclave }) {
  const [from, until] = [Number(of.validFrom), Number(of.validUntil)];
  const phase = useNow((now) => (now >= until ? "over" : now < from ? "early" : until - now < SOON ? "soon" : "valid"));
  const left = useNow((now) => formatDuration(until - now));
  if (of.fault !== null) {
    return <Mark tone="bad">{of.fault.fault === "EQUIVOCATED" ? "caught" : "compromised"}: proves no batch</Mark>;
  }
  if (of.revokedAt !== null) {
    return <Mark tone="bad">{of.emergency ? "revoked in an emergency" : "revoked"}</Mark>;
  }
  if (phase === "over") return <Mark tone="quiet">expired</Mark>;
  if (phase === "early") return <Mark tone="wait">not yet</Mark>;
  return phase === "soon" ? <Mark tone="warn">expires in {left}</Mark> : <Mark tone="good">{left} more</Mark>;
}
