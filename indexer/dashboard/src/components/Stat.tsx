/** A figure with its name, and a remark under it. Within a `<Stats>`. */
export function Stat({
  label,
  children,
  note,
}: {
  readonly label: React.ReactNode;
  readonly children: React.ReactNode;
  readonly note?: React.ReactNode;
}) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd className="figure">{children}</dd>
      {note === undefined ? null : <dd className="remark">{note}</dd>}
    </div>
  );
}

/** Figures side by side. */
export function Stats({ children }: { readonly children: React.ReactNode }) {
  return <dl className="stats">{children}</dl>;
}
