/** Names and values, one under the other. */
export function Facts({ children }: { readonly children: React.ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

/** A name and its value. */
export function Fact({ name, children }: { readonly name: React.ReactNode; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
