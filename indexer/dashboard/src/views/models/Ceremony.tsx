import { Mark } from "../../components/Mark.tsx";
import { count } from "../../format/text.ts";
import type { VerifyingKey } from "../../queries/models.ts";
import { isForProduction } from "./isForProduction.ts";

/** What a verifying key says of the ceremony that made it. */
export function Ceremony({ of }: { readonly of: VerifyingKey | null }) {
  if (of === null) return <Mark tone="warn">the key is not registered</Mark>;
  if (of.development) return <Mark tone="warn">development key: its maker can prove anything</Mark>;
  return (
    <Mark tone={isForProduction(of) ? "good" : "warn"}>
      {count(BigInt(of.contributions), "contribution")}
      {of.beacon === null ? ", no beacon" : " and a public beacon"}
      {!isForProduction(of) && ": not a key for production"}
    </Mark>
  );
}
