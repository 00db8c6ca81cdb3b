import { formatShare } from "../format/text.ts";

/** Parts of a whole: name, bar, amount and share; the largest first. */
export function Shares({
  of,
}: {
  readonly of: readonly {
    readonly id: string;
    readonly name: React.ReactNode;
    readonly part: bigint;
    readonly amount: React.ReactNode;
  }[];
}) {
  const whole = of.reduce((sum, { part }) => sum + part, 0n);
  const sorted = of.toSorted((a, b) => (a.part < b.part ? 1 : a.part > b.part ? -1 : 0));
  return (
    <ul className="shares">
      {sorted.map(({ id, name, part, amount }) => {
        const share = whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
        return (
          <li key={id}>
            <span className="share-name">{name}</span>
            <span className="share-amount">
              {amount} <span className="dim share-percent num">{formatShare(share)}</span>
            </span>
            <span className="share-bar" aria-hidden="true">
              <span style={{ width: `${share * 100}%` }} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}
