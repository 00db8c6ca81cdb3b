import { REQUEST_STATUS } from "../../format/words.ts";
import type { InferenceFilter, InferenceStatus } from "../../queries/inferences.ts";

/** Spans of time to look back, in seconds. */
const SPANS = { hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000 } as const;

/** What can be chosen, in words. Nothing is chosen where the value is empty. */
export const FILTERS: Readonly<
  Record<
    "status" | "proof" | "dealing" | "since",
    { readonly label: string; readonly options: Readonly<Record<string, string>> }
  >
> = {
  status: {
    label: "Status",
    options: {
      "": "Any status",
      ...Object.fromEntries(Object.entries(REQUEST_STATUS).map(([status, { text }]) => [status, text])),
    },
  },
  proof: {
    label: "Proof",
    options: { "": "Any proof", ZK: "Zero knowledge", LOCAL: "Enclave, LOCAL", GATEWAY: "Enclave, GATEWAY" },
  },
  dealing: {
    label: "Demand",
    options: {
      "": "Gross: all",
      NET: "Net of self-dealing",
      PARTY: "Only own nodes",
      FUNDED: "Only funded by operators",
      UNPAID: "Only unpaid",
    },
  },
  since: {
    label: "Requested",
    options: {
      "": "At any time",
      hour: "In the last hour",
      day: "In the last day",
      week: "In the last week",
      month: "In the last 30 days",
    },
  },
};

/** What the reader chose of the list, by the address. `who` is an id or an address. */
export type Choice = Readonly<Record<keyof typeof FILTERS | "who", string>>;

/** What an address asks for. Anybody can have written it: what is not understood is left out. */
export function readChoice(search: string): Choice {
  const asked = new URLSearchParams(search);
  const chosen = (name: keyof typeof FILTERS) => {
    const value = asked.get(name) ?? "";
    return Object.hasOwn(FILTERS[name].options, value) ? value : "";
  };
  const who = asked.get("who")?.toLowerCase() ?? "";
  return {
    status: chosen("status"),
    proof: chosen("proof"),
    dealing: chosen("dealing"),
    since: chosen("since"),
    who: whoOf(who) === undefined ? "" : who,
  };
}

/** The address of a choice, as {@link readChoice} reads it: `?status=SETTLED`; empty where nothing is chosen. */
export function writeChoice(choice: Partial<Choice>): string {
  const search = new URLSearchParams(Object.entries(choice).filter(([, value]) => value !== ""));
  return search.size === 0 ? "" : `?${search}`;
}

/** What an id or an address can stand for; undefined if it is neither. */
export function whoOf(text: string): InferenceFilter | undefined {
  const value = text.toLowerCase();
  if (/^0x[0-9a-f]{40}$/.test(value)) return { requester: value };
  if (/^0x[0-9a-f]{64}$/.test(value)) return { OR: [{ id: value }, { nodeId: value }, { modelId: value }] };
  return undefined;
}

/** The indexer's filter of a choice; `now` is in seconds. */
export function filterOf({ status, proof, dealing, since, who }: Choice, now: number): InferenceFilter {
  return {
    ...(status !== "" && { status: status as InferenceStatus }),
    ...(proof === "ZK" && { route: "ZK" }),
    ...((proof === "LOCAL" || proof === "GATEWAY") && { trust: proof }),
    ...(dealing === "NET" && { dealing: "ARMS_LENGTH" }),
    ...((dealing === "PARTY" || dealing === "FUNDED" || dealing === "UNPAID") && { dealing }),
    ...(since !== "" && { requestedAt_gte: String(now - SPANS[since as keyof typeof SPANS]) }),
    ...whoOf(who),
  };
}
