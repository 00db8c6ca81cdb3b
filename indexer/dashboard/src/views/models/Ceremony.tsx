import { Mark } from "../../components/Mark.tsx";
import { useAsk } from "../../data/useAsk.ts";
import { count } from "../../format/text.ts";
import { verifyingKeyQuery } from "../../queries/verifyingKey.ts";

/** What a verifying key says of the ceremony that made it. */
export function Ceremony({ keyId }: { readonly keyId: string }) {
  const { data } = useAsk(verifyingKeyQuery, { keyId });
  if (data === undefined) return <span className="dim">…</span>;
  const [key] = data.verifyingKeys.items;
  if (key === undefined) return <Mark tone="bad">not registered</Mark>;
  if (key.development) return <Mark tone="bad">development key, for tests only</Mark>;
  return (
    <Mark tone="good">
      {count(BigInt(key.contributions), "contribution")}
      {key.beacon === null ? ", no beacon" : " and a public beacon"}
    </Mark>
  );
}
