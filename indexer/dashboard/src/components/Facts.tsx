/** Names and values, one under the other. */
export function Facts({
  of,
}: {
  readonly of: readonly (readonly [name: React.ReactNode, value: React.ReactNode] | null)[];
}) {
  return (
    <dl className="facts">
      {of.map((fact, place) =>
        fact === null ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: facts keep their places
          <div key={place}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
