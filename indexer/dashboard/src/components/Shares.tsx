import { formatShare } from "../format/text.ts";
import { Amount } from "./Amount.tsx";

/** A part of an amount of OPG. */
export interface Part {
  readonly id: string;
  readonly name: React.ReactNode;
  readonly part: bigint;
}

/**
 * Parts of an amount of OPG: name, bar, amount and share; the largest first.
 *
 * @param whole What the shares are of.
 * @param rest What the part of the whole is called that is in none of them.
 */
export function Shares({
  of,
  whole,
  rest,
}: {
  readonly of: readonly Part[];
  readonly whole: bigint;
  readonly rest: string;
}) {
  const sorted = of.toSorted((a, b) => (a.part < b.part ? 1 : a.part > b.part ? -1 : 0));
  const left = of.reduce((remaining, { part }) => remaining - part, whole);
  const shown = left > 0n ? [...sorted, { id: "rest", name: rest, part: left }] : sorted;
  return (
    <ul className="shares">
      {shown.map(({ id, name, part }) => {
        const share = whole === 0n ? 0 : Number((part * 10n ** 12n) / whole) / 10 ** 12;
        return (
          <li key={id}>
            <span className="share-name">{name}</span>
            <span className="share-amount">
              <Amount value={part} /> <span className="dim share-percent num">{formatShare(share)}</span>
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
