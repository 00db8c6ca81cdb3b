import { Hint } from "../../components/Amount.tsx";
import { Mark } from "../../components/Mark.tsx";
import { useRead } from "../../data/useAsk.ts";
import { FINALITIES } from "./words.ts";

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
  const known = of === undefined ? undefined : FINALITIES[of];
  if (known === undefined) return <span className="small dim">&nbsp;</span>;
  if (of === "FINALISED") return <span className="small dim">{known.name}</span>;
  return (
    <Hint text={known.meaning}>
      <span className="small dim">
        <Mark tone={known.tone}>{known.name}</Mark>
      </span>
    </Hint>
  );
}
