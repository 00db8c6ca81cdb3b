import { useRead } from "../data/useAsk.ts";
import { FINALITY } from "../format/words.ts";
import { Hint } from "./Amount.tsx";
import { Mark } from "./Mark.tsx";

/** How certain blocks are, by the chain's own word; undefined while that is not known. */
export function useFinality(blocks: readonly string[]): (block: string) => string | undefined {
  const asked = [...new Set(blocks)].sort();
  const { data } = useRead<{ readonly blocks: Readonly<Record<string, string>> }>(
    `/finality?blocks=${asked.join(",")}`,
    { enabled: asked.length > 0 },
  );
  return (block) => data?.blocks[block];
}

/** A row's finality in a word; nothing while it is not known. */
export function Finality({ of }: { readonly of: string | undefined }) {
  const known = of === undefined ? undefined : FINALITY[of];
  if (known === undefined) return <span className="small dim">&nbsp;</span>;
  if (of === "FINALISED") return <span className="small dim">{known.text}</span>;
  return (
    <Hint text={known.meaning}>
      <span className="small dim">
        <Mark tone={known.tone}>{known.text}</Mark>
      </span>
    </Hint>
  );
}
