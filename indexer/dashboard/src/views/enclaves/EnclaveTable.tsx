import { type Column, DataTable } from "../../components/DataTable.tsx";
import { Id } from "../../components/Id.tsx";
import { Mark } from "../../components/Mark.tsx";
import { TrustMark } from "../../components/Proves.tsx";
import { Time } from "../../components/Time.tsx";
import { useNow } from "../../data/useNow.ts";
import { formatDuration } from "../../format/time.ts";
import type { Enclave, MeasurementSet } from "../../queries/enclaves.ts";

/** Below this, an enclave's end is near: seconds. */
const SOON = 86_400;

/** Attestations with what their programs are trusted for, and how long their keys count. */
export function EnclaveTable({
  enclaves,
  sets,
  banned = new Set(),
  ofOneNode = false,
}: {
  readonly enclaves: readonly Enclave[];
  readonly sets: readonly MeasurementSet[];
  readonly banned?: ReadonlySet<string>;
  readonly ofOneNode?: boolean;
}) {
  const setOf = new Map(sets.flatMap((set) => set.measurements.map((measurement) => [measurement, set] as const)));
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
      name: "What a signature shows",
      cell: ({ measurement }) => {
        const set = setOf.get(measurement);
        return <TrustMark trust={set?.trust} {...(set ? { backend: set.backend } : {})} />;
      },
    },
    {
      key: "measurement",
      name: "Measurement",
      cell: ({ measurement, verifier }) => (
        <span>
          <Id value={measurement} what="measurement" />
          {banned.has(`${verifier} ${measurement}`) && <Mark tone="bad">banned</Mark>}
        </span>
      ),
    },
    {
      key: "status",
      name: "Key counts",
      cell: (enclave) => <Validity of={enclave} />,
      by: ({ validUntil }) => BigInt(validUntil),
    },
    {
      key: "until",
      name: "Until",
      figures: true,
      cell: ({ validUntil }) => <Time at={validUntil} />,
      by: ({ validUntil }) => BigInt(validUntil),
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

/** Whether an enclave's key counts now, and for how long. */
export function Validity({ of }: { readonly of: Enclave }) {
  const [from, until] = [Number(of.validFrom), Number(of.validUntil)];
  const state = useNow((now) =>
    now >= until
      ? "over"
      : now < from
        ? "early"
        : until - now < SOON
          ? `soon ${formatDuration(until - now)}`
          : `for ${formatDuration(until - now)}`,
  );
  if (of.revokedAt !== null) {
    return <Mark tone="bad">{of.emergency ? "revoked in an emergency" : "revoked"}</Mark>;
  }
  if (state === "over") return <Mark tone="quiet">expired</Mark>;
  if (state === "early") return <Mark tone="wait">not yet</Mark>;
  return state.startsWith("soon") ? (
    <Mark tone="warn">expires in {state.slice(5)}</Mark>
  ) : (
    <Mark tone="good">{state.slice(4)} more</Mark>
  );
}
