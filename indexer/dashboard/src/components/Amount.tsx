import { Tooltip } from "@mantine/core";
import { formatExact, formatShort } from "../format/amount.ts";

/**
 * An amount with its unit, shortened; the whole of it on hover, focus and touch.
 *
 * @param value Base units, as the indexer answers them; null where there is none.
 */
export function Amount({
  value,
  decimals = 18,
  unit = "OPG",
}: {
  readonly value: bigint | string | null | undefined;
  readonly decimals?: number;
  readonly unit?: string;
}) {
  if (value === null || value === undefined) return <None />;
  const exact = formatExact(BigInt(value), decimals);
  const short = formatShort(BigInt(value), decimals);
  const shown = (
    <>
      {short}
      <span className="unit"> {unit}</span>
    </>
  );
  if (short === exact) return <span className="num">{shown}</span>;
  return <Hint text={`${exact} ${unit}`}>{shown}</Hint>;
}

/** A supply of OPG, with every whole one of it: shortened, it would never seem to shrink. */
export function WholeAmount({ value }: { readonly value: bigint | string }) {
  const exact = formatExact(BigInt(value), 18);
  return (
    <Hint text={`${exact} OPG`}>
      {exact.split(".")[0]}
      <span className="unit"> OPG</span>
    </Hint>
  );
}

/** Text with more to say about it on hover, focus and touch. */
export function Hint({ text, children }: { readonly text: string; readonly children: React.ReactNode }) {
  return (
    <Tooltip label={text} events={{ hover: true, focus: true, touch: true }} multiline maw={320} withinPortal>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what a mouse sees by hovering, a keyboard sees by focusing */}
      <span className="num hint" tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}

/** For what there is none of. */
export function None({ children = "none" }: { readonly children?: string }) {
  return (
    <>
      <span aria-hidden="true" className="none">
        –
      </span>
      <span className="visually-hidden">{children}</span>
    </>
  );
}
